//! Whether a Service moves, and where to.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use release_core::command::Command;
use release_core::failure::Outcome;
use release_core::text::printable;
use release_core::traffic::router::{Route, Standing};
use release_core::traffic::selector::Tracks;

use super::back;
use super::choice::{self, Chosen};
use super::movement::{Move, Width};
use super::stay::{Stay, StayState};
use super::way::WayBack;
use crate::left::LeftWorkload;
use crate::options::{MoveOptions, Target, Verb};
use crate::record::Record;
use crate::refusal::{self, Asked, Way, Ways, foreign_labels, ways_out};
use crate::service_view::{ServiceView, ready_count};
use crate::snapshot::Snapshot;

/// What is asked for, and by whom.
#[derive(Debug, Clone, Copy)]
pub struct MoveRequest<'a> {
    pub options: &'a MoveOptions,
    /// Identifies this run in records and events.
    pub run_id: &'a str,
    /// The kubeconfig's name for the user, where the API server doesn't say who we are.
    pub user: &'a str,
}

/// What is to be done with one Service.
#[derive(Debug, Clone)]
pub enum Step {
    Move(Box<Move>),
    /// Written already by a run that was not proven.
    Finish(Box<Move>),
    Stay(Stay),
}

/// Plans every Service, in the order asked.
///
/// # Errors
/// Exit 1 where a Service can't be switched or the target isn't clear: with what was found and
/// whole commands to paste.
pub fn steps(snapshot: &Snapshot, views: &[ServiceView<'_>], request: MoveRequest<'_>) -> Outcome<Vec<Step>> {
    let steps: Vec<Step> = views.iter().map(|view| step(snapshot, views, view, request)).collect::<Outcome<_>>()?;
    if let Some((one, other)) = of_one_name(&steps) {
        return Err(refusal::of_one_name(&one.object(), &one.service, &other.service));
    }
    // Who names each one's target means it, and so does who takes back what was done as one.
    let is_apart = !request.options.parts.is_empty();
    let is_meant = |one: Way<'_>, other: Way<'_>| {
        is_apart || (request.options.verb == Verb::Rollback && moved_as_one(views, one.service, other.service))
    };
    match crossing(&steps).filter(|(one, other)| !is_meant(*one, *other)) {
        Some((one, other)) => Err(refusal::opposite_ways(one, other, request.options.verb, &snapshot.scope)),
        None => Ok(as_one(told_apart(steps))),
    }
}

/// Two Services that would be moved by the same records, which can be moved once.
fn of_one_name(steps: &[Step]) -> Option<(&Move, &Move)> {
    let by_dns = |step: &'_ &Step| matches!(step, Step::Move(movement) if movement.records().is_some());
    let moves: Vec<&Move> = steps.iter().filter(by_dns).filter_map(Step::movement).collect();
    moves.iter().enumerate().find_map(|(at, one)| {
        let other = moves.iter().skip(at.saturating_add(1)).find(|other| other.object() == one.object())?;
        Some((*one, *other))
    })
}

/// Where Services of a set go to different colors, each record says it of all: who finds one that was cut off can't
/// know the others' from it.
fn told_apart(mut steps: Vec<Step>) -> Vec<Step> {
    let ways = steps.iter().filter_map(|step| match step {
        Step::Move(movement) | Step::Finish(movement) => Some((movement.service.clone(), movement.to.clone())),
        Step::Stay(_) => None,
    });
    let colors: BTreeMap<String, String> = ways.collect();
    if colors.values().collect::<BTreeSet<_>>().len() < 2 {
        return steps;
    }
    for step in &mut steps {
        if let Step::Move(movement) = step {
            movement.record.colors.clone_from(&colors);
        }
    }
    steps
}

/// What a run of a set did not get to is a part of it where the same words finish it: it goes back with it.
fn as_one(mut steps: Vec<Step>) -> Vec<Step> {
    let begun = steps.iter().find_map(|step| match step {
        Step::Finish(begun) => Some(begun.record.clone()),
        Step::Move(_) | Step::Stay(_) => None,
    });
    let Some(begun) = begun else { return steps };
    for step in &mut steps {
        if let Step::Move(rest) = step
            && begun.color_of(&rest.service) == Some(&rest.to)
            && begun.verb == rest.record.verb
        {
            rest.record.id.clone_from(&begun.id);
        }
    }
    steps
}

/// Two Services of which one would move to the color that the other leaves: they have diverged, and
/// moving them as one would swap them.
fn crossing(steps: &[Step]) -> Option<(Way<'_>, Way<'_>)> {
    let ways: Vec<Way<'_>> = steps.iter().filter_map(Step::way).collect();
    let one = ways.iter().find(|way| ways.iter().any(|other| other.from == way.to))?;
    let other = ways.iter().find(|other| other.from == one.to)?;
    Some((*one, *other))
}

/// True where the last move of both Services is the same.
fn moved_as_one(views: &[ServiceView<'_>], one: &str, other: &str) -> bool {
    let last =
        |name: &str| views.iter().find(|view| view.name() == name)?.recorded.current.as_ref().map(|last| &last.id);
    last(one).is_some() && last(one) == last(other)
}

impl Step {
    fn movement(&self) -> Option<&Move> {
        match self {
            Self::Move(movement) => Some(movement),
            Self::Stay(_) | Self::Finish(_) => None,
        }
    }

    fn way(&self) -> Option<Way<'_>> {
        match self {
            Self::Move(m) => Some(Way { service: &m.service, from: &m.from, to: &m.to }),
            Self::Stay(_) | Self::Finish(_) => None,
        }
    }
}

fn step(
    snapshot: &Snapshot,
    all: &[ServiceView<'_>],
    view: &ServiceView<'_>,
    request: MoveRequest<'_>,
) -> Outcome<Step> {
    let (verb, asked) = (request.options.verb, || Asked::of(request.options));
    let tracks = view.tracks.as_ref().map_err(|why| refusal::not_switchable(view, why, snapshot, &asked()))?;
    let ways = Ways::of(view, tracks, &snapshot.scope, request.options);
    let route = view.route.as_deref();
    if let Some(route) = route.filter(|route| matches!(route.standing(&route.object), Standing::Split(_))) {
        return Err(refusal::split_weights(ways, route));
    }
    let chosen = match &request.options.of(view.name()).target {
        Target::Color(color) => choice::by_name(ways, color, snapshot)?,
        Target::Image(tag) => choice::by_image(ways, tag, snapshot)?,
        Target::Other => choice::only_other(ways, snapshot)?,
        Target::Back => match back::way_back(snapshot, all, view, tracks)? {
            WayBack::Color(chosen) => chosen,
            WayBack::AlreadyBack { state, message, forward } => {
                let unproven = unproven(snapshot, view, tracks, verb);
                return Ok(unproven.unwrap_or_else(|| stay(snapshot, ways, state, message, forward)));
            }
        },
    };
    if chosen.color == tracks.active {
        let message = format!("{} is active already", chosen.color);
        let unproven = unproven(snapshot, view, tracks, verb);
        return Ok(unproven.unwrap_or_else(|| stay(snapshot, ways, StayState::AlreadyActive, message, None)));
    }
    if let Some((route, refusal)) = route.and_then(|route| Some((route, route.refusal_to(&chosen.color)?))) {
        return Err(refusal::cant_be_moved(route, &refusal));
    }
    let lacks = route.and_then(|route| Some((route, route.without(&route.object, &chosen.color)?)));
    if let Some((route, rule)) = lacks {
        return Err(refusal::lacks_color(ways, (route, &rule), &chosen.color));
    }
    if request.options.of(view.name()).widen && route.is_none() && tracks.base.is_empty() {
        return Err(refusal::cant_widen(ways));
    }
    Ok(Step::Move(Box::new(movement(snapshot, view, tracks, chosen, request))))
}

fn stay(snapshot: &Snapshot, ways: Ways<'_>, state: StayState, message: String, forward: Option<Command>) -> Step {
    let Ways { view, tracks, .. } = ways;
    let (service, key, color) = (view.name().to_owned(), tracks.key.clone(), tracks.active.clone());
    let is_served = ready_count(&tracks.serving(&color, &snapshot.pods)) > 0;
    let way_out = (!is_served).then(|| match foreign_labels(view, tracks, snapshot) {
        Some(foreign) => foreign.next(view, &snapshot.scope),
        None => ways_out(ways, &snapshot.pods),
    });
    Step::Stay(Stay { service, key, color, state, message, forward, way_out })
}

/// The same words finish what a run began that goes on, was cut off, or ended without proof: it failed and was
/// left, or what it watched was deployed anew.
fn unproven(snapshot: &Snapshot, view: &ServiceView<'_>, tracks: &Tracks, verb: Verb) -> Option<Step> {
    let last = view.recorded.current.as_ref().filter(|r| r.key == tracks.key && r.to == tracks.active)?;
    let is_served = ready_count(&tracks.serving(&tracks.active, &snapshot.pods)) > 0;
    // What has ended without proof, and serves nobody, needs a way out and no watch.
    if last.is_proven() || last.verb != verb.recorded() || (last.result.is_some() && !is_served) {
        return None;
    }
    let ended = last.result.as_ref().map_or_else(|| "has no result".into(), |result| format!("ended: {result}"));
    Some(Step::Finish(Box::new(Move {
        service: view.name().to_owned(),
        namespace: snapshot.namespace.clone(),
        scope: snapshot.scope.clone(),
        key: tracks.key.clone(),
        from: last.from.clone(),
        to: last.to.clone(),
        // Not as recorded: what else was changed since was changed on purpose.
        previous: tracks.selector_for(&last.from),
        selector: tracks.selector_for(&last.to),
        note: Some(format!("finishes the {} by {} at {:.0}, which {ended}", last.verb, last.by, last.at)),
        record: last.clone(),
        width: if view.is_wide() { Width::Widens(tracks.base.clone()) } else { Width::One },
        zone: view.zone.clone(),
        route: view.route.as_ref().map(|route| Arc::new(route.begun())),
        is_rewritten: false,
    })))
}

fn width(view: &ServiceView<'_>, tracks: &Tracks, is_to_widen: bool) -> Width {
    match (view.is_wide(), is_to_widen && view.route.is_none()) {
        (true, _) => Width::IsWide(tracks.base.clone()),
        (false, true) => Width::Widens(tracks.base.clone()),
        (false, false) => Width::One,
    }
}

fn movement(
    snapshot: &Snapshot,
    view: &ServiceView<'_>,
    tracks: &Tracks,
    chosen: Chosen,
    request: MoveRequest<'_>,
) -> Move {
    let width = width(view, tracks, request.options.of(view.name()).widen);
    let record =
        Record { widens: matches!(width, Width::Widens(_)), ..record(snapshot, view, tracks, &chosen.color, request) };
    Move {
        service: view.name().to_owned(),
        namespace: snapshot.namespace.clone(),
        scope: snapshot.scope.clone(),
        key: tracks.key.clone(),
        from: tracks.active.clone(),
        to: chosen.color,
        previous: record.selector.clone(),
        selector: chosen.selector,
        note: chosen.note,
        record,
        width,
        zone: view.zone.clone(),
        route: view.route.as_ref().map(|route| Arc::new(route.begun())),
        is_rewritten: false,
    }
}

/// What is kept of a move to a color.
fn record(snapshot: &Snapshot, view: &ServiceView<'_>, tracks: &Tracks, to: &str, request: MoveRequest<'_>) -> Record {
    let (options, route) = (request.options, view.route.as_deref());
    Record {
        id: request.run_id.to_owned(),
        verb: options.verb.recorded(),
        key: tracks.key.clone(),
        from: tracks.active.clone(),
        to: to.to_owned(),
        by: snapshot.who.clone().unwrap_or_else(|_| format!("{} (kubeconfig)", request.user)),
        at: snapshot.at,
        reason: printable(&options.reason),
        retain_seconds: options.of(view.name()).retain.as_secs(),
        selector: tracks.selector_for(&tracks.active),
        left: tracks.color(&tracks.active).map(LeftWorkload::all).unwrap_or_default(),
        service: route.map(|_| view.name().to_owned()).unwrap_or_default(),
        namespace: route.map(|_| snapshot.namespace.clone()).unwrap_or_default(),
        router: route.map(|route| route.named().to_string()).unwrap_or_default(),
        matched: route.and_then(Route::matched).unwrap_or_default(),
        services: if options.services.len() > 1 { options.services.clone() } else { Vec::new() },
        colors: BTreeMap::new(),
        widens: false,
        proven_by: options.of(view.name()).proofs(),
        answered_seconds: view.answered_seconds(),
        result: None,
        millis: None,
    }
}
