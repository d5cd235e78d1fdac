//! What a cleanup may take down: pure.

use jiff::Timestamp;
use kubectl_release::change::{Action, Change, Op, annotation_pointer};
use kubectl_release::cluster::read::path_of;
use kubectl_release::error::Outcome;
use kubectl_release::objects::{Labels, Workload};
use kubectl_release::record::{CLEANUP, CURRENT, Cleanup, Record, Recorded, printable};
use kubectl_release::selector::{Color, Tracks};
use serde_json::{Value, json};

use super::gone::stays;
use crate::args::CleanupArgs;
use crate::idle::users_of;
use crate::moving::scale;
use crate::plan::service_path;
use crate::report::status_text::age;
use crate::snapshot::Snapshot;
use crate::subject::Subject;
use kubectl_release::run::Run;

/// What becomes of one color of one Service.
#[derive(Debug)]
pub enum Verdict {
    Remove(Removal),
    /// It stays, and why.
    Kept {
        service: String,
        color: String,
        why: String,
        next: Option<String>,
    },
    /// It is down already.
    Down {
        service: String,
        color: String,
    },
}

/// One color to take down.
#[derive(Debug)]
pub struct Removal {
    pub service: String,
    pub color: String,
    /// The labels of its pods.
    pub selector: Labels,
    /// `deploy/NAME`, as they are waited for.
    pub workloads: Vec<String>,
    pub changes: Vec<Change>,
    /// What brings the workloads back to size, should someone switch to them meanwhile.
    pub give_back: Vec<Change>,
    summary: String,
}

/// Judges every color besides the active one.
pub fn of(run: &Run, args: &CleanupArgs, snapshot: &Snapshot, subject: &Subject<'_>) -> Outcome<Vec<Verdict>> {
    let tracks = match &subject.tracks {
        Ok(tracks) => tracks,
        Err(why) => {
            let options = crate::options::MoveOptions::for_status();
            let context = crate::plan::Context {
                options: &options,
                suffix: &run.suffix,
                flags: &run.cluster.flags,
                run_id: "",
                user: "",
            };
            return Err(crate::refusal::not_switchable(subject, why, snapshot, &context));
        }
    };
    Ok(tracks
        .others()
        .filter(|c| !c.workloads.is_empty())
        .map(|color| judge(run, args, snapshot, subject, tracks, color))
        .collect())
}

fn judge(
    run: &Run,
    args: &CleanupArgs,
    snapshot: &Snapshot,
    subject: &Subject<'_>,
    tracks: &Tracks,
    color: &Color,
) -> Verdict {
    let (service, name) = (subject.name().to_owned(), color.name.clone());
    let pods = tracks.pods_of(&color.name, &snapshot.pods);
    let down =
        color.workloads.iter().all(|w| w.replicas == 0 && w.status_replicas == 0) && !pods.iter().any(|p| stays(p));
    if down && !args.delete {
        return Verdict::Down { service, color: name };
    }
    let users = users_of(color, tracks, subject, snapshot);
    if !users.is_empty() {
        return Verdict::Kept { service, color: name, why: format!("not idle: {}", users.join(", ")), next: None };
    }
    if let Some(why) = not_due(&subject.recorded, &color.name, snapshot.at).filter(|_| !args.before_due) {
        let next = Some(format!("kubectl bluegreen cleanup {service} --before-due{}", run.suffix));
        return Verdict::Kept { service, color: name, why, next };
    }
    if let Some(workload) = color.workloads.iter().find(|w| loses_volumes(w, args.delete)) {
        let why = format!("{workload} deletes its volume claims then (persistentVolumeClaimRetentionPolicy)");
        return Verdict::Kept { service, color: name, why, next: None };
    }
    Verdict::Remove(removal(run, args, snapshot, subject, tracks, color))
}

/// Volumes are never deleted by a cleanup, by no detour either.
fn loses_volumes(workload: &Workload, delete: bool) -> bool {
    workload.has_own_volumes && if delete { workload.volumes_go_when_deleted } else { workload.volumes_go_when_scaled }
}

/// Why a color's retention has not passed; nothing where it has.
fn not_due(recorded: &Recorded, color: &str, now: Timestamp) -> Option<String> {
    let left = |r: &&Record| r.from == color;
    let Some(record) = recorded.current.iter().chain(&recorded.history).find(left) else {
        return Some("no record says when it was left".into());
    };
    (record.due() > now).then(|| format!("kept for another {}", age(now, record.due())))
}

fn removal(
    run: &Run,
    args: &CleanupArgs,
    snapshot: &Snapshot,
    subject: &Subject<'_>,
    tracks: &Tracks,
    color: &Color,
) -> Removal {
    let namespace = &snapshot.namespace;
    let mut changes = vec![fence(subject, tracks, snapshot, note(run, args, color, snapshot))];
    for workload in &color.workloads {
        let autoscalers = snapshot.autoscalers.iter().flatten().filter(|hpa| workload.is_scaled_by(hpa));
        changes.extend(autoscalers.filter_map(|hpa| scale::restore_floor(hpa, namespace)));
        changes.push(if args.delete { delete(workload, namespace) } else { scale::resize(workload, 0, namespace) });
    }
    let pods = tracks.pods_of(&color.name, &snapshot.pods).len();
    let verb = if args.delete { "delete" } else { "scale to zero" };
    let workloads: Vec<String> = color.workloads.iter().map(|w| w.reference()).collect();
    let volumes = if color.workloads.iter().any(|w| w.has_own_volumes) { "; its volume claims stay" } else { "" };
    let summary = format!("{verb} {} ({pods} pods){volumes}", workloads.join(", "));
    Removal {
        service: subject.name().to_owned(),
        color: color.name.clone(),
        selector: tracks.selector_for(&color.name),
        workloads,
        changes,
        give_back: if args.delete { Vec::new() } else { give_back(color, namespace) },
        summary,
    }
}

fn give_back(color: &Color, namespace: &str) -> Vec<Change> {
    let up = color.workloads.iter().filter(|w| w.replicas > 0);
    up.map(|w| scale::resize(&Workload { replicas: 0, ..Workload::clone(w) }, w.replicas, namespace)).collect()
}

/// The first write: a note on the Service that holds only while the selector is what the plan was
/// made from. A switch that got there first makes it fail, and one that comes later sees it.
fn fence(subject: &Subject<'_>, tracks: &Tracks, snapshot: &Snapshot, cleanup: Cleanup) -> Change {
    let note = json!(cleanup).to_string();
    let mut ops = vec![Op::test("/spec/selector", json!(tracks.selector_for(&tracks.active)))];
    if subject.service.metadata.annotations.is_none() {
        ops.push(Op::test("/metadata/annotations", Value::Null));
        ops.push(Op::add("/metadata/annotations", json!({CLEANUP: note})));
    } else {
        let raw = subject.recorded.raw_current.clone().map_or(Value::Null, Value::String);
        ops.push(Op::test(&annotation_pointer(CURRENT), raw));
        ops.push(Op::add(&annotation_pointer(CLEANUP), note));
    }
    Change {
        object: format!("service/{}", subject.name()),
        path: service_path(&snapshot.namespace, subject.name()),
        action: Action::JsonPatch(ops),
        summary: format!("note: {} is taken down", cleanup.color),
        undo: None,
    }
}

fn note(run: &Run, args: &CleanupArgs, color: &Color, snapshot: &Snapshot) -> Cleanup {
    let by = snapshot.who.clone().unwrap_or_else(|_| run.cluster.user.clone());
    Cleanup { color: color.name.clone(), by, at: snapshot.at, reason: printable(&args.write.reason) }
}

fn delete(workload: &Workload, namespace: &str) -> Change {
    let collection = path_of("apps", "v1", workload.kind.plural(), Some(namespace));
    Change {
        object: workload.reference(),
        path: format!("{collection}/{}", workload.name()),
        action: Action::Delete {
            uid: workload.metadata.uid.clone().unwrap_or_default(),
            resource_version: workload.metadata.resource_version.clone().unwrap_or_default(),
            generation: workload.metadata.generation.unwrap_or_default(),
        },
        summary: "deleted".into(),
        undo: None,
    }
}

impl Verdict {
    /// What is to be taken down, if anything.
    pub fn removal(&self) -> Option<&Removal> {
        match self {
            Self::Remove(removal) => Some(removal),
            Self::Kept { .. } | Self::Down { .. } => None,
        }
    }

    /// One line for people.
    pub fn line(&self) -> String {
        match self {
            Self::Remove(r) => format!("  {}: {}", r.color, r.summary),
            Self::Kept { color, why, .. } => format!("x {color} stays: {why}"),
            Self::Down { color, .. } => format!("  {color} is down already"),
        }
    }

    /// `{name, color, verdict: remove|kept|down, why?}`
    pub fn value(&self) -> Value {
        match self {
            Self::Remove(r) => {
                json!({"name": r.service, "color": r.color, "verdict": "remove", "plan": r.summary, "gone": false})
            }
            Self::Kept { service, color, why, .. } => {
                json!({"name": service, "color": color, "verdict": "kept", "why": why})
            }
            Self::Down { service, color } => json!({"name": service, "color": color, "verdict": "down"}),
        }
    }
}
