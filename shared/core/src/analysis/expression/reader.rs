//! From the words of a condition to what it consists of.

use super::tokens::{Token, Word, tokens};
use super::tree::{Marks, Node, OF_ITEMS};

/// So deep may parts stand in each other.
const DEEPEST: usize = 24;
/// So many parts may stand side by side.
const MOST: usize = 400;

/// Functions that make one value of others.
pub const OF_VALUES: [&str; 22] = [
    "len", "sum", "mean", "median", "min", "max", "abs", "ceil", "floor", "round", "int", "float", "string", "first",
    "last", "isNaN", "isInf", "isNil", "asInt", "asFloat", "default", "reverse",
];
/// By how strongly they bind, the weakest first; Go's expr has them so.
const BINARY: [&[&str]; 6] = [
    &["||", "or"],
    &["&&", "and"],
    &["==", "!=", "<", "<=", ">", ">=", "in", "contains", "startsWith", "endsWith"],
    &["+", "-"],
    &["*", "/", "%"],
    &["**", "^"],
];
/// Before what these bind, signs are read.
const SIGNED: usize = 5;
/// Before what these bind, `!` is read.
const NEGATED: usize = 4;

/// Reads a whole condition.
///
/// # Errors
/// What is wrong with it.
pub fn read(text: &str) -> Result<Node, String> {
    let words = tokens(text)?;
    if words.len() > MOST {
        return Err(format!("a condition has at most {MOST} words"));
    }
    let mut reader = Reader { words: &words, next: 0, depth: 0 };
    let node = reader.choice()?;
    match reader.words.get(reader.next) {
        None => Ok(node),
        Some(token) => Err(format!("{} is not understood here", of(text, token))),
    }
}

fn of<'t>(text: &'t str, token: &Token) -> &'t str {
    text.get(token.at.clone()).unwrap_or_default()
}

struct Reader<'w> {
    words: &'w [Token],
    next: usize,
    depth: usize,
}

impl Reader<'_> {
    fn word(&self) -> Option<&Word> {
        self.words.get(self.next).map(|token| &token.word)
    }

    fn place(&self) -> usize {
        self.words.get(self.next).map_or(usize::MAX, |token| token.at.start)
    }

    fn go_on(&mut self) {
        self.next = self.next.saturating_add(1);
    }

    fn takes(&mut self, sign: &str) -> bool {
        let is_it = matches!(self.word(), Some(Word::Sign(found)) if *found == sign);
        if is_it {
            self.go_on();
        }
        is_it
    }

    fn wants(&mut self, sign: &str) -> Result<(), String> {
        if self.takes(sign) { Ok(()) } else { Err(format!("`{sign}` is missing")) }
    }

    /// One of these signs or words, if it is next.
    fn one_of(&mut self, signs: &[&'static str]) -> Option<&'static str> {
        let is = |sign: &&&'static str| match self.word() {
            Some(Word::Sign(found)) => found == *sign,
            Some(Word::Name(found)) => found == **sign,
            _ => false,
        };
        let found = signs.iter().find(is).copied();
        if found.is_some() {
            self.go_on();
        }
        found
    }

    fn choice(&mut self) -> Result<Node, String> {
        self.depth = self.depth.saturating_add(1);
        if self.depth > DEEPEST {
            return Err("a condition that is nested so deeply is not evaluated".to_owned());
        }
        let mut node = self.binary(0)?;
        if self.takes("?") {
            let then = Box::new(self.choice()?);
            self.wants(":")?;
            node = Node::Choice { when: Box::new(node), then, other: Box::new(self.choice()?) };
        }
        self.depth = self.depth.saturating_sub(1);
        Ok(node)
    }

    fn binary(&mut self, level: usize) -> Result<Node, String> {
        let from = self.place();
        if level == NEGATED && self.one_of(&["!", "not"]).is_some() {
            return Ok(Node::Unary { sign: "!", of: Box::new(self.binary(level)?) });
        }
        if level == SIGNED
            && let Some(sign) = self.one_of(&["-", "+"])
        {
            return Ok(Node::Unary { sign, of: Box::new(self.binary(level)?) });
        }
        let Some(signs) = BINARY.get(level) else { return self.postfix(from) };
        let stronger = level.saturating_add(1);
        let mut left = self.binary(stronger)?;
        while let Some(sign) = self.one_of(signs) {
            let right = Box::new(self.binary(stronger)?);
            left = Node::Binary { sign, left: Box::new(left), right };
        }
        Ok(left)
    }

    fn postfix(&mut self, from: usize) -> Result<Node, String> {
        let mut node = self.term()?;
        loop {
            let open = self.place();
            if self.takes(".") {
                node = self.member(node, from, open)?;
                continue;
            }
            if !self.takes("[") {
                return Ok(node);
            }
            let of = Box::new(node);
            if self.takes(":") {
                let bounds = if self.takes("]") { Vec::new() } else { vec![self.choice()?] };
                self.closed(&bounds)?;
                node = Node::Slice { of, bounds };
                continue;
            }
            let at = self.choice()?;
            let close = self.place();
            if self.takes("]") {
                node = Node::Index { of, at: Box::new(at), marks: Marks { from, open, close } };
                continue;
            }
            self.wants(":")?;
            let mut bounds = vec![at];
            if !self.takes("]") {
                bounds.push(self.choice()?);
                self.wants("]")?;
            }
            node = Node::Slice { of, bounds };
        }
    }

    fn member(&mut self, of: Node, from: usize, open: usize) -> Result<Node, String> {
        let token = self.words.get(self.next).cloned();
        match token {
            Some(Token { word: Word::Name(_), at }) => {
                self.go_on();
                Ok(Node::Member { of: Box::new(of), marks: Marks { from, open, close: at.end } })
            }
            _ => Err("a name is missing behind `.`".to_owned()),
        }
    }

    fn closed(&mut self, bounds: &[Node]) -> Result<(), String> {
        if bounds.is_empty() { Ok(()) } else { self.wants("]") }
    }

    fn term(&mut self) -> Result<Node, String> {
        let word = self.word().cloned().ok_or("something is missing at its end")?;
        self.go_on();
        match word {
            Word::Number => Ok(Node::Number),
            Word::Text => Ok(Node::Text),
            Word::Item => Ok(Node::Item),
            Word::Sign("(") => {
                let node = self.choice()?;
                self.wants(")").map(|()| node)
            }
            Word::Sign("[") => Ok(Node::List(self.until("]")?)),
            Word::Sign(sign) => Err(format!("`{sign}` is not understood here")),
            Word::Name(name) => self.named(name),
        }
    }

    fn named(&mut self, name: String) -> Result<Node, String> {
        if self.takes("(") {
            let of_items = OF_ITEMS.contains(&name.as_str());
            if !of_items && !OF_VALUES.contains(&name.as_str()) {
                return Err(format!("there is no function {name}() here"));
            }
            let arguments = if of_items { self.over_items()? } else { self.until(")")? };
            return Ok(Node::Call { name, arguments });
        }
        match name.as_str() {
            "result" => Ok(Node::Result),
            "true" | "false" => Ok(Node::Truth),
            "nil" => Ok(Node::Nil),
            _ => Err(format!("there is no {name}: a condition is about `result`")),
        }
    }

    /// A list and a predicate, in braces or without.
    fn over_items(&mut self) -> Result<Vec<Node>, String> {
        let list = self.choice()?;
        if self.takes(")") {
            return Ok(vec![list]);
        }
        self.wants(",")?;
        let is_braced = self.takes("{");
        let predicate = self.choice()?;
        if is_braced {
            self.wants("}")?;
        }
        self.wants(")")?;
        Ok(vec![list, predicate])
    }

    fn until(&mut self, end: &str) -> Result<Vec<Node>, String> {
        let mut items = Vec::new();
        while !self.takes(end) {
            if !items.is_empty() {
                self.wants(",")?;
            }
            items.push(self.choice()?);
        }
        Ok(items)
    }
}
