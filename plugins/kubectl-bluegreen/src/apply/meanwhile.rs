//! What happened to a target while it was watched.

use std::cell::{Cell, RefCell};

/// What others did to the target while it was watched.
#[derive(Debug, Default)]
pub struct Meanwhile {
    /// Who deployed it anew.
    pub deployed_by: RefCell<Option<String>>,
    pub shrunk: RefCell<Option<Shrunk>>,
    /// It was this target that failed, and not another one of the set.
    pub failed: Cell<bool>,
    /// What a route sends to it reaches nobody by now, whoever is ready.
    pub is_astray: Cell<bool>,
}

/// Fewer pods than the move was allowed with, because somebody asked for fewer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shrunk {
    pub pods: usize,
    /// What the move was allowed with.
    pub allowed: usize,
    pub by: String,
}

impl Shrunk {
    /// `1 of 2 pods of green (scaled down meanwhile by kubectl)`
    #[must_use]
    pub fn of(&self, color: &str) -> String {
        let Self { pods, allowed, by } = self;
        format!("{pods} of {allowed} pods of {color} (scaled down meanwhile by {by})")
    }
}
