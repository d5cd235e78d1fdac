//! Why a Service can't be moved: what was found, and whole commands to paste.

mod argo;
mod asked;
pub mod deploying;
mod every;
mod foreign;
pub mod initial;
mod key;
mod near;
mod restored;
mod route;
mod unserved;
mod ways;

use std::collections::BTreeMap;
use std::sync::Arc;

use release_core::command::{Command, Scope};
use release_core::failure::{Failure, Next};
use release_core::kube::{Workload, WorkloadKind, has_all};
use release_core::traffic::selector::{Color, NotSwitchable, Tracks, as_label_selector};

use crate::options::Verb;
use crate::record::Record;
use crate::service_view::{ServiceView, ready_count};
use crate::snapshot::Snapshot;
pub use argo::MANAGED_BY_ARGO;
pub use asked::Asked;
pub use foreign::foreign_labels;
use near::near;
use restored::restored;
pub use route::{cant_be_moved, lacks_color, of_one_name, split_weights};
pub use unserved::ways_out;
pub use ways::Ways;

/// The label that `init` gives where no other is named.
const FIRST_KEY: &str = "version";

/// Words a Service that has nothing to switch.
pub fn not_switchable(view: &ServiceView<'_>, why: &NotSwitchable, snapshot: &Snapshot, asked: &Asked) -> Failure {
    let (name, scope) = (view.name(), &snapshot.scope);
    let refused = |reason, what: String| refused(reason, format!("service/{name} {what}"));
    match why {
        NotSwitchable::ExternalName => {
            refused("ExternalName", "is of type ExternalName: it has no selector to move".into())
        }
        NotSwitchable::NoSelector => match restored(view, snapshot) {
            Some(next) => refused("NoSelector", "has no selector any more, and our record has one".into()).next(next),
            None => refused("NoSelector", "has no selector: its endpoints are managed by hand".into()),
        },
        NotSwitchable::ArgoRollouts => argo::managed_by_argo(view, snapshot),
        NotSwitchable::SelectsEveryColor { key, colors } => every::selects_every_color(view, key, colors, snapshot),
        NotSwitchable::KeyNotInSelector { key, selector } => {
            let failure = key::not_in_selector(view, key, selector, scope, asked);
            let recorded = view.recorded.current.as_ref().is_some_and(|record| record.key == *key);
            match restored(view, snapshot).filter(|_| recorded) {
                Some(next) => failure.next(next),
                None => failure,
            }
        }
        NotSwitchable::NoOtherColor { selector } => no_other_color(view, &as_label_selector(selector), snapshot, asked),
        NotSwitchable::Ambiguous { keys } => several_keys(view, keys, scope, asked),
        NotSwitchable::Router(why) => route::unclear(view, why, snapshot, asked),
    }
}

fn several_keys(view: &ServiceView<'_>, keys: &BTreeMap<String, Vec<String>>, scope: &Scope, asked: &Asked) -> Failure {
    let found = keys.iter().map(|(key, colors)| format!("{key} ({})", colors.join(", ")));
    let found = found.collect::<Vec<_>>().join("; ");
    let text = format!("service/{} could be switched along several labels: {found}", view.name());
    let failure = refused("AmbiguousTrackKey", text);
    let (mut commands, mut without) = (Vec::new(), Vec::new());
    for (key, colors) in keys {
        let active = view.selector().and_then(|selector| selector.get(key));
        let others: Vec<&str> = colors.iter().filter(|color| Some(*color) != active).map(String::as_str).collect();
        let along = asked.along(key, &others, scope);
        if along.is_empty() {
            without.push(format!("--track-key {key} has {}", others.join(", ")));
        }
        commands.extend(along);
    }
    if commands.is_empty() {
        return failure.next(format!("say with --to where to go: {}", without.join("; ")));
    }
    let note = (!without.is_empty()).then(|| without.join("; "));
    failure.next(Next::Try(commands, note))
}

fn no_other_color(view: &ServiceView<'_>, selector: &str, snapshot: &Snapshot, asked: &Asked) -> Failure {
    let message = format!(
        "found nothing to switch service/{} to: no workload matches its selector ({selector}) in all labels but one",
        view.name()
    );
    if let Some(next) = restored(view, snapshot) {
        return refused("NoTrackKey", message).next(next);
    }
    if let Some(near) = near(view, snapshot, asked) {
        return refused("NoTrackKey", format!("{message}; {}", near.what)).next(near.next);
    }
    if has_no_color_yet(view, snapshot) {
        let init = Command::new("kubectl bluegreen init").arg(view.name()).scope(&snapshot.scope);
        return refused("NoTrackKey", message).next(Next::Try(vec![init], Some("gives it its first color".into())));
    }
    let workloads = Command::new("kubectl get deploy,sts").scope(&snapshot.scope).arg("--show-labels");
    refused("NoTrackKey", message).next(Next::Look(workloads, Some("name the label with --track-key".into())))
}

/// What `init` begins with: one Deployment without the label that it gives; one that has it may be of an `init` that
/// was cut off.
fn has_no_color_yet(view: &ServiceView<'_>, snapshot: &Snapshot) -> bool {
    let Some(selector) = view.selector() else { return false };
    let selected = snapshot.workloads.iter().filter(|workload| has_all(&workload.pod_labels(), selector));
    let (labelled, without): (Vec<&Arc<Workload>>, Vec<&Arc<Workload>>) =
        selected.partition(|workload| workload.pod_labels().contains_key(FIRST_KEY));
    matches!(&without[..], [one] if one.kind == WorkloadKind::Deployment) && labelled.len() <= 1
}

/// The color asked for isn't there.
pub fn no_such_color(ways: Ways<'_>, color: &str, snapshot: &Snapshot) -> Failure {
    let Ways { view, tracks, .. } = ways;
    let message =
        format!("no color \"{}\" behind service/{}: found {}", color.escape_debug(), view.name(), found(tracks));
    if let Some(foreign) = foreign_labels(view, tracks, snapshot) {
        return refused("NoSuchColor", format!("{message}; {}", foreign.text(view)))
            .next(foreign.next(view, ways.scope));
    }
    match another_version(view, tracks, snapshot) {
        Some(near) => refused("NoSuchColor", format!("{message}; {}", near.what)).next(near.next),
        None => refused("NoSuchColor", message).next(ways.instead_of(color)),
    }
}

/// Where there is one color only: what looks like another, and what keeps it from being one.
fn another_version(view: &ServiceView<'_>, tracks: &Tracks, snapshot: &Snapshot) -> Option<near::Near> {
    let alone = tracks.others().next().is_none();
    near(view, snapshot, &Asked::to_switch(view.name())).filter(|near| alone && near.is_version)
}

/// Widening would leave a Service without a selector, and its endpoints to nobody
/// (<https://kubernetes.io/docs/concepts/services-networking/service/#services-without-selectors>).
pub fn cant_widen(ways: Ways<'_>) -> Failure {
    let Ways { view, tracks, .. } = ways;
    let text = format!(
        "service/{} selects by {} alone: without it nobody keeps its endpoints, so it can't select both colors for a while",
        view.name(),
        tracks.key
    );
    refused("CantWiden", text).next("leave --widen out, or give its pods and its selector one more label")
}

/// A cleanup of a color that isn't there, or is not idle.
pub fn no_idle_color(view: &ServiceView<'_>, tracks: &Tracks, color: &str, scope: &Scope) -> Failure {
    let what = if color == tracks.active { "it is active" } else { "there is none of that name" };
    let message = format!(
        "no idle color \"{}\" behind service/{}, {what}: found {}",
        color.escape_debug(),
        view.name(),
        found(tracks)
    );
    refused("NoSuchColor", message).look(Command::new("kubectl bluegreen status").arg(view.name()).scope(scope))
}

/// No color runs the image asked for.
pub fn no_such_image(view: &ServiceView<'_>, tracks: &Tracks, tag: &str, scope: &Scope) -> Failure {
    let message =
        format!("no color behind service/{} runs \"{}\": found {}", view.name(), tag.escape_debug(), found(tracks));
    // Any other color would be another version than the one that was asked for.
    refused("NoSuchImage", message).look(Command::new("kubectl bluegreen status").arg(view.name()).scope(scope))
}

/// Several colors run the image asked for: these, and no other.
pub fn several_run_image(ways: Ways<'_>, tag: &str, colors: &[&Color]) -> Failure {
    let Ways { view, tracks, .. } = ways;
    let those: Vec<String> = colors.iter().map(|color| described(color, tracks)).collect();
    let (tag, those) = (tag.escape_debug(), those.join(", "));
    let message = format!("several colors behind service/{} run \"{tag}\": {those}", view.name());
    let commands = ways.to_each(colors.iter().copied());
    refused("AmbiguousImage", message).next(Next::Try(commands, None))
}

/// There is nothing besides the active color.
pub fn only_one_color(view: &ServiceView<'_>, tracks: &Tracks, snapshot: &Snapshot) -> Failure {
    let message = format!("service/{} has one color only: {}", view.name(), found(tracks));
    if let Some(foreign) = foreign_labels(view, tracks, snapshot) {
        let next = foreign.next(view, &snapshot.scope);
        return refused("OnlyOneColor", format!("{message}; {}", foreign.text(view))).next(next);
    }
    if let Some(near) = another_version(view, tracks, snapshot) {
        return refused("OnlyOneColor", format!("{message}; {}", near.what)).next(near.next);
    }
    let mut labels = tracks.base.clone();
    labels.insert(tracks.key.clone(), "OTHER".to_owned());
    refused("OnlyOneColor", message)
        .next(format!("deploy another workload whose pods are labelled {}", as_label_selector(&labels)))
}

/// A bare switch with more than two colors.
pub fn several_colors(ways: Ways<'_>) -> Failure {
    let message = format!("service/{} has several other colors: {}", ways.view.name(), found(ways.tracks));
    ways.with_others(refused("AmbiguousColor", message))
}

/// Where one Service would go.
#[derive(Debug, Clone, Copy)]
pub struct Way<'a> {
    pub service: &'a str,
    pub from: &'a str,
    pub to: &'a str,
}

/// Services that have diverged would pass each other.
pub fn opposite_ways(one: Way<'_>, other: Way<'_>, verb: Verb, scope: &Scope) -> Failure {
    let message = format!(
        "service/{} would move {} -> {} and service/{} {} -> {}: they stand on different colors",
        one.service, one.from, one.to, other.service, other.from, other.to
    );
    let alone = |way: Way<'_>| {
        let command = Command::new("kubectl bluegreen").arg(verb.recorded().to_string()).arg(way.service);
        let command = if verb == Verb::Switch { command.flag("--to", way.to) } else { command };
        command.scope(scope)
    };
    refused("OppositeWays", message).next(Next::Try(vec![alone(one), alone(other)], None))
}

/// A rollback that the cluster's record says nothing about.
pub fn no_way_back(view: &ServiceView<'_>, tracks: &Tracks, scope: &Scope) -> Failure {
    let message = format!(
        "no record of a switch of service/{}, and not exactly one other color with ready pods: found {}",
        view.name(),
        found(tracks)
    );
    Ways::by_switch(view, tracks, scope).with_others(refused("NoWayBack", message))
}

/// A rollback that the cluster's record says nothing about, between colors of which none is known to be
/// the older.
pub fn neither_before(view: &ServiceView<'_>, tracks: &Tracks, scope: &Scope) -> Failure {
    let why = if view.recorded.unreadable.is_some() { "no usable record" } else { "no record" };
    let message = format!(
        "{why} of a switch of service/{}, and nothing says which color was before {}: found {}; say where to go",
        view.name(),
        tracks.active,
        found(tracks)
    );
    Ways::by_switch(view, tracks, scope).with_others(refused("NoWayBack", message))
}

/// A rollback to a color that was deleted since: of a switch the one that it left, of a move by hand the one
/// that our record left active. To any other color nobody asked to go; where nothing serves, one that is
/// ready is better than nothing.
pub fn way_back_gone(view: &ServiceView<'_>, tracks: &Tracks, record: &Record, snapshot: &Snapshot) -> Failure {
    let scope = &snapshot.scope;
    if let Some(foreign) = foreign_labels(view, tracks, snapshot) {
        return refused("NoWayBack", foreign.text(view)).next(foreign.next(view, scope));
    }
    let color = if record.to == tracks.active { &record.from } else { &record.to };
    let taken = view.cleanup.note.as_ref().filter(|c| c.color == *color && c.at >= record.at);
    let by = taken.map(|c| format!(" (taken down at {:.0} by {})", c.at, c.by)).unwrap_or_default();
    let mut labels = record.selector.clone();
    labels.insert(record.key.clone(), color.clone());
    let message = format!(
        "service/{} can't go back to {color}: no workload has {} any more{by}; found {}",
        view.name(),
        as_label_selector(&labels),
        found(tracks)
    );
    let ways = Ways::by_switch(view, tracks, scope);
    let again = Command::new("kubectl bluegreen rollback").arg(view.name()).scope(scope);
    let served = ready_count(&tracks.pods_of(&tracks.active, &snapshot.pods)) > 0;
    let next = if served {
        Next::Look(ways.status(), Some(format!("deploy {color} again, then {again}")))
    } else {
        ways_out(ways, &snapshot.pods)
    };
    refused("NoWayBack", message).next(next)
}

fn refused(reason: &'static str, message: String) -> Failure {
    Failure::failed(reason, message)
}

fn found(tracks: &Tracks) -> String {
    let colors: Vec<String> = tracks.colors.iter().map(|color| described(color, tracks)).collect();
    colors.join(", ")
}

/// `blue (deploy/api-blue, active)`
fn described(color: &Color, tracks: &Tracks) -> String {
    let mut workloads: Vec<String> = color.workloads.iter().map(|w| w.reference()).collect();
    workloads.extend(color.runners.iter().cloned());
    workloads.extend(color.has_strays.then(|| "pods of no workload".to_owned()));
    let what = if workloads.is_empty() { "no workload".to_owned() } else { workloads.join(", ") };
    format!("{} ({what}{})", color.name, if color.name == tracks.active { ", active" } else { "" })
}
