//! Whether a Service is where this run moved it, as its document says at whichever moment the run ends.

use std::cell::Cell;
use std::rc::Rc;

use serde::{Serialize, Serializer};

/// Shared by the run and its report: who is interrupted has no time to write one.
#[derive(Debug, Clone)]
pub struct Moved(Rc<Cell<Option<bool>>>);

impl Moved {
    #[must_use]
    pub fn new(moved: bool) -> Self {
        Self(Rc::new(Cell::new(Some(moved))))
    }

    /// True while the Service is where this run moved it; nothing where that isn't known.
    #[must_use]
    pub fn get(&self) -> Option<bool> {
        self.0.get()
    }

    /// Notes it.
    pub fn set(&self, moved: Option<bool>) {
        self.0.set(moved);
    }
}

impl Serialize for Moved {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.get().serialize(serializer)
    }
}
