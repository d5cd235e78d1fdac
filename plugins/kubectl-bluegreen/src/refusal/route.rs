//! Routes that don't say where to go, or can't be made to.

use std::collections::BTreeSet;

use release_core::command::{Command, Scope, patch_command};
use release_core::failure::{Failure, Next};
use release_core::kube::service::service_name;
use release_core::release::change::json_patch;
use release_core::text::printable;
use release_core::traffic::router::find::RouterUnclear;
use release_core::traffic::router::route53::Refusal;
use release_core::traffic::router::{NamedRouter, Route, RouterKind, Rule};
use release_core::traffic::track_key::are_of_one_application;

use super::asked::Asked;
use super::ways::Ways;
use crate::service_view::ServiceView;
use crate::snapshot::Snapshot;

/// Nobody can say by what the Service is moved.
pub fn unclear(view: &ServiceView<'_>, why: &RouterUnclear, snapshot: &Snapshot, asked: &Asked) -> Failure {
    let scope = &snapshot.scope;
    let unread: String = snapshot.routers_unread.iter().map(|what| format!("; {what} can't be read")).collect();
    let text = format!("service/{}: {why}{unread}", view.name());
    let by = |all: &[(NamedRouter, String)]| -> Vec<Command> {
        all.iter().map(|(named, _)| asked.by_router(&named.to_string(), scope)).collect()
    };
    match why {
        RouterUnclear::Several(all) => Failure::failed("AmbiguousRouter", text).next(Next::Try(by(all), None)),
        RouterUnclear::NotThere(named, _) if named.records.is_some() => {
            Failure::failed("NoSuchRouter", text).next("give each color a record of its load balancer: docs/routers.md")
        }
        RouterUnclear::NotThere(_, all) if all.is_empty() => Failure::failed("NoSuchRouter", text)
            .next("a route shares a Service's requests by subsets, or by a Service each"),
        RouterUnclear::NotThere(_, all) => Failure::failed("NoSuchRouter", text).next(Next::Try(by(all), None)),
        RouterUnclear::SeveralKeys { keys, .. } => {
            let each = keys.iter().map(|key| asked.by(key, scope)).collect();
            Failure::failed("AmbiguousTrackKey", text).next(Next::Try(each, None))
        }
        RouterUnclear::OfAnother { service, .. } => {
            Failure::failed("RouteShared", text).next(of_another(view, service, snapshot, asked))
        }
        RouterUnclear::Undecided { .. } => {
            Failure::failed("RouteUndecided", text).next("mend it; or name what decides with --router")
        }
        RouterUnclear::Unread { .. } => Failure::failed("RecordsNotRead", text)
            .next("docs/permissions.md has the rights that it needs, in the account of the zone"),
        RouterUnclear::NoWeight(route) => {
            let colors: BTreeSet<&str> = route.colors.values().map(String::as_str).collect();
            let note = "each gives one color all of the requests".to_owned();
            Failure::failed("NoWeight", text).next(Next::Try(all_to_each(route, colors, scope), Some(note)))
        }
    }
}

/// The same words for the Service that the route's record is of; never for another application's.
fn of_another(view: &ServiceView<'_>, service: &str, snapshot: &Snapshot, asked: &Asked) -> Next {
    let scope = &snapshot.scope;
    let other = snapshot.neighbours.iter().flatten().find(|other| service_name(other) == service);
    let same = other.filter(|other| are_of_one_application(view.service, other));
    let status = || Command::new("kubectl bluegreen status").arg(service).scope(scope);
    let note = "give each Service a route of its own".to_owned();
    match (same.and_then(|_| asked.of_service(service, scope)), other) {
        (Some(command), _) => Next::Try(vec![command], None),
        (None, Some(_)) => Next::Look(status(), Some(note)),
        (None, None) => Next::Hint(note),
    }
}

/// A canary is under way, or somebody left it there: nothing that is written over all of it can be taken back.
pub fn split_weights(ways: Ways<'_>, route: &Route) -> Failure {
    let Ways { view, tracks, scope, .. } = ways;
    let shown: Vec<String> = route.rules(&route.object).iter().map(Rule::shown).collect();
    let text = format!(
        "{} splits the requests of service/{} between its colors: {}; a canary may be under way",
        route.reference(),
        view.name(),
        printable(&shown.join("; "))
    );
    let colors = tracks.colors.iter().map(|color| color.name.as_str());
    let note = "each gives one color all of them; once whoever shifts them has ended".to_owned();
    Failure::failed("SplitWeights", text).next(Next::Try(all_to_each(route, colors, scope), Some(note)))
}

/// A command for each color that a route has a destination of: it gives that one all that the colors have.
fn all_to_each<'c>(route: &Route, colors: impl IntoIterator<Item = &'c str>, scope: &Scope) -> Vec<Command> {
    let has_it = colors.into_iter().filter(|color| route.without(&route.object, color).is_none());
    has_it.map(|color| route.command(scope, &route.object, color)).collect()
}

/// Records decide about two Services that are to move as one: they can be moved once.
pub fn of_one_name(records: &str, one: &str, other: &str) -> Failure {
    let text = format!("{records} would move service/{one} and service/{other}, and can be moved once");
    Failure::failed("RouteShared", text).next(format!("name service/{one} alone"))
}

/// Records that can't be moved as they are.
pub fn cant_be_moved(route: &Route, refusal: &Refusal) -> Failure {
    let text = format!("{}: {refusal}", route.reference());
    let failure = Failure::failed(refusal.reason(), text);
    match &route.dns {
        Some(dns) => failure.look(dns.list()),
        None => failure,
    }
}

/// A route has no destination of the color.
pub fn lacks_color(ways: Ways<'_>, (route, rule): (&Route, &Rule), color: &str) -> Failure {
    let Ways { view, scope, .. } = ways;
    let text = format!(
        "{} has no destination of {} for service/{}, in its {} {}",
        route.reference(),
        printable(color),
        view.name(),
        if route.is_by_subset() { "route" } else { "rule" },
        rule.called()
    );
    let failure = Failure::failed("RouteLacksColor", text);
    if route.kind == RouterKind::Nginx {
        return failure
            .next(format!("a canary Ingress leads to one Service: let that be the one of {}", printable(color)));
    }
    let Some(ops) = route.adding(rule, color) else {
        return failure.next(format!("give it one, with weight 0: what leads to {color} has no name yet"));
    };
    let add = patch_command(&route.reference(), &route.scope(scope), &json_patch(&ops));
    failure.next(Next::Try(vec![add], Some("adds it without requests, then again".into())))
}
