//! The kinds of a condition's parts, as Go's expr knows them before it evaluates anything.

use std::fmt;

use serde_json::Value;

use super::answer::Answer;
use super::tree::{Node, OF_ITEMS};

/// A kind of value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    Number,
    Text,
    Truth,
    Nil,
    List(Box<Self>),
    /// By names.
    Map,
    /// What only the evaluation shows.
    Any,
}

impl Kind {
    /// That of an answer.
    #[must_use]
    pub fn of(answer: &Answer) -> Self {
        match answer {
            Answer::Scalar(_) => Self::Number,
            Answer::Vector(_) => Self::List(Box::new(Self::Number)),
            Answer::Json(Value::Null) => Self::Nil,
            Answer::Json(Value::Bool(_)) => Self::Truth,
            Answer::Json(Value::Number(_)) => Self::Number,
            Answer::Json(Value::String(_)) => Self::Text,
            Answer::Json(Value::Array(_)) => Self::List(Box::new(Self::Any)),
            Answer::Json(Value::Object(_)) => Self::Map,
        }
    }

    fn is(&self, other: &Self) -> bool {
        *self == Self::Any || self == other
    }

    /// Whether Go compares them with `==`.
    fn compares(&self, other: &Self) -> bool {
        let is_open = |kind: &Self| matches!(kind, Self::Any | Self::Nil);
        let is_list = |kind: &Self| matches!(kind, Self::List(_));
        is_open(self) || is_open(other) || self == other || (is_list(self) && is_list(other))
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Number => "a number",
            Self::Text => "a text",
            Self::Truth => "true or false",
            Self::Nil => "nil",
            Self::List(_) => "a list",
            Self::Map => "a map",
            Self::Any => "anything",
        })
    }
}

/// What it is of a result of this kind.
///
/// # Errors
/// Where Go would not evaluate it.
pub fn kind_of(node: &Node, result: &Kind) -> Result<Kind, String> {
    Seen { result, item: None }.kind(node)
}

/// What the names stand for.
#[derive(Clone, Copy)]
struct Seen<'k> {
    result: &'k Kind,
    item: Option<&'k Kind>,
}

impl Seen<'_> {
    fn kind(&self, node: &Node) -> Result<Kind, String> {
        match node {
            Node::Number => Ok(Kind::Number),
            Node::Text => Ok(Kind::Text),
            Node::Truth => Ok(Kind::Truth),
            Node::Nil => Ok(Kind::Nil),
            Node::Result => Ok(self.result.clone()),
            Node::Item => self.item.cloned().ok_or_else(|| "# stands for an item, and there is no list".to_owned()),
            Node::List(items) => {
                let kinds = items.iter().map(|item| self.kind(item)).collect::<Result<Vec<_>, _>>()?;
                let first = kinds.first().filter(|first| kinds.iter().all(|kind| kind == *first));
                Ok(Kind::List(Box::new(first.cloned().unwrap_or(Kind::Any))))
            }
            Node::Call { name, arguments } => self.call(name, arguments),
            Node::Index { of, at, .. } if self.kind(of)? == Kind::Map => {
                wants(&self.kind(at)?, &Kind::Text, "in brackets").map(|()| Kind::Any)
            }
            Node::Index { of, at, .. } => self.item_of(of, &[at.as_ref()]),
            Node::Member { of, .. } => match self.kind(of)? {
                Kind::Map | Kind::Any => Ok(Kind::Any),
                other => Err(format!("{other} has no names: the query answers {}", self.result)),
            },
            Node::Slice { of, bounds } => {
                let bounds: Vec<&Node> = bounds.iter().collect();
                self.item_of(of, &bounds).map(|item| Kind::List(Box::new(item)))
            }
            Node::Unary { sign, of } => self.unary(sign, of),
            Node::Binary { sign, left, right } => binary(sign, &self.kind(left)?, &self.kind(right)?),
            Node::Choice { when, then, other } => {
                wants(&self.kind(when)?, &Kind::Truth, "before `?`")?;
                let (then, other) = (self.kind(then)?, self.kind(other)?);
                Ok(if then == other { then } else { Kind::Any })
            }
        }
    }

    fn item_of(&self, of: &Node, at: &[&Node]) -> Result<Kind, String> {
        let list = self.kind(of)?;
        for bound in at {
            wants(&self.kind(bound)?, &Kind::Number, "in brackets")?;
        }
        match list {
            Kind::List(item) => Ok(*item),
            Kind::Any => Ok(Kind::Any),
            other => Err(format!("{other} has no index: the query answers {}", self.result)),
        }
    }

    fn unary(&self, sign: &str, of: &Node) -> Result<Kind, String> {
        let wanted = if sign == "!" { Kind::Truth } else { Kind::Number };
        wants(&self.kind(of)?, &wanted, &format!("behind `{sign}`"))?;
        Ok(wanted)
    }

    fn call(&self, name: &str, arguments: &[Node]) -> Result<Kind, String> {
        let first = arguments.first().map(|first| self.kind(first)).transpose()?;
        if OF_ITEMS.contains(&name) {
            return self.over_items(name, first, arguments.get(1));
        }
        for argument in arguments.iter().skip(1) {
            self.kind(argument)?;
        }
        let first = first.ok_or_else(|| format!("{name}() is of something"))?;
        match name {
            "isNaN" | "isInf" => wants(&first, &Kind::Number, &format!("in {name}()")).map(|()| Kind::Truth),
            "isNil" => Ok(Kind::Truth),
            "string" => Ok(Kind::Text),
            // Go knows no more of it than that it is something.
            "default" => Ok(Kind::Any),
            "first" | "last" => match first {
                Kind::List(item) => Ok(*item),
                _ => Ok(Kind::Any),
            },
            "reverse" => Ok(first),
            "len" if matches!(first, Kind::Number | Kind::Truth | Kind::Nil) => Err(format!("{first} has no length")),
            _ => Ok(Kind::Number),
        }
    }

    fn over_items(&self, name: &str, list: Option<Kind>, predicate: Option<&Node>) -> Result<Kind, String> {
        let (list, item) = match list {
            Some(Kind::List(item)) => (Kind::List(item.clone()), *item),
            Some(Kind::Any) => (Kind::Any, Kind::Any),
            _ => return Err(format!("{name}() is of a list")),
        };
        let inner = Seen { result: self.result, item: Some(&item) };
        let each = predicate.map(|predicate| inner.kind(predicate)).transpose()?;
        if name == "map" {
            return Ok(Kind::List(Box::new(each.unwrap_or(Kind::Any))));
        }
        if let Some(each) = each {
            wants(&each, &Kind::Truth, &format!("for each item of {name}()"))?;
        }
        Ok(match name {
            "filter" => list,
            "find" | "findLast" => item,
            "count" | "findIndex" => Kind::Number,
            _ => Kind::Truth,
        })
    }
}

fn wants(kind: &Kind, wanted: &Kind, place: &str) -> Result<(), String> {
    if kind.is(wanted) { Ok(()) } else { Err(format!("{kind} is no {} {place}", bare(wanted))) }
}

fn bare(kind: &Kind) -> String {
    kind.to_string().trim_start_matches("a ").to_owned()
}

fn binary(sign: &str, left: &Kind, right: &Kind) -> Result<Kind, String> {
    let mismatch = || Err(format!("{left} and {right} don't go with `{sign}`"));
    let both = |wanted: &Kind| left.is(wanted) && right.is(wanted);
    match sign {
        "==" | "!=" if left.compares(right) => Ok(Kind::Truth),
        "==" | "!=" => mismatch(),
        "||" | "&&" | "or" | "and" if both(&Kind::Truth) => Ok(Kind::Truth),
        "<" | "<=" | ">" | ">=" if both(&Kind::Number) || both(&Kind::Text) => Ok(Kind::Truth),
        "in" if matches!(right, Kind::List(_) | Kind::Any) => Ok(Kind::Truth),
        "contains" | "startsWith" | "endsWith" if both(&Kind::Text) => Ok(Kind::Truth),
        "+" if both(&Kind::Text) => Ok(Kind::Text),
        "+" | "-" | "*" | "/" | "%" | "**" | "^" if both(&Kind::Number) => Ok(Kind::Number),
        _ => mismatch(),
    }
}
