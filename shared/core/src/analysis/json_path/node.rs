//! What a path consists of.

/// A part of it.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    /// Between braces.
    List(Vec<Self>),
    Text(String),
    Integer(i64),
    Number(f64),
    Truth(bool),
    Field(String),
    /// `*`
    Wildcard,
    /// `..`
    Recursive,
    /// `[from:to:step]`, also for a single index.
    Slice {
        from: Option<i64>,
        to: Option<i64>,
        /// The end follows from a single index.
        is_single: bool,
        step: Option<i64>,
    },
    /// `[a,b]`
    Union(Vec<Vec<Self>>),
    /// `[?(left operator right)]`
    Filter {
        left: Vec<Self>,
        right: Vec<Self>,
        operator: String,
    },
    /// `range`, `end`, and what is neither.
    Word(String),
}

/// Reads what stands inside of a part as a path of its own.
pub type Action = fn(&str) -> Result<Vec<Node>, String>;

/// The operator of a filter that asks only whether something is there.
pub const EXISTS: &str = "exists";
