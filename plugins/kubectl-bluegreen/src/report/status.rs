//! What is so with one Service: judged once, for people and for programs.

use std::collections::BTreeMap;
use std::sync::Arc;

use release_core::failure::Next;
use release_core::kube::Workload;
use release_core::kube::service::publishes_unready;
use release_core::text::printable;
use release_core::traffic::router::Standing;
use release_core::traffic::selector::{Color, Tracks};

use super::status_document::{ColorState, ColorStatus, Note, OtherPods, RouterStatus, ServiceStatus, WorkloadStatus};
use super::status_notes::notes;
use crate::cleanup_note::Cleanup;
use crate::idle::users_of;
use crate::plan;
use crate::refusal::{Ways, ways_out};
use crate::service_view::{ServiceView, ready_count};
use crate::snapshot::Snapshot;

/// Judges one Service.
#[must_use]
pub fn status(view: &ServiceView<'_>, tracks: &Tracks, snapshot: &Snapshot) -> ServiceStatus {
    let colors: Vec<ColorStatus> = ordered(tracks).map(|color| of_color(color, view, tracks, snapshot)).collect();
    // Behind a route each color has endpoints of its own, whether requests go there or not.
    let is_foreign = |color: &&ColorStatus| !color.active && view.route.is_none();
    let foreign: usize = colors.iter().filter(is_foreign).map(|color| color.endpoints).sum();
    let here = colors.iter().find(|c| c.active).map_or(0, |c| c.endpoints);
    let ready = tracks.expected(&tracks.active, &snapshot.pods).len();
    // Nothing has arrived where nothing is ready, whatever is published.
    let serves = here > 0 && ready > 0;
    let strangers = strangers(view, tracks, snapshot);
    let follows = serves && foreign == 0 && strangers == 0 && here >= ready;
    // Whoever waits for the end of a shift must not go on in the middle of it; that it is split has a note of its own.
    let is_split = view.route.as_ref().is_some_and(|route| matches!(route.standing(&route.object), Standing::Split(_)));
    let converged = follows && !is_split;
    let active = &tracks.active;
    let mut notes = notes(view, tracks, snapshot);
    if !follows {
        let others = if strangers == 0 { String::new() } else { format!(", {strangers} of no pod of it") };
        let message = format!("{here} of {ready} endpoints of {active}, {foreign} of other colors{others}");
        notes.push(Note::warns("converging", message));
    }
    if !serves {
        let elsewhere = foreign.saturating_add(strangers);
        notes.push(if elsewhere > 0 { behind(&colors, active, strangers) } else { unserved(view, tracks, snapshot) });
    }
    ServiceStatus {
        name: view.name().to_owned(),
        track_key: tracks.key.clone(),
        router: view.route.as_ref().map(|route| RouterStatus::of(route)),
        active: active.clone(),
        converged,
        record: view.recorded.current.clone(),
        cleanup: view.cleanup.note.clone(),
        notes,
        colors,
    }
}

/// Addresses that stay in service whatever is selected, and that are no pod's of the active color.
fn strangers(view: &ServiceView<'_>, tracks: &Tracks, snapshot: &Snapshot) -> usize {
    let Some(at) = snapshot.slices.get(view.name()) else { return 0 };
    let own = tracks.pods_of(&tracks.active, &snapshot.pods);
    at.slices.unmanaged().map(|theirs| theirs.addresses.saturating_sub(theirs.of(&own))).sum()
}

/// The endpoints have not followed the selector yet: those that it has left answer.
fn behind(colors: &[ColorStatus], active: &str, strangers: usize) -> Note {
    let serving = colors.iter().filter(|color| !color.active && color.endpoints > 0).map(|color| color.name.as_str());
    let others = (strangers > 0).then_some("addresses of no pod of it");
    let answering: Vec<&str> = serving.chain(others).collect();
    let message = format!("no endpoint is of {active} yet: requests go to {}", printable(&answering.join(", ")));
    Note::blocks("no-endpoints", message)
}

/// Nobody is there to answer: with what would work now.
fn unserved(view: &ServiceView<'_>, tracks: &Tracks, snapshot: &Snapshot) -> Note {
    let next = ways_out(Ways::by_switch(view, tracks, &snapshot.scope), &snapshot.pods);
    let said = next.note().map(|note| format!("; {note}")).unwrap_or_default();
    let ready = ready_count(&tracks.pods_of(&tracks.active, &snapshot.pods));
    let ports: Vec<&str> = tracks.ports.iter().map(|port| port.name.as_str()).collect();
    let unreached = tracks.unreached(&tracks.active, &snapshot.pods).map(|why| printable(&why));
    let why = match ready {
        0 if unreached.is_some() => unreached.unwrap_or_default(),
        0 => format!("no pod of {} is ready", tracks.active),
        _ if ports.is_empty() => format!("{ready} pods of {} are ready and no endpoints", tracks.active),
        _ => format!("{ready} pods of {} are ready, none by the port {}", tracks.active, printable(&ports.join(", "))),
    };
    let what = if publishes_unready(view.service) {
        "those that aren't get the requests all the same"
    } else {
        "connections are refused"
    };
    let message = format!("{why}: {what}{said}");
    let fix = matches!(next, Next::Try(..)).then(|| next.commands().first().map(ToString::to_string)).flatten();
    Note { fix, ..Note::blocks("no-endpoints", message) }
}

/// The active color first, then by name.
fn ordered(tracks: &Tracks) -> impl Iterator<Item = &Color> {
    tracks.color(&tracks.active).into_iter().chain(tracks.others())
}

fn of_color(color: &Color, view: &ServiceView<'_>, tracks: &Tracks, snapshot: &Snapshot) -> ColorStatus {
    ColorStatus {
        name: color.name.clone(),
        active: color.name == tracks.active,
        endpoints: endpoints_of(color, view, tracks, snapshot),
        ready: ready_count(&tracks.pods_of(&color.name, &snapshot.pods)),
        state: state(color, view, tracks, snapshot),
        workloads: color.workloads.iter().map(|w| of_workload(w, color, tracks, snapshot)).collect(),
        others: others(color, tracks, snapshot),
    }
}

fn endpoints_of(color: &Color, view: &ServiceView<'_>, tracks: &Tracks, snapshot: &Snapshot) -> usize {
    let Some(at) = snapshot.slices.get(view.backend(&color.name)) else { return 0 };
    let ready = at.slices.ready_pods();
    let own = snapshot.pods.iter().filter(|p| tracks.color_of(&p.metadata.labels) == Some(&color.name));
    own.filter(|p| ready.contains(p.metadata.name.as_str())).count()
}

fn of_workload(workload: &Arc<Workload>, color: &Color, tracks: &Tracks, snapshot: &Snapshot) -> WorkloadStatus {
    let pods = tracks.pods_of(&color.name, &snapshot.pods);
    let running = plan::running(workload, tracks, &pods);
    let image = plan::shown(workload, tracks).and_then(|c| c.image.as_deref()).unwrap_or_default();
    WorkloadStatus {
        running: if running == [image] { Vec::new() } else { running },
        kind: workload.kind.kind(),
        name: workload.name().to_owned(),
        image: image.to_owned(),
        replicas: workload.replicas,
        ready: pods.iter().filter(|pod| pod.is_ready() && workload.owns(pod)).count(),
        reference: workload.reference(),
    }
}

/// Pods of the color that none of its workloads runs, by what does; each stray by its own name.
fn others(color: &Color, tracks: &Tracks, snapshot: &Snapshot) -> Vec<OtherPods> {
    let mut found: BTreeMap<(bool, String), (usize, usize)> = BTreeMap::new();
    for pod in tracks.pods_of(&color.name, &snapshot.pods) {
        if pod.is_finished() || color.workloads.iter().any(|w| w.owns(pod)) {
            continue;
        }
        let runner = pod.runner().filter(|_| !pod.is_stray());
        let stray = runner.is_none();
        let name = runner.unwrap_or_else(|| format!("pod/{}", pod.metadata.name));
        let (pods, ready) = found.entry((stray, name)).or_default();
        *pods = pods.saturating_add(1);
        *ready = ready.saturating_add(usize::from(pod.is_ready()));
    }
    found.into_iter().map(|((stray, run_by), (pods, ready))| OtherPods { run_by, stray, pods, ready }).collect()
}

fn state(color: &Color, view: &ServiceView<'_>, tracks: &Tracks, snapshot: &Snapshot) -> ColorState {
    let record = view.recorded.current.as_ref().filter(|r| r.to == tracks.active);
    if color.name == tracks.active {
        if let Some(hand) = view.hand() {
            return ColorState::Active { since: hand.by, by: Some(hand.manager) };
        }
        return ColorState::Active { since: record.map(|r| r.at), by: record.map(|r| r.by.clone()) };
    }
    let users = users_of(color, tracks, view, snapshot);
    if !users.is_empty() {
        return ColorState::InUse { users };
    }
    let pods = tracks.pods_of(&color.name, &snapshot.pods);
    let is_kept = pods.iter().any(|pod| pod.is_ready() && !pod.is_stray());
    if color.asked() == 0 && !is_kept && !color.workloads.is_empty() {
        // What a note says counts only where it is so.
        let note = view.cleanup.note.as_ref();
        let taken = note.filter(|c| c.color == color.name && record.is_none_or(|r| c.at >= r.at));
        return taken.map_or(ColorState::Down, |Cleanup { by, at, reason, .. }| ColorState::TakenDown {
            since: *at,
            by: by.clone(),
            reason: reason.clone(),
        });
    }
    // Where somebody else moved it since, nobody knows what is still needed.
    match record.and_then(|_| view.left_by(tracks, &color.name)) {
        Some(record) => ColorState::Previous { kept_until: view.due(record) },
        None => ColorState::Idle,
    }
}
