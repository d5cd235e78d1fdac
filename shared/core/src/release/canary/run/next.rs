//! The one thing that is done next.

use jiff::SignedDuration;

use super::act::{Act, End, Stop, Wait};
use super::facts::{Facts, Side, Version, Which};
use super::sizes::{Move, both, missing, shrunk, towards};
use super::state::{Phase, State};
use crate::release::canary::pods::Pods;
use crate::release::canary::steps::Waits;

/// What is done next, by what is to be and what is.
///
/// While a run goes forward its pods share the requests and as many as before serve at every moment. Going back needs
/// nobody's leave: it begins from whatever is there.
#[must_use]
pub fn next(state: &State, facts: &Facts) -> Act {
    match &state.phase {
        Phase::Over => Act::Nothing,
        Phase::Aborting(_) => back(state, facts),
        Phase::Promoting => another_hand(facts, Version::New).unwrap_or_else(|| promotion(state, facts)),
        Phase::Running | Phase::Paused(_) => another_hand(facts, Version::Old).unwrap_or_else(|| forward(state, facts)),
    }
}

/// Somebody changed what the run relies on.
fn another_hand(facts: &Facts, expected: Version) -> Option<Act> {
    if facts.stable_asks_for != expected {
        return Some(Act::Stop(Stop::Template));
    }
    let sides = [(Which::Stable, Some(&facts.stable)), (Which::Canary, facts.canary.as_ref())];
    let scaled = sides.into_iter().find_map(|(which, side)| Some((which, side.filter(|s| s.wanted != s.noted)?)));
    scaled.map(|(which, side)| Act::Stop(Stop::Scaled { which, from: side.noted, to: side.wanted }))
}

fn forward(state: &State, facts: &Facts) -> Act {
    let goal = state.goal();
    let Some(canary) = &facts.canary else { return without_canary(state, facts, goal) };
    if let Some(why) = &canary.stuck {
        return Act::Abort(format!("the canary's pods do not get ready: {why}"));
    }
    let moves = both(&facts.stable, canary, goal);
    if let Some(act) = towards(state, moves) {
        return act;
    }
    match (missing(moves), &facts.stable.stuck) {
        // It would be waited for in vain, and it can't carry what going back would give it.
        (Some(Wait::Ready { which: Which::Stable, .. }), Some(why)) => Act::Stop(Stop::StableStuck(why.clone())),
        (Some(wait), _) => Act::Wait(wait),
        (None, _) => at_its_step(state, facts),
    }
}

fn without_canary(state: &State, facts: &Facts, goal: Pods) -> Act {
    if facts.stable.wanted < state.replicas {
        return Act::Abort("the canary was deleted".to_owned());
    }
    if goal.canary == 0 {
        return at_its_step(state, facts);
    }
    Act::Create { replicas: goal.canary.min(state.surge) }
}

/// The step's weight is in effect.
fn at_its_step(state: &State, facts: &Facts) -> Act {
    if matches!(state.phase, Phase::Paused(_)) {
        return Act::Wait(Wait::Resume);
    }
    if state.plan.is_over(state.at) {
        return Act::Promote;
    }
    let (waits, since) = (state.plan.waits_at(state.at), state.since);
    match (waits, since) {
        (Waits::InEffect, _) if state.by_hand.is_none() => Act::Advance,
        (_, None) => Act::Begin,
        // Who sets a share by hand means it; without a pause the plan's next one would follow at once.
        (Waits::InEffect | Waits::ForSomebody | Waits::ForVerdict, Some(_)) => Act::Wait(Wait::Somebody),
        (Waits::For(time), Some(since)) => {
            let time = SignedDuration::try_from(time).unwrap_or(SignedDuration::MAX);
            let until = since.saturating_add(time).unwrap_or(since);
            if until <= facts.now { Act::Advance } else { Act::Wait(Wait::Pause { until }) }
        }
    }
}

/// The stable workload has the new template, and takes the requests over as its pods get ready.
fn promotion(state: &State, facts: &Facts) -> Act {
    let alone = Pods { canary: 0, stable: state.replicas };
    let none = Side::default();
    let moves = both(&facts.stable, facts.canary.as_ref().unwrap_or(&none), alone);
    if let Some(act) = towards(state, moves) {
        return act;
    }
    if let Some(why) = &facts.stable.stuck {
        return Act::Stop(Stop::StableStuck(why.clone()));
    }
    match (missing(moves), &facts.canary) {
        (Some(wait), _) => Act::Wait(wait),
        (None, Some(_)) => Act::Remove,
        (None, None) => Act::Finish(End::Promoted),
    }
}

/// Stable comes to its size at once, and the canary goes as fast as stable carries what it did.
fn back(state: &State, facts: &Facts) -> Act {
    let (stable, replicas) = (&facts.stable, state.replicas);
    if facts.stable_asks_for == Version::New {
        return Act::Restore;
    }
    if stable.wanted < replicas {
        return Act::Scale { which: Which::Stable, to: replicas };
    }
    let alone = |side| Move { which: Which::Canary, side, goal: 0 };
    if let Some(act) = facts.canary.as_ref().and_then(|canary| shrunk(alone(canary), stable, replicas)) {
        return act;
    }
    let have = stable.carries();
    if have < replicas {
        return Act::Wait(Wait::Ready { which: Which::Stable, have, want: replicas });
    }
    if stable.others > 0 {
        return Act::Wait(Wait::Leaving { which: Which::Stable, have: stable.others, want: 0 });
    }
    match &facts.canary {
        Some(canary) if canary.listed > 0 => {
            Act::Wait(Wait::Leaving { which: Which::Canary, have: canary.listed, want: 0 })
        }
        Some(_) => Act::Remove,
        None => Act::Finish(End::TakenBack),
    }
}
