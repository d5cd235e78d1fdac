//! The nearest miss, and the command that mends it.

use release_core::command::{Command, selector_change_command};
use release_core::failure::Next;
use release_core::text::printable;
use release_core::traffic::nearest::{Difference, Miss, OneLabel, SeveralLabels, nearest};
use release_core::traffic::selector::{NotSwitchable, as_label_selector, discover};

use super::asked::Asked;
use crate::service_view::ServiceView;
use crate::snapshot::Snapshot;

/// What keeps the nearest workload from being a color: a part of a sentence, and the next step.
#[derive(Debug)]
pub struct Near {
    pub what: String,
    pub next: Next,
    /// It looks like a version of what the Service selects.
    pub is_version: bool,
}

/// The nearest miss of a Service's selector, where there is any.
#[must_use]
pub fn near(view: &ServiceView<'_>, snapshot: &Snapshot, asked: &Asked) -> Option<Near> {
    let selector = view.selector()?;
    Some(match nearest(selector, &snapshot.workloads)? {
        Miss::OnePod { key } => Near {
            what: format!("{key} in its selector makes it one pod's own"),
            next: "name the Service over all pods instead".into(),
            is_version: true,
        },
        Miss::MachineLabel { key, rest } => {
            let what = format!("{key} in its selector is a label that controllers put on pods");
            let mut without = view.service.clone();
            without.spec.get_or_insert_default().selector = Some(rest.clone());
            let every = discover(&without, &snapshot.workloads, &snapshot.pods, None);
            let widens = rest.is_empty() || matches!(every, Err(NotSwitchable::SelectsEveryColor { .. }));
            let next = if widens {
                let pods = Command::new("kubectl get pods").flag("-l", as_label_selector(selector));
                let instead = format!("then select by the label that tells versions apart instead of {key}");
                Next::Look(pods.arg("--show-labels").scope(&snapshot.scope), Some(instead))
            } else {
                let without = selector_change_command(view.name(), &snapshot.scope, selector, &rest);
                Next::Try(vec![without], Some(format!("takes {key} out of the selector")))
            };
            Near { what, next, is_version: true }
        }
        Miss::OneLabel(miss) => one_label(view, snapshot, asked, &miss),
        Miss::SeveralLabels(miss) => several_labels(view, snapshot, &miss),
    })
}

fn one_label(view: &ServiceView<'_>, snapshot: &Snapshot, asked: &Asked, miss: &OneLabel) -> Near {
    let key = &miss.key;
    let others: Vec<String> = miss.others.iter().map(|other| printable(other)).collect();
    let why = if miss.alone { "is all that its selector has" } else { "says what a pod is of, and no version" };
    let what = format!("{key} differs in {}; by itself {key} {why}", others.join(", "));
    let ready: Vec<&str> = miss.ready.iter().map(String::as_str).collect();
    let commands = if miss.versions { asked.along(key, &ready, &snapshot.scope) } else { Vec::new() };
    let next = if commands.is_empty() {
        let status = Asked::about("status", view.name()).by(key, &snapshot.scope);
        Next::Look(status, Some(format!("if {key} tells its versions apart")))
    } else {
        Next::Try(commands, None)
    };
    Near { what, next, is_version: miss.versions }
}

fn several_labels(view: &ServiceView<'_>, snapshot: &Snapshot, miss: &SeveralLabels) -> Near {
    let has = |d: &Difference| match &d.has {
        Some(value) => format!("{} ({})", d.key, printable(value)),
        None => format!("{} (which its pods don't have)", d.key),
    };
    let differing: Vec<String> = miss.differs.iter().map(has).collect();
    let what = format!("{} is nearest, and differs in {}", miss.workload, differing.join(" and "));
    let selector = view.selector().cloned().unwrap_or_default();
    let without = |(_, dropped): &(String, Vec<String>)| {
        let mut rest = selector.clone();
        rest.retain(|key, _| !dropped.contains(key));
        selector_change_command(view.name(), &snapshot.scope, &selector, &rest)
    };
    let next = if miss.ways.is_empty() {
        let keys: Vec<&str> = miss.differs.iter().map(|d| d.key.as_str()).collect();
        Next::Hint(format!("let the pods of {} differ in one of {} only", miss.workload, keys.join(", ")))
    } else {
        let note = "it selects the same workloads then, and may be switched".to_owned();
        Next::Try(miss.ways.iter().map(without).collect(), Some(note))
    };
    Near { what, next, is_version: true }
}
