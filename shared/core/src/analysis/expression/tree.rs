//! What a condition consists of.

use std::ops::Range;

/// Functions that take a predicate over the items of a list.
pub const OF_ITEMS: [&str; 10] =
    ["all", "any", "none", "one", "filter", "map", "count", "find", "findIndex", "findLast"];

/// A part of it.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    Number,
    Text,
    Truth,
    Nil,
    /// `result`
    Result,
    /// `#`
    Item,
    List(Vec<Self>),
    Call {
        name: String,
        arguments: Vec<Self>,
    },
    Index {
        of: Box<Self>,
        at: Box<Self>,
        marks: Marks,
    },
    Slice {
        of: Box<Self>,
        bounds: Vec<Self>,
    },
    /// `of.name`
    Member {
        of: Box<Self>,
        marks: Marks,
    },
    Unary {
        sign: &'static str,
        of: Box<Self>,
    },
    Binary {
        sign: &'static str,
        left: Box<Self>,
        right: Box<Self>,
    },
    Choice {
        when: Box<Self>,
        then: Box<Self>,
        other: Box<Self>,
    },
}

/// Where an index stands: from the beginning of what it is of, and its two brackets; of a member its dot and its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marks {
    pub from: usize,
    pub open: usize,
    pub close: usize,
}

impl Node {
    /// `result` as it is.
    #[must_use]
    pub fn is_name(&self) -> bool {
        *self == Self::Result
    }

    fn parts(&self) -> Vec<&Self> {
        match self {
            Self::Number | Self::Text | Self::Truth | Self::Nil | Self::Result | Self::Item => Vec::new(),
            Self::List(items) => items.iter().collect(),
            Self::Call { arguments, .. } => arguments.iter().collect(),
            Self::Index { of, at, .. } => vec![of.as_ref(), at.as_ref()],
            Self::Slice { of, bounds } => std::iter::once(of.as_ref()).chain(bounds).collect(),
            Self::Unary { of, .. } | Self::Member { of, .. } => vec![of.as_ref()],
            Self::Binary { left, right, .. } => vec![left.as_ref(), right.as_ref()],
            Self::Choice { when, then, other } => vec![when.as_ref(), then.as_ref(), other.as_ref()],
        }
    }
}

/// Shows every part.
pub fn walk<'n>(node: &'n Node, see: &mut impl FnMut(&'n Node)) {
    see(node);
    for part in node.parts() {
        walk(part, see);
    }
}

/// Whether the result is anywhere in it.
#[must_use]
pub fn names_result(node: &Node) -> bool {
    let mut is_there = false;
    walk(node, &mut |part| is_there |= part.is_name());
    is_there
}

/// How deep loops over items stand in each other; one that makes something of the whole result counts twice.
#[must_use]
pub fn loops(node: &Node) -> u32 {
    let deepest = |parts: &[&Node]| parts.iter().map(|part| loops(part)).max().unwrap_or_default();
    match node {
        Node::Call { name, arguments } if OF_ITEMS.contains(&name.as_str()) => {
            let predicate = arguments.get(1);
            let again = predicate.is_some_and(|predicate| loops(predicate) == 0 && names_result(predicate));
            let inside = predicate.map(loops).unwrap_or_default().saturating_add(again.into()).saturating_add(1);
            arguments.first().map(loops).unwrap_or_default().max(inside)
        }
        other => deepest(&other.parts()),
    }
}

/// Whether one of these functions is called of the result, or of a part of it.
#[must_use]
pub fn calls(node: &Node, names: &[&str]) -> bool {
    let mut is_there = false;
    walk(node, &mut |part| {
        if let Node::Call { name, arguments } = part {
            is_there |= names.contains(&name.as_str()) && arguments.first().is_some_and(names_result);
        }
    });
    is_there
}

/// The text with each `a[i]` as `at(a,i)` and each `a.b` as `at(a,"b")`, which can fail.
#[must_use]
pub fn indexed_safely(text: &str, tree: &Node, at: &str) -> String {
    let mut changes: Vec<(Range<usize>, String)> = Vec::new();
    walk(tree, &mut |node| {
        if let Node::Index { marks, .. } = node {
            let one = |place: usize| place..place.saturating_add(1);
            changes.push((marks.from..marks.from, format!("{at}(")));
            changes.push((one(marks.open), ",".to_owned()));
            changes.push((one(marks.close), ")".to_owned()));
        }
        if let Node::Member { marks, .. } = node {
            let one = |place: usize| place..place.saturating_add(1);
            changes.push((marks.from..marks.from, format!("{at}(")));
            changes.push((one(marks.open), ",\"".to_owned()));
            changes.push((marks.close..marks.close, "\")".to_owned()));
        }
    });
    // From the end on, so that what comes before keeps its place.
    changes.sort_by_key(|(range, _)| std::cmp::Reverse((range.start, range.end)));
    let mut safe = text.to_owned();
    for (range, with) in changes {
        safe.replace_range(range, &with);
    }
    safe
}
