//! Making a Service ready for colors: a labelled workload beside the one that runs it, and only then the selector
//! narrowed to the label.

mod found;
mod initial;
mod writes;

use release_core::checks::finding::Finding;
use release_core::release::change::Change;

use crate::prepared::Prepared;

pub use found::find;
pub use initial::Initial;
pub use writes::{exchange, growth, narrowing, prepared, removal, selects_only_old};

/// All that is done to get there.
#[derive(Debug)]
pub struct InitPlan {
    /// The labelled workload, as it is to be; nothing where it is there.
    pub prepared: Option<Prepared>,
    /// What makes it, its autoscaler too.
    pub makes: Vec<Change>,
    /// The selector's write; nothing where it asks for the label.
    pub narrowing: Option<Change>,
    /// What takes the workload without the label to zero.
    pub removal: Option<Change>,
    /// Ready pods that the color needs before the selector is narrowed.
    pub required: usize,
    pub findings: Vec<Finding>,
}

impl InitPlan {
    /// Every write, in its order.
    pub fn writes(&self) -> impl Iterator<Item = &Change> {
        self.makes.iter().chain(&self.narrowing).chain(&self.removal)
    }

    /// True where all is done already.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.writes().next().is_none()
    }
}
