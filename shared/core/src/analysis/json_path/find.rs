//! A path, followed through a document (`jsonpath.go` of client-go).

use serde_json::Value;

use super::compared::holds;
use super::found::Found;
use super::node::{EXISTS, Node};

/// More values than that nobody looks for.
const MOST: usize = 100_000;

/// What was found up to an error, and the error.
type Failed<'v> = (Vec<Found<'v>>, String);
type Step<'v> = Result<Vec<Found<'v>>, Failed<'v>>;

/// Where ranges begin and end on the way.
#[derive(Debug, Default)]
pub struct Finder {
    begun: usize,
    inside: usize,
    ended: usize,
    last_end: Option<usize>,
    seen: usize,
}

impl Finder {
    /// Every block with its values.
    pub fn blocks<'v>(&mut self, nodes: &[Node], json: &'v Value) -> Result<Vec<Vec<Found<'v>>>, String> {
        let whole = if json.is_null() { Found::Nothing } else { Found::Json(json) };
        self.from(nodes, 0, &whole)
    }

    /// From a node on, up to the end of the range that it is in.
    fn from<'v>(&mut self, nodes: &[Node], first: usize, data: &Found<'v>) -> Result<Vec<Vec<Found<'v>>>, String> {
        let mut blocks = Vec::new();
        let mut at = first;
        while let Some(node) = nodes.get(at) {
            let found = self.walk(vec![data.clone()], node).map_err(|(_, why)| why)?;
            if self.ended > 0 && self.ended <= self.inside {
                self.ended = self.ended.saturating_sub(1);
                self.last_end = Some(at);
                break;
            }
            let next = at.saturating_add(1);
            at = next;
            if self.begun == 0 {
                blocks.push(found);
                continue;
            }
            self.begun = self.begun.saturating_sub(1);
            self.inside = self.inside.saturating_add(1);
            for value in &found {
                let value = if value.is_null() { &Found::Nothing } else { value };
                blocks.extend(self.from(nodes, next, value)?);
            }
            if found.is_empty() {
                self.from(nodes, next, &Found::Nothing)?;
            }
            self.inside = self.inside.saturating_sub(1);
            at = self.last_end.filter(|end| *end >= next).map_or(next, |end| end.saturating_add(1));
        }
        Ok(blocks)
    }

    fn walk<'v>(&mut self, input: Vec<Found<'v>>, node: &Node) -> Step<'v> {
        self.seen = self.seen.saturating_add(input.len()).saturating_add(1);
        if self.seen > MOST {
            return Err((Vec::new(), format!("the path finds more than {MOST} values")));
        }
        let each = |found: Found<'v>| Ok(vec![found; input.len()]);
        match node {
            Node::List(nodes) => self.list(input, nodes),
            Node::Text(text) => Ok(vec![Found::Text(text.clone())]),
            Node::Integer(number) => each(Found::Integer(*number)),
            Node::Number(number) => each(Found::Number(*number)),
            Node::Truth(truth) => each(Found::Truth(*truth)),
            Node::Field(name) => field(&input, name),
            Node::Wildcard => Ok(input.iter().filter(|one| !one.is_null()).flat_map(Found::parts).collect()),
            Node::Recursive => Ok(self.recursive(&input)),
            Node::Slice { from, to, is_single, step } => slice(input, (*from, *to, *is_single, *step)),
            Node::Union(lists) => self.union(input, lists),
            Node::Filter { left, right, operator } => self.filter(input, (left, operator, right)),
            Node::Word(word) => self.word(input, word),
        }
    }

    fn list<'v>(&mut self, input: Vec<Found<'v>>, nodes: &[Node]) -> Step<'v> {
        nodes.iter().try_fold(input, |found, node| self.walk(found, node))
    }

    fn word<'v>(&mut self, input: Vec<Found<'v>>, word: &str) -> Step<'v> {
        match word {
            "range" => {
                self.begun = self.begun.saturating_add(1);
                Ok(input)
            }
            "end" if self.inside > 0 => {
                self.ended = self.ended.saturating_add(1);
                Ok(Vec::new())
            }
            "end" => Err((Vec::new(), "not in range, nothing to end".to_owned())),
            other => Err((input, format!("unrecognized identifier {other}"))),
        }
    }

    fn union<'v>(&mut self, input: Vec<Found<'v>>, lists: &[Vec<Node>]) -> Step<'v> {
        let mut found = Vec::new();
        for nodes in lists {
            match self.list(input.clone(), nodes) {
                Ok(more) => found.extend(more),
                Err((_, why)) => return Err((input, why)),
            }
        }
        Ok(found)
    }

    /// Everything that has something in it, from the outside in.
    fn recursive<'v>(&mut self, input: &[Found<'v>]) -> Vec<Found<'v>> {
        let mut found = Vec::new();
        for one in input.iter().filter(|one| !one.is_null()) {
            let parts = one.parts();
            self.seen = self.seen.saturating_add(parts.len());
            if !parts.is_empty() && self.seen <= MOST {
                found.push(one.clone());
                found.extend(self.recursive(&parts));
            }
        }
        found
    }

    fn filter<'v>(&mut self, input: Vec<Found<'v>>, by: (&[Node], &str, &[Node])) -> Step<'v> {
        let mut found = Vec::new();
        for one in &input {
            let Some(items) = one.items() else {
                return Err((input, "what is no list cannot be filtered".to_owned()));
            };
            for item in items {
                match self.passes(item, by) {
                    Ok(true) => found.push(Found::Json(item)),
                    Ok(false) => {}
                    Err(why) => return Err((input, why)),
                }
            }
        }
        Ok(found)
    }

    fn passes(&mut self, item: &Value, (left, operator, right): (&[Node], &str, &[Node])) -> Result<bool, String> {
        let lefts = self.list(vec![Found::Json(item)], left);
        if operator == EXISTS {
            // What an error has left counts.
            return Ok(!lefts.unwrap_or_else(|(rest, _)| rest).is_empty());
        }
        let lefts = lefts.map_err(|(_, why)| why)?;
        let several = || "can only compare one element at a time".to_owned();
        let left = match lefts.as_slice() {
            [] => return Ok(false),
            [one] => one,
            _ => return Err(several()),
        };
        let rights = self.list(vec![Found::Json(item)], right).map_err(|(_, why)| why)?;
        match rights.as_slice() {
            [] => Ok(false),
            [one] => holds(left, operator, one),
            _ => Err(several()),
        }
    }
}

fn field<'v>(input: &[Found<'v>], name: &str) -> Step<'v> {
    let values = input.iter().filter_map(|one| one.fields()?.get(name)).map(Found::Json);
    let found: Vec<Found<'v>> = values.collect();
    if found.is_empty() && !input.is_empty() { Err((found, format!("{name} is not found"))) } else { Ok(found) }
}

type Bounds = (Option<i64>, Option<i64>, bool, Option<i64>);

fn slice(input: Vec<Found<'_>>, bounds: Bounds) -> Step<'_> {
    let mut found = Vec::new();
    for one in input.iter().filter(|one| !one.is_null()) {
        let Some(items) = one.items() else {
            return Err((input, "what is no list has no index".to_owned()));
        };
        match range(items.len(), bounds) {
            // Nothing at all then, also of those before.
            Ok(None) => return Ok(found),
            Ok(Some((range, step))) => {
                found.extend(items.get(range).unwrap_or_default().iter().step_by(step).map(|item| Found::Json(item)));
            }
            Err(why) => return Err((input, why)),
        }
    }
    Ok(found)
}

/// Which items; nothing where none is asked for.
fn range(
    length: usize,
    (from, to, is_single, step): Bounds,
) -> Result<Option<(std::ops::Range<usize>, usize)>, String> {
    let size = i64::try_from(length).unwrap_or(i64::MAX);
    let mut to = if is_single { Some(from.unwrap_or_default().saturating_add(1)) } else { to };
    let from = from.unwrap_or_default();
    let from = if from < 0 { from.saturating_add(size) } else { from };
    to = to.map(|to| if to < 0 || (to == 0 && is_single) { to.saturating_add(size) } else { to });
    let to = to.unwrap_or(size);
    if from == to {
        return Ok(None);
    }
    let outside = |index: i64| format!("array index out of bounds: index {index}, length {size}");
    if from >= size || from < 0 {
        return Err(outside(from));
    }
    if to > size || to < 0 {
        return Err(outside(to.saturating_sub(1)));
    }
    if from > to {
        return Err(format!("starting index {from} is greater than ending index {to}"));
    }
    let step = usize::try_from(step.unwrap_or(1)).ok().filter(|step| *step > 0).ok_or("step must be > 0")?;
    let whole = |number: i64| usize::try_from(number).unwrap_or_default();
    Ok(Some((whole(from)..whole(to), step)))
}
