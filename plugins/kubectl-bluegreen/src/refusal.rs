//! Why a Service can't be moved: what was found, and whole commands to paste.

use kubectl_release::change::shell_quote;
use kubectl_release::error::Failure;
use kubectl_release::record::Record;
use kubectl_release::selector::{Color, NotSwitchable, Tracks, as_label_selector};

use crate::plan::Context;
use crate::routes_found::deciding_routes;
use crate::snapshot::Snapshot;
use crate::subject::Subject;

/// Words a Service that has nothing to switch.
pub fn not_switchable(
    subject: &Subject<'_>,
    why: &NotSwitchable,
    snapshot: &Snapshot,
    context: &Context<'_>,
) -> Failure {
    let name = subject.name();
    let suffix = context.suffix;
    match why {
        NotSwitchable::ExternalName => refused("ExternalName", format!("service/{name} is of type ExternalName: it has no selector to move")),
        NotSwitchable::NoSelector => refused("NoSelector", format!("service/{name} has no selector: its endpoints are managed by hand")),
        NotSwitchable::ArgoRollouts => refused("ManagedByArgoRollouts", format!("service/{name} is managed by Argo Rollouts, which would put the selector back"))
            .next(format!("kubectl argo rollouts list rollouts{suffix}")),
        NotSwitchable::SelectsEveryColor { key, colors } => {
            let routes = deciding_routes(subject, snapshot);
            let decider = if routes.is_empty() { "traffic goes to all of them".to_owned() } else { format!("{} decides between them", routes.join(", ")) };
            refused("SelectsEveryColor", format!("service/{name} selects every color ({key}: {}); {decider}", colors.join(", ")))
                .next(if routes.is_empty() { format!("add {key} to the Service's selector first") } else { "change the route's weights instead".to_owned() })
        }
        NotSwitchable::KeyNotInSelector { key, selector } => {
            refused("NoTrackKey", format!("service/{name} does not select by \"{}\": its selector is {}", key.escape_debug(), as_label_selector(selector)))
        }
        NotSwitchable::NoOtherColor { selector } => {
            refused("NoTrackKey", format!("found nothing to switch service/{name} to: no workload matches its selector ({}) in all labels but one", as_label_selector(selector)))
                .next(format!("name the label with --track-key; kubectl get deploy,sts{suffix} --show-labels"))
        }
        NotSwitchable::Ambiguous { keys } => {
            let found: Vec<String> = keys.iter().map(|(key, colors)| format!("{key} ({})", colors.join(", "))).collect();
            let verb = verb_word(context);
            let commands = keys.keys().map(|key| format!("kubectl bluegreen {verb} {name} --track-key {key}{suffix}"));
            refused("AmbiguousTrackKey", format!("service/{name} could be switched along several labels: {}", found.join("; "))).next(lines(commands))
        }
    }
}

/// The color asked for isn't there.
pub fn no_such_color(subject: &Subject<'_>, tracks: &Tracks, color: &str, context: &Context<'_>) -> Failure {
    let message =
        format!("no color \"{}\" behind service/{}: found {}", color.escape_debug(), subject.name(), found(tracks));
    refused("NoSuchColor", message).next(switch_lines(subject, tracks, context))
}

/// No color runs the image asked for.
pub fn no_such_image(subject: &Subject<'_>, tracks: &Tracks, tag: &str, context: &Context<'_>) -> Failure {
    let message =
        format!("no color behind service/{} runs \"{}\": found {}", subject.name(), tag.escape_debug(), found(tracks));
    refused("NoSuchImage", message).next(switch_lines(subject, tracks, context))
}

/// Several colors run the image asked for.
pub fn several_run_image(subject: &Subject<'_>, tracks: &Tracks, tag: &str, context: &Context<'_>) -> Failure {
    let message =
        format!("several colors behind service/{} run \"{}\": {}", subject.name(), tag.escape_debug(), found(tracks));
    refused("AmbiguousImage", message).next(switch_lines(subject, tracks, context))
}

/// There is nothing besides the active color.
pub fn only_one_color(subject: &Subject<'_>, tracks: &Tracks) -> Failure {
    let message = format!("service/{} has one color only: {}", subject.name(), found(tracks));
    let mut labels = tracks.base.clone();
    labels.insert(tracks.key.clone(), "OTHER".to_owned());
    refused("OnlyOneColor", message)
        .next(format!("deploy another workload whose pods are labelled {}", as_label_selector(&labels)))
}

/// A bare switch with more than two colors.
pub fn several_colors(subject: &Subject<'_>, tracks: &Tracks, context: &Context<'_>) -> Failure {
    let message = format!("service/{} has several other colors: {}", subject.name(), found(tracks));
    refused("AmbiguousColor", message).next(switch_lines(subject, tracks, context))
}

/// A rollback that the cluster's record says nothing about.
pub fn no_way_back(subject: &Subject<'_>, tracks: &Tracks, context: &Context<'_>) -> Failure {
    let message = format!(
        "no record of a switch of service/{}, and not exactly one other color with ready pods: found {}",
        subject.name(),
        found(tracks)
    );
    refused("NoWayBack", message).next(switch_lines(subject, tracks, context))
}

/// A rollback to a color that was deleted since.
pub fn way_back_gone(subject: &Subject<'_>, tracks: &Tracks, record: &Record, context: &Context<'_>) -> Failure {
    let taken = subject.recorded.cleanup.as_ref().filter(|c| c.color == record.from && c.at >= record.at);
    let by = taken.map(|c| format!(" (taken down at {:.0} by {})", c.at, c.by)).unwrap_or_default();
    let selector = as_label_selector(&record.selector);
    let message = format!(
        "service/{} can't go back to {}: no workload has {selector} any more{by}; found {}",
        subject.name(),
        record.from,
        found(tracks)
    );
    let others = switch_lines(subject, tracks, context);
    let deploy =
        format!("deploy {} again, then kubectl bluegreen rollback {}{}", record.from, subject.name(), context.suffix);
    refused("NoWayBack", message).next(if others.is_empty() { deploy } else { others })
}

fn refused(reason: &'static str, message: String) -> Failure {
    Failure::failed(reason, message)
}

fn verb_word(context: &Context<'_>) -> &'static str {
    match context.options.aim {
        crate::options::Aim::Back => "rollback",
        _ => "switch",
    }
}

fn found(tracks: &Tracks) -> String {
    let describe = |c: &Color| {
        let workloads: Vec<String> = c.workloads.iter().map(|w| w.reference()).collect();
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

fn switch_lines(subject: &Subject<'_>, tracks: &Tracks, context: &Context<'_>) -> String {
    lines(tracks.others().filter(|c| !c.workloads.is_empty()).map(|color| {
        format!("kubectl bluegreen switch {} --to {}{}", subject.name(), shell_quote(&color.name), context.suffix)
    }))
}

fn lines(commands: impl Iterator<Item = String>) -> String {
    commands.collect::<Vec<_>>().join("\n     ")
}
