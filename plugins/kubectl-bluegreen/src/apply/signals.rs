//! What the numbers have said of a move so far.

use std::cell::{Cell, RefCell};

use release_core::analysis::judged::Judged;
use release_core::release::pod_tests::Covered;

use crate::options::analysis::Analysis;

/// What judges a move, and how far that is.
#[derive(Debug)]
pub struct Signals<'a> {
    pub asked: &'a Analysis,
    /// What its pods have been asked before the switch.
    pub tested: Option<&'a Covered>,
    /// Nothing more is to be judged.
    pub is_done: Cell<bool>,
    pub judged: RefCell<Judged>,
}

impl<'a> Signals<'a> {
    /// Before the first question.
    #[must_use]
    pub fn new(asked: &'a Analysis, tested: Option<&'a Covered>) -> Self {
        Self { asked, tested, is_done: Cell::new(false), judged: RefCell::default() }
    }

    /// For the report, where anything is judged.
    #[must_use]
    pub fn report(&self) -> Option<Judged> {
        (!self.asked.is_empty()).then(|| self.judged.borrow().clone())
    }
}
