//! What speaks for a choice and what was seen on the way, for a document.

use release_core::registry::push_history::{Choice, Chosen, Skipped, Why};
use schemars::JsonSchema;
use serde::Serialize;

/// What speaks for a choice and what was seen on the way.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Evidence {
    /// What speaks for the image; null where nothing was chosen.
    pub why: Option<Why>,
    /// What would have come first, and why it didn't.
    pub passed_over: Vec<Skipped>,
    /// A stuck rollout: what ready pods run instead.
    pub ready_pods_run: Vec<String>,
    /// The digest that the tag being left is on now, where that is another.
    pub tag_moved_to: Option<String>,
}

impl Evidence {
    /// Of a choice that was made.
    #[must_use]
    pub fn of(choice: &Choice<'_>, chosen: &Chosen) -> Self {
        Self {
            why: Some(chosen.why),
            passed_over: chosen.skipped.clone(),
            ready_pods_run: choice.left.ready_pods_run.clone(),
            tag_moved_to: choice.left.tag_moved_to.clone(),
        }
    }
}
