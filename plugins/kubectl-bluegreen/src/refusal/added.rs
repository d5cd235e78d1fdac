//! Labels that were added to a selector, and that no pod has: the Service selects nothing with them,
//! whatever its color.

use release_core::command::{Command, Scope, selector_change_command};
use release_core::kube::{Labels, has_all};
use release_core::text::printable;
use release_core::traffic::selector::{Tracks, as_label_selector};

use crate::service_view::ServiceView;
use crate::snapshot::Snapshot;

/// The labels without which the Service would select pods again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Added {
    labels: Labels,
    selector: Labels,
}

/// Those that our last record didn't have, where they are what keeps the Service from all pods.
#[must_use]
pub fn added_labels(view: &ServiceView<'_>, tracks: &Tracks, snapshot: &Snapshot) -> Option<Added> {
    let selector = view.selector()?;
    // A take-back records what it found, which somebody may have added to: the move before it tells what was there.
    let is_added =
        |key: &str| key != tracks.key && view.recorded.all().any(|record| !record.selector.contains_key(key));
    let labels: Labels =
        selector.iter().filter(|(key, _)| is_added(key)).map(|(k, v)| (k.clone(), v.clone())).collect();
    let mut without = selector.clone();
    without.retain(|key, _| !labels.contains_key(key));
    let selects = |wanted: &Labels| snapshot.workloads.iter().any(|w| has_all(&w.pod_labels(), wanted));
    let is_it = !labels.is_empty() && !selects(selector) && selects(&without);
    is_it.then(|| Added { labels, selector: selector.clone() })
}

impl Added {
    /// What is so, and who did it.
    #[must_use]
    pub fn text(&self, view: &ServiceView<'_>) -> String {
        let who = view.hand().map(|hand| format!(", put there by {hand}")).unwrap_or_default();
        let labels = printable(&as_label_selector(&self.labels));
        format!("{labels} is in the selector of service/{}{who}, and no workload has it", view.name())
    }

    /// The command that takes them out again.
    #[must_use]
    pub fn mend(&self, view: &ServiceView<'_>, scope: &Scope) -> Command {
        let mut without = self.selector.clone();
        without.retain(|key, _| !self.labels.contains_key(key));
        selector_change_command(view.name(), scope, &self.selector, &without)
    }
}
