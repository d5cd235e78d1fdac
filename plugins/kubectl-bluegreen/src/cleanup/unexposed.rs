//! Previews of a Service, which a clean-up removes.

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::Service;
use release_cli::report::Report;
use release_cli::run::Run;
use release_core::failure::{Failure, Outcome};
use release_core::kube::service::{service_name, service_path};
use release_core::release::change::{Action, Change};
use release_core::traffic::preview::{is_preview_of, shows};
use release_core::traffic::selector::Tracks;

use super::decision::{Decision, Kept};
use super::left_preview::Unexposed;
use crate::idle::routes_by;
use crate::report::cleanup_document::{CleanupMembers, ColorEntry, ColorOutcome, KeptReason};
use crate::service_view::ServiceView;
use crate::snapshot::Snapshot;

/// A preview that nobody has removed for so long is left over.
const RETAINED: SignedDuration = SignedDuration::from_hours(1);

/// The write that removes a preview as it was read.
#[must_use]
pub fn remove(preview: &Service, namespace: &str) -> Change {
    let name = service_name(preview);
    Change {
        object: format!("service/{name}"),
        path: service_path(namespace, name),
        action: Action::Delete {
            uid: preview.metadata.uid.clone().unwrap_or_default(),
            resource_version: preview.metadata.resource_version.clone().unwrap_or_default(),
            generation: preview.metadata.generation.unwrap_or_default(),
        },
        summary: "removed".into(),
        undo: None,
    }
}

/// What becomes of a Service's previews; `due` is for those alone that are left over.
#[must_use]
pub fn judged(snapshot: &Snapshot, view: &ServiceView<'_>, tracks: &Tracks, due: bool) -> Vec<Decision> {
    let own = snapshot.neighbours.iter().flatten().filter(|service| is_preview_of(service, view.name()));
    let meant = own.filter(|service| !due || is_left_over(service, snapshot.at));
    meant.map(|service| of_preview(service, snapshot, view, tracks)).collect()
}

fn of_preview(service: &Service, snapshot: &Snapshot, view: &ServiceView<'_>, tracks: &Tracks) -> Decision {
    let selector = service.spec.as_ref().and_then(|spec| spec.selector.as_ref());
    let color = selector.and_then(|selector| selector.get(&tracks.key)).cloned().unwrap_or_default();
    let routes = routes_by(service, snapshot);
    if !routes.is_empty() {
        let why = format!("{} sends to service/{}", routes.join(", "), service_name(service));
        let (service, reason) = (view.name().to_owned(), KeptReason::InUse);
        return Decision::Kept(Kept { service, color: None, due: true, reason, why, next: None });
    }
    Decision::Unexpose(Box::new(Unexposed {
        service: view.name().to_owned(),
        color,
        change: remove(service, &snapshot.namespace),
    }))
}

/// Made so long ago that nobody looks any more.
#[must_use]
pub fn is_left_over(service: &Service, now: Timestamp) -> bool {
    let made = service.metadata.creation_timestamp.as_ref().map(|time| time.0);
    let until = made.and_then(|made| made.checked_add(RETAINED).ok());
    shows(service).is_some() && until.is_some_and(|until| until <= now)
}

/// Removes one, and puts that into the report. One that somebody else has removed is gone, too.
///
/// # Errors
/// Exit 3 where somebody else has changed it meanwhile; where the API server refuses.
pub async fn take_away(run: &Run, one: &Unexposed, report: &mut Report<CleanupMembers>) -> Outcome<()> {
    match run.cluster.apply_and_see(&one.change, run.write_mode()).await {
        Ok(_) => {}
        Err(error) if error.is_not_found() => {}
        Err(error) if error.code() == Some(409) => {
            let text = format!("{} was changed by somebody else meanwhile, and stays", one.change.object);
            return Err(Failure::changed(text));
        }
        Err(error) => return Err(error.into()),
    }
    run.progress.step("removed", &one.change.object);
    let line = format!("{} removed", one.change.object);
    report.text = if report.text.is_empty() { line } else { format!("{}\n{line}", report.text) };
    let here = |entry: &&mut ColorEntry| entry.namespace.as_ref().is_none_or(|name| *name == run.cluster.namespace);
    for entry in report.members.services.iter_mut().filter(here) {
        if let ColorOutcome::Unexpose { preview, gone } = &mut entry.verdict
            && *preview == one.change.object
        {
            *gone = true;
        }
    }
    Ok(())
}
