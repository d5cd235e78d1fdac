//! Why a Service can't be moved: what was found, and whole commands to paste.

mod added;
mod argo;
mod asked;
mod key;
mod near;

use std::collections::BTreeMap;

use release_core::command::{Command, Scope};
use release_core::failure::{Failure, Next};
use release_core::traffic::routes;
use release_core::traffic::selector::{Color, NotSwitchable, Tracks, as_label_selector};

use crate::options::Verb;
use crate::record::Record;
use crate::service_view::ServiceView;
use crate::snapshot::Snapshot;
pub use added::added_labels;
pub use asked::Asked;
use near::near;

/// Words a Service that has nothing to switch.
pub fn not_switchable(view: &ServiceView<'_>, why: &NotSwitchable, snapshot: &Snapshot, asked: &Asked) -> Failure {
    let (name, scope) = (view.name(), &snapshot.scope);
    let refused = |reason, what: String| refused(reason, format!("service/{name} {what}"));
    match why {
        NotSwitchable::ExternalName => {
            refused("ExternalName", "is of type ExternalName: it has no selector to move".into())
        }
        NotSwitchable::NoSelector => refused("NoSelector", "has no selector: its endpoints are managed by hand".into()),
        NotSwitchable::ArgoRollouts => argo::managed_by_argo(view, snapshot),
        NotSwitchable::SelectsEveryColor { key, colors } => selects_every_color(view, key, colors, snapshot),
        NotSwitchable::KeyNotInSelector { key, selector } => key::not_in_selector(view, key, selector, scope, asked),
        NotSwitchable::NoOtherColor { selector } => {
            no_other_color(view, &as_label_selector(selector), snapshot, asked.verb)
        }
        NotSwitchable::Ambiguous { keys } => several_keys(view, keys, scope, asked),
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

fn selects_every_color(view: &ServiceView<'_>, key: &str, colors: &[String], snapshot: &Snapshot) -> Failure {
    let routes = deciding_routes(view, snapshot);
    let (decider, next) = if routes.is_empty() {
        ("traffic goes to all of them".to_owned(), format!("add {key} to the Service's selector first"))
    } else {
        (format!("{} decides between them", routes.join(", ")), "change the route's weights instead".to_owned())
    };
    let colors = colors.join(", ");
    let message = format!("service/{} selects every color ({key}: {colors}); {decider}", view.name());
    refused("SelectsEveryColor", message).next(next)
}

/// Routes that send traffic to the Service at all.
fn deciding_routes(view: &ServiceView<'_>, snapshot: &Snapshot) -> Vec<String> {
    let (service, namespace) = (view.name(), &snapshot.namespace);
    let virtual_services = snapshot.virtual_services.as_deref().unwrap_or_default();
    let http_routes = snapshot.http_routes.as_deref().unwrap_or_default();
    let mut routes = routes::virtual_services_to(service, namespace, virtual_services);
    routes.extend(routes::routes_to(service, namespace, "httproute", http_routes));
    routes
}

fn no_other_color(view: &ServiceView<'_>, selector: &str, snapshot: &Snapshot, verb: Verb) -> Failure {
    let message = format!(
        "found nothing to switch service/{} to: no workload matches its selector ({selector}) in all labels but one",
        view.name()
    );
    if let Some(near) = near(view, snapshot, verb) {
        return refused("NoTrackKey", format!("{message}; {}", near.what)).next(near.next);
    }
    let workloads = Command::new("kubectl get deploy,sts").scope(&snapshot.scope).arg("--show-labels");
    refused("NoTrackKey", message).next(Next::Look(workloads, Some("name the label with --track-key".into())))
}

/// The color asked for isn't there.
pub fn no_such_color(view: &ServiceView<'_>, tracks: &Tracks, color: &str, snapshot: &Snapshot) -> Failure {
    let message =
        format!("no color \"{}\" behind service/{}: found {}", color.escape_debug(), view.name(), found(tracks));
    match another_version(view, tracks, snapshot) {
        Some(near) => refused("NoSuchColor", format!("{message}; {}", near.what)).next(near.next),
        None => with_others(refused("NoSuchColor", message), view, tracks, &snapshot.scope),
    }
}

/// Where there is one color only: what looks like another, and what keeps it from being one.
fn another_version(view: &ServiceView<'_>, tracks: &Tracks, snapshot: &Snapshot) -> Option<near::Near> {
    let alone = tracks.others().next().is_none();
    near(view, snapshot, Verb::Switch).filter(|near| alone && near.is_version)
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

/// Several colors run the image asked for.
pub fn several_run_image(view: &ServiceView<'_>, tracks: &Tracks, tag: &str, scope: &Scope) -> Failure {
    let message =
        format!("several colors behind service/{} run \"{}\": {}", view.name(), tag.escape_debug(), found(tracks));
    with_others(refused("AmbiguousImage", message), view, tracks, scope)
}

/// There is nothing besides the active color.
pub fn only_one_color(view: &ServiceView<'_>, tracks: &Tracks, snapshot: &Snapshot) -> Failure {
    let message = format!("service/{} has one color only: {}", view.name(), found(tracks));
    if let Some(near) = another_version(view, tracks, snapshot) {
        return refused("OnlyOneColor", format!("{message}; {}", near.what)).next(near.next);
    }
    let mut labels = tracks.base.clone();
    labels.insert(tracks.key.clone(), "OTHER".to_owned());
    refused("OnlyOneColor", message)
        .next(format!("deploy another workload whose pods are labelled {}", as_label_selector(&labels)))
}

/// A bare switch with more than two colors.
pub fn several_colors(view: &ServiceView<'_>, tracks: &Tracks, scope: &Scope) -> Failure {
    let message = format!("service/{} has several other colors: {}", view.name(), found(tracks));
    with_others(refused("AmbiguousColor", message), view, tracks, scope)
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
    with_others(refused("NoWayBack", message), view, tracks, scope)
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
    with_others(refused("NoWayBack", message), view, tracks, scope)
}

/// A rollback to a color that was deleted since.
pub fn way_back_gone(view: &ServiceView<'_>, tracks: &Tracks, record: &Record, snapshot: &Snapshot) -> Failure {
    let scope = &snapshot.scope;
    if let Some(added) = added_labels(view, tracks, snapshot) {
        return refused("NoWayBack", added.text(view)).try_next(added.mend(view, scope));
    }
    let taken = view.cleanup.note.as_ref().filter(|c| c.color == record.from && c.at >= record.at);
    let by = taken.map(|c| format!(" (taken down at {:.0} by {})", c.at, c.by)).unwrap_or_default();
    let selector = as_label_selector(&record.selector);
    let message = format!(
        "service/{} can't go back to {}: no workload has {selector} any more{by}; found {}",
        view.name(),
        record.from,
        found(tracks)
    );
    let others = switches(view, tracks, scope);
    let again = Command::new("kubectl bluegreen rollback").arg(view.name()).scope(scope);
    let deploy = format!("deploy {} again, then {again}", record.from);
    let next = if others.is_empty() { Next::Hint(deploy) } else { Next::Try(others, None) };
    refused("NoWayBack", message).next(next)
}

fn refused(reason: &'static str, message: String) -> Failure {
    Failure::failed(reason, message)
}

fn found(tracks: &Tracks) -> String {
    let describe = |c: &Color| {
        let mut workloads: Vec<String> = c.workloads.iter().map(|w| w.reference()).collect();
        workloads.extend(c.runners.iter().cloned());
        workloads.extend(c.has_strays.then(|| "pods of no workload".to_owned()));
        let active = if c.name == tracks.active { ", active" } else { "" };
        format!(
            "{} ({}{active})",
            c.name,
            if workloads.is_empty() { "no workload".to_owned() } else { workloads.join(", ") }
        )
    };
    let colors: Vec<String> = tracks.colors.iter().map(describe).collect();
    colors.join(", ")
}

/// The switches to the other colors, where there are any.
fn with_others(failure: Failure, view: &ServiceView<'_>, tracks: &Tracks, scope: &Scope) -> Failure {
    let others = switches(view, tracks, scope);
    if others.is_empty() { failure } else { failure.next(Next::Try(others, None)) }
}

fn switches(view: &ServiceView<'_>, tracks: &Tracks, scope: &Scope) -> Vec<Command> {
    let switch = Command::new("kubectl bluegreen switch").arg(view.name());
    // An empty value of the label can't be named.
    let others = tracks.others().filter(|color| color.is_run() && !color.name.is_empty());
    others.map(|color| switch.clone().flag("--to", &color.name).scope(scope)).collect()
}
