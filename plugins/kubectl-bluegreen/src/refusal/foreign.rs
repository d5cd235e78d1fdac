//! Labels that somebody put into a selector, or gave another value there, and that no pod has: the Service selects
//! nothing with them, whatever its color.

use release_core::command::{Command, Scope, selector_change_command};
use release_core::failure::Next;
use release_core::kube::{Labels, has_all};
use release_core::text::printable;
use release_core::traffic::selector::{Tracks, as_label_selector};

use crate::record::Record;
use crate::service_view::ServiceView;
use crate::snapshot::Snapshot;

/// What is foreign in a selector, and the selector without it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignLabels {
    labels: Labels,
    selector: Labels,
    wanted: Labels,
}

/// Those that one of our records didn't have, or had with another value, where they are what keeps the Service from all
/// pods. A take-back records what it found, which may be broken already: the moves before it tell what was there.
#[must_use]
pub fn foreign_labels(view: &ServiceView<'_>, tracks: &Tracks, snapshot: &Snapshot) -> Option<ForeignLabels> {
    let selector = view.selector()?;
    let selects = |wanted: &Labels| snapshot.workloads.iter().any(|w| has_all(&w.pod_labels(), wanted));
    // Any color counts: which one is active is not what is broken.
    let mut base = selector.clone();
    base.remove(&tracks.key);
    if selects(&base) {
        return None;
    }
    let mut found = view.recorded.all().map(|record| as_recorded(selector, record, &tracks.key));
    found.find(|foreign| {
        let mut wanted = foreign.wanted.clone();
        wanted.remove(&tracks.key);
        !foreign.labels.is_empty() && !wanted.is_empty() && selects(&wanted)
    })
}

/// The selector as a record has it, on the color that is selected now: whole, for with a label less it could select pods
/// of another application.
fn as_recorded(selector: &Labels, record: &Record, key: &str) -> ForeignLabels {
    let mut wanted = record.selector.clone();
    wanted.remove(key);
    let is_foreign = |(label, value): &(&String, &String)| *label != key && wanted.get(*label) != Some(*value);
    let labels = selector.iter().filter(is_foreign).map(|(label, value)| (label.clone(), value.clone())).collect();
    wanted.extend(selector.get(key).map(|color| (key.to_owned(), color.clone())));
    ForeignLabels { labels, selector: selector.clone(), wanted }
}

impl ForeignLabels {
    /// What is so, and who did it.
    #[must_use]
    pub fn text(&self, view: &ServiceView<'_>) -> String {
        let who = view.hand().map(|hand| format!(", put there by {hand}")).unwrap_or_default();
        let labels = printable(&as_label_selector(&self.labels));
        format!("{labels} is in the selector of service/{}{who}, and no workload has it", view.name())
    }

    /// The command that makes the selector what our record says that it was. Nobody runs it but who has read it: an
    /// annotation is anybody's to write.
    #[must_use]
    pub fn mend(&self, view: &ServiceView<'_>, scope: &Scope) -> Command {
        selector_change_command(view.name(), scope, &self.selector, &self.wanted)
    }

    /// The same as a next step.
    #[must_use]
    pub fn next(&self, view: &ServiceView<'_>, scope: &Scope) -> Next {
        Next::Try(vec![self.mend(view, scope)], Some("makes it what our record says that it was".to_owned()))
    }
}
