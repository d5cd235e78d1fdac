//! A Service's colors as a table for people and as a document for programs.

use jiff::Timestamp;
use kubectl_release::flags::short_duration;
use kubectl_release::progress::clock;
use kubectl_release::selector::{Color, Tracks};
use kubectl_release::table::table;
use serde_json::{Value, json};

use super::plan_text::short_image;
use crate::idle::users_of;
use crate::snapshot::Snapshot;
use crate::subject::{Subject, ready_count};

/// What `status` shows of one Service.
#[derive(Debug)]
pub struct ServiceStatus {
    pub text: String,
    pub value: Value,
    pub active: String,
    /// The endpoints are the active color's ready pods and nobody else's.
    pub converged: bool,
}

/// Judges one Service.
#[must_use]
pub fn service(subject: &Subject<'_>, tracks: &Tracks, snapshot: &Snapshot, suffix: &str) -> ServiceStatus {
    let endpoints = endpoints_by_color(subject, tracks, snapshot);
    let foreign: usize = endpoints.iter().filter(|(color, _)| *color != tracks.active).map(|(_, n)| n).sum();
    let ready = ready_count(&tracks.pods_of(&tracks.active, &snapshot.pods));
    let here = count_of(&endpoints, &tracks.active);
    let converged = foreign == 0 && here >= ready;
    let mut notes = notes(subject, tracks, snapshot);
    if !converged {
        notes.push(format!(
            "! converging    {here} of {ready} endpoints of {}, {foreign} of other colors",
            tracks.active
        ));
    }
    if here == 0 {
        notes.push(format!("x no-endpoints  no pod of {} is ready: connections are refused", tracks.active));
    }
    let next = way(subject, tracks, snapshot, suffix);
    let rows: Vec<Vec<String>> =
        ordered(tracks).flat_map(|color| rows(color, subject, tracks, snapshot, &endpoints)).collect();
    let shown = table(&["COLOR", "WORKLOAD", "IMAGE", "READY", "ENDPOINTS", "STATE"], &rows);
    let text = std::iter::once(shown).chain(notes.iter().cloned()).chain(next.clone()).collect::<Vec<_>>().join("\n");
    let value = value(subject, tracks, snapshot, &endpoints, converged, &notes);
    ServiceStatus { text, value, active: tracks.active.clone(), converged }
}

/// The active color first, then by name.
fn ordered(tracks: &Tracks) -> impl Iterator<Item = &Color> {
    tracks.color(&tracks.active).into_iter().chain(tracks.others())
}

fn endpoints_by_color(subject: &Subject<'_>, tracks: &Tracks, snapshot: &Snapshot) -> Vec<(String, usize)> {
    let Some(at) = snapshot.slices.get(subject.name()) else { return Vec::new() };
    let ready = at.slices.ready_pods();
    let of = |color: &Color| {
        let own = snapshot.pods.iter().filter(|p| tracks.color_of(&p.metadata.labels) == Some(&color.name));
        own.filter(|p| ready.contains(p.metadata.name.as_str())).count()
    };
    tracks.colors.iter().map(|color| (color.name.clone(), of(color))).collect()
}

fn count_of(endpoints: &[(String, usize)], color: &str) -> usize {
    endpoints.iter().find(|(name, _)| name == color).map_or(0, |(_, n)| *n)
}

fn rows(
    color: &Color,
    subject: &Subject<'_>,
    tracks: &Tracks,
    snapshot: &Snapshot,
    endpoints: &[(String, usize)],
) -> Vec<Vec<String>> {
    let state = state(color, subject, tracks, snapshot);
    let count = count_of(endpoints, &color.name).to_string();
    if color.workloads.is_empty() {
        return vec![vec![color.name.clone(), "none".into(), String::new(), "0/0".into(), count, state]];
    }
    let row = |(index, workload): (usize, &std::sync::Arc<kubectl_release::objects::Workload>)| {
        let first = |text: &str| if index == 0 { text.to_owned() } else { String::new() };
        let single = Color { name: String::new(), workloads: vec![std::sync::Arc::clone(workload)] };
        let pods = snapshot.pods.iter().filter(|p| workload.owns(p)).collect::<Vec<_>>();
        let ready = format!("{}/{}", ready_count(&pods), workload.replicas);
        vec![first(&color.name), workload.reference(), short_image(&single), ready, first(&count), first(&state)]
    };
    color.workloads.iter().enumerate().map(row).collect()
}

fn state(color: &Color, subject: &Subject<'_>, tracks: &Tracks, snapshot: &Snapshot) -> String {
    let record = subject.recorded.current.as_ref().filter(|r| r.to == tracks.active);
    if color.name == tracks.active {
        let since = record.map(|r| format!(" {} by {}", age(r.at, snapshot.at), r.by));
        return format!("ACTIVE{}", since.unwrap_or_default());
    }
    let users = users_of(color, tracks, subject, snapshot);
    if !users.is_empty() {
        return format!("selected by {}", users.join(", "));
    }
    let down =
        subject.recorded.cleanup.as_ref().filter(|c| c.color == color.name && record.is_none_or(|r| c.at >= r.at));
    if let Some(cleanup) = down {
        let why = if cleanup.reason.is_empty() { String::new() } else { format!(" ({})", cleanup.reason) };
        return format!("taken down {} ago by {}{why}", age(cleanup.at, snapshot.at), cleanup.by);
    }
    match record.filter(|r| r.from == color.name) {
        Some(r) if r.due() > snapshot.at => format!("previous, kept to {}", until(r.due(), snapshot.at)),
        Some(_) => "previous, cleanup is due".into(),
        None => "idle".into(),
    }
}

/// The wall clock where it is today's, else the date too.
fn until(due: Timestamp, now: Timestamp) -> String {
    let hours = due.duration_since(now).as_hours();
    if hours < 20 { clock(due)[..5].to_owned() } else { format!("{due:.0}") }
}

/// `21m`, `2h5m`; nothing below zero, for clocks differ.
#[must_use]
pub fn age(at: Timestamp, now: Timestamp) -> String {
    let age = std::time::Duration::try_from(now.duration_since(at)).unwrap_or_default();
    short_duration(std::time::Duration::from_secs(age.as_secs()))
}

fn notes(subject: &Subject<'_>, tracks: &Tracks, snapshot: &Snapshot) -> Vec<String> {
    let mut notes = Vec::new();
    for neighbour in snapshot.neighbours.iter().flatten() {
        let name = crate::snapshot::service_name(neighbour);
        let selector = neighbour.spec.as_ref().and_then(|s| s.selector.clone()).unwrap_or_default();
        let follows = selector.contains_key(&tracks.key) && kubectl_release::objects::has_all(&selector, &tracks.base);
        if name != subject.name()
            && follows
            && selector.get(&tracks.key) != Some(&tracks.active)
            && was_together(subject, name)
        {
            let on = selector.get(&tracks.key).cloned().unwrap_or_default();
            notes.push(format!("! twin-service  {name} still selects {on}"));
        }
    }
    if let Some(why) = &subject.recorded.unreadable {
        notes.push(format!("! record        {why}; rollback will not use it"));
    }
    match subject.recorded.current.as_ref() {
        Some(r) if r.to != tracks.active => {
            notes.push(format!(
                "! by hand       {} is active since a change that we did not make; our last: {} {} -> {}",
                tracks.active, r.verb, r.from, r.to
            ));
        }
        Some(r) if r.result.is_none() => {
            notes.push(format!(
                "! unfinished    the {} {} -> {} by {} has no result: it is still going on, or was cut off",
                r.verb, r.from, r.to, r.by
            ));
        }
        _ => {}
    }
    notes
}

/// A Service that selects another color on purpose (a preview) is no twin left behind; one that
/// moved with this one, or that has no record of its own, is.
fn was_together(subject: &Subject<'_>, name: &str) -> bool {
    let record = subject.recorded.current.as_ref();
    record.is_none_or(|r| r.services.is_empty() || r.services.iter().any(|s| s == name))
}

fn way(subject: &Subject<'_>, tracks: &Tracks, snapshot: &Snapshot, suffix: &str) -> Option<String> {
    let record = subject.recorded.current.as_ref().filter(|r| r.to == tracks.active)?;
    let color = tracks.color(&record.from).filter(|c| !c.workloads.is_empty())?;
    let ready = ready_count(&tracks.pods_of(&color.name, &snapshot.pods));
    let wanted = ready_count(&tracks.pods_of(&tracks.active, &snapshot.pods));
    if record.verb == "rollback" {
        let short =
            if ready < wanted { format!("     not now, {ready} of {wanted} pods are ready") } else { String::new() };
        return Some(format!(
            "Forward: kubectl bluegreen switch {} --to {}{suffix}{short}",
            subject.name(),
            record.from
        ));
    }
    let effort = if ready >= wanted {
        "< 1 s, its pods are ready".to_owned()
    } else {
        format!("starts {} pods", wanted - ready)
    };
    Some(format!("Back: kubectl bluegreen rollback {}{suffix}     {effort}", subject.name()))
}

/// `{name, trackKey, active, converged, record?, notes, colors: [{name, active, endpoints, ready,
/// state, workloads: [{kind, name, image, replicas, ready}]}]}`
fn value(
    subject: &Subject<'_>,
    tracks: &Tracks,
    snapshot: &Snapshot,
    endpoints: &[(String, usize)],
    converged: bool,
    notes: &[String],
) -> Value {
    let colors: Vec<Value> = ordered(tracks)
        .map(|color| {
            let workloads: Vec<Value> = color
                .workloads
                .iter()
                .map(|w| {
                    let pods: Vec<_> = snapshot.pods.iter().filter(|p| w.owns(p)).collect();
                    json!({"kind": w.kind.kind(), "name": w.name(), "image": w.image(), "replicas": w.replicas, "ready": ready_count(&pods)})
                })
                .collect();
            json!({"name": color.name, "active": color.name == tracks.active, "endpoints": count_of(endpoints, &color.name),
                "ready": ready_count(&tracks.pods_of(&color.name, &snapshot.pods)),
                "state": state(color, subject, tracks, snapshot), "workloads": workloads})
        })
        .collect();
    json!({"name": subject.name(), "trackKey": tracks.key, "active": tracks.active, "converged": converged,
        "record": subject.recorded.current, "cleanup": subject.recorded.cleanup, "notes": notes, "colors": colors})
}
