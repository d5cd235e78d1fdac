//! What is unusual about a Service.

use std::sync::Arc;

use release_core::command::Command;
use release_core::kube::service::service_name;
use release_core::kube::{Workload, WorkloadKind, has_all};
use release_core::text::printable;
use release_core::traffic::preview::is_preview_of;
use release_core::traffic::router::Standing;
use release_core::traffic::selector::{Color, Tracks};

use super::status_document::Note;
use crate::checks::unmanaged_endpoints;
use crate::finishing::{finishing, own_words};
use crate::main_ingress::{lacking, needed};
use crate::plan::scale::{floor_command, raised_floor};
use crate::record::Record;
use crate::refusal::foreign_labels;
use crate::room::lack_of_room;
use crate::service_view::ServiceView;
use crate::snapshot::Snapshot;

/// One each.
#[must_use]
pub fn notes(view: &ServiceView<'_>, tracks: &Tracks, snapshot: &Snapshot) -> Vec<Note> {
    let mut notes = left_behind(view, tracks, snapshot);
    notes.extend(split(view));
    notes.extend(refused(view));
    notes.extend(unserved(view, tracks, snapshot));
    notes.extend(raised_floors(tracks, snapshot));
    if let Some(foreign) = foreign_labels(view, tracks, snapshot) {
        let fix = Some(foreign.mend(view, &snapshot.scope).to_string());
        notes.push(Note { fix, ..Note::blocks("foreign-label", foreign.text(view)) });
    }
    if view.service.metadata.deletion_timestamp.is_some() {
        notes.push(Note::warns("being-deleted", format!("service/{} is being deleted", view.name())));
    }
    notes.extend(left_by_init(view, tracks, snapshot));
    notes.extend(previews(view, tracks, snapshot));
    notes.extend(contracted(view));
    notes.extend(unmanaged(view, tracks, snapshot));
    notes.extend(not_over(view, tracks, snapshot));
    if let Some(why) = &view.recorded.unreadable {
        notes.push(Note::warns("record", format!("{why}; rollback will not use it")));
    }
    if let Some(why) = lack_of_room(view) {
        notes.push(Note::warns("annotations-full", format!("{why}; a move would be made, and not recorded")));
    }
    match view.recorded.current.as_ref() {
        Some(r) if r.to != tracks.active => notes.push(by_hand(view, tracks, r)),
        Some(r) if !r.is_proven() => {
            let how = match &r.result {
                None => "has no result: it is still going on, or was cut off".to_owned(),
                Some(result) => format!("was not verified: {result}"),
            };
            let finish = own_words(r);
            let wide = if view.is_wide() { "; the Service selects both colors meanwhile" } else { "" };
            let message = format!("the {} {} -> {} by {} {how}{finish}{wide}", r.verb, r.from, r.to, r.by);
            let fix = Some(finishing(view, r, snapshot).to_string());
            notes.push(Note { fix, ..Note::warns("unfinished", message) });
        }
        _ => {}
    }
    notes
}

/// Several colors have requests: which one is active is a matter of the larger share.
fn split(view: &ServiceView<'_>) -> Option<Note> {
    let route = view.route.as_ref()?;
    let Standing::Split(weights) = route.standing(&route.object) else { return None };
    let shown = Standing::Split(weights).shown();
    Some(Note::warns("split-weights", format!("{} splits its requests: {shown}", route.reference())))
}

/// The weights are shown, and reach nobody.
fn refused(view: &ServiceView<'_>) -> Option<Note> {
    let route = view.route.as_ref()?;
    let message = format!("{} is refused by its controller: {}", route.reference(), route.refusal()?);
    Some(Note::warns("route-refused", message))
}

/// Everybody gets an error, though the active color is ready.
fn unserved(view: &ServiceView<'_>, tracks: &Tracks, snapshot: &Snapshot) -> Option<Note> {
    let main = needed(view.route.as_ref()?, &tracks.active)?;
    Some(Note::blocks("route-refused", lacking(main, &snapshot.slices.get(main)?.slices)?))
}

/// A Deployment that an `init` would have taken down, had it not been cut off: it has no color, and its pods run
/// beside those that serve.
fn left_by_init(view: &ServiceView<'_>, tracks: &Tracks, snapshot: &Snapshot) -> Option<Note> {
    let by_init = view.settings.track_key.as_ref() == Some(&tracks.key) && view.recorded.current.is_none();
    let without = |workload: &&Arc<Workload>| {
        let labels = workload.pod_labels();
        workload.kind == WorkloadKind::Deployment
            && workload.replicas > 0
            && has_all(&labels, &tracks.base)
            && !labels.contains_key(&tracks.key)
    };
    let left = snapshot.workloads.iter().filter(|_| by_init).find(without)?;
    let init = Command::new("kubectl bluegreen init").arg(view.name()).scope(&snapshot.scope);
    let message = format!("{} runs beside the colors and has no label {}", left.reference(), tracks.key);
    Some(Note { fix: Some(init.to_string()), ..Note::warns("unfinished-init", message) })
}

/// Addresses that nobody's selector put there.
fn unmanaged(view: &ServiceView<'_>, tracks: &Tracks, snapshot: &Snapshot) -> Vec<Note> {
    let found = unmanaged_endpoints(view, tracks, snapshot, &tracks.active);
    found.into_iter().map(|message| Note::warns("unmanaged-endpoints", message)).collect()
}

/// What a contract has taken away, or was about to.
fn contracted(view: &ServiceView<'_>) -> Option<Note> {
    let last = view.recorded.current.as_ref()?;
    let note = view.contracted.as_ref().filter(|note| note.record == last.id)?;
    let how = if note.done { "was run" } else { "was begun, and has not succeeded" };
    let message = format!("contract {how}, by {} at {:.0}: there is no rollback to {}", note.by, note.at, note.color);
    Some(Note::warns("contracted", message))
}

/// A color that is shown by a Service of its own.
fn previews(view: &ServiceView<'_>, tracks: &Tracks, snapshot: &Snapshot) -> Vec<Note> {
    let own = snapshot.neighbours.iter().flatten().filter(|service| is_preview_of(service, view.name()));
    let told = own.map(|service| {
        let selector = service.spec.as_ref().and_then(|spec| spec.selector.as_ref());
        let color = selector.and_then(|selector| selector.get(&tracks.key)).map_or("nothing", String::as_str);
        let made = service.metadata.creation_timestamp.as_ref();
        let since = made.map(|made| format!(", since {:.0}", made.0)).unwrap_or_default();
        let message = printable(&format!("{} shows {color}{since}", service_name(service)));
        let command = Command::new("kubectl bluegreen cleanup").arg(view.name()).arg("--preview");
        Note { fix: Some(command.scope(&snapshot.scope).to_string()), ..Note::warns("preview", message) }
    });
    told.collect()
}

/// What a clean-up will keep although the record's time is over.
fn not_over(view: &ServiceView<'_>, tracks: &Tracks, snapshot: &Snapshot) -> Option<Note> {
    let record = view.recorded.current.as_ref().filter(|r| r.to == tracks.active && r.result.is_some())?;
    let is_unknown = view.due(record).is_none() && tracks.color(&record.from).is_some_and(Color::is_run);
    is_unknown.then(|| {
        let cleanup = Command::new("kubectl bluegreen cleanup").arg(view.name()).arg("--before-due");
        let message = format!(
            "when {} was left is not known (no managed field of its selector is ours), so that no clean-up is due: a person has to say so",
            record.from
        );
        Note { fix: Some(cleanup.scope(&snapshot.scope).to_string()), ..Note::warns("retention", message) }
    })
}

fn by_hand(view: &ServiceView<'_>, tracks: &Tracks, ours: &Record) -> Note {
    let who = view.hand().map_or_else(|| "another hand".to_owned(), |hand| hand.to_string());
    let last = format!("our last: {} {} -> {} at {:.0}", ours.verb, ours.from, ours.to, ours.at);
    Note::warns("by-hand", format!("{} is active since a change by {who}; {last}", tracks.active))
}

/// Floors of autoscalers that a move raised, and nothing has lowered since.
fn raised_floors(tracks: &Tracks, snapshot: &Snapshot) -> Vec<Note> {
    let active = |color: &Color| color.name == tracks.active;
    let workloads = tracks.colors.iter().flat_map(|color| color.workloads.iter().map(move |w| (w, active(color))));
    let autoscalers = || snapshot.autoscalers.iter().flatten();
    let own = workloads
        .flat_map(|(w, active)| autoscalers().filter(move |hpa| w.is_scaled_by(hpa)).map(move |hpa| (hpa, active)));
    let lower = |name: &str, sizes| floor_command(&format!("hpa/{name}"), sizes, &snapshot.scope);
    let raised = own.filter_map(|(hpa, active)| Some((hpa.metadata.name.as_deref()?, raised_floor(hpa)?, active)));
    let notes = raised.map(|(name, (before, now), active)| {
        // Of a color that no move left, no cleanup comes.
        let until = if active { "; the cleanup of the color before lowers it" } else { "" };
        let message = format!("hpa/{name} min {now} since a move, {before} before{until}");
        Note { fix: Some(lower(name, (now, before)).to_string()), ..Note::warns("floor-raised", message) }
    });
    notes.collect()
}

fn left_behind(view: &ServiceView<'_>, tracks: &Tracks, snapshot: &Snapshot) -> Vec<Note> {
    let mut notes = Vec::new();
    for neighbour in snapshot.neighbours.iter().flatten() {
        let name = service_name(neighbour);
        let selector = neighbour.spec.as_ref().and_then(|s| s.selector.clone()).unwrap_or_default();
        let follows = selector.contains_key(&tracks.key) && has_all(&selector, &tracks.base);
        if name != view.name()
            && !is_preview_of(neighbour, view.name())
            && follows
            && selector.get(&tracks.key) != Some(&tracks.active)
            && was_together(view, name)
        {
            let on = selector.get(&tracks.key).cloned().unwrap_or_default();
            notes.push(Note::warns("twin-service", format!("{name} still selects {on}")));
        }
    }
    notes
}

/// A Service that selects another color on purpose (a preview) is no twin left behind; one that
/// moved with this one, or that has no record of its own, is.
fn was_together(view: &ServiceView<'_>, name: &str) -> bool {
    let record = view.recorded.current.as_ref();
    record.is_none_or(|r| r.services.is_empty() || r.services.iter().any(|s| s == name))
}
