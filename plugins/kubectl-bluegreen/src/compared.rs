//! Objects of a release's file that are not the release itself, as they are in the cluster. They belong to others,
//! who apply them.

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    pub kind: String,
    pub name: String,
    pub seen: Seen,
}

/// What the cluster has of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// An apply would change nothing.
    Alike,
    /// An apply would change these members.
    Differs(Vec<String>),
    Missing,
    /// The cluster has no such kind.
    NotServed,
    /// Why it could not be compared, in a few words.
    Unknown(String),
}
