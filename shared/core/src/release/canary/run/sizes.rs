//! Sizes of two workloads that share the requests by their pods: one grows before the other shrinks.

use super::act::{Act, Wait};
use super::facts::{Side, Which};
use super::state::State;
use crate::release::canary::pods::Pods;

/// Both, with the size that each is to have.
#[derive(Debug, Clone, Copy)]
pub struct Move<'a> {
    pub which: Which,
    pub side: &'a Side,
    pub goal: u32,
}

/// Both moves to a goal.
#[must_use]
pub fn both<'a>(stable: &'a Side, canary: &'a Side, goal: Pods) -> [Move<'a>; 2] {
    [
        Move { which: Which::Canary, side: canary, goal: goal.canary },
        Move { which: Which::Stable, side: stable, goal: goal.stable },
    ]
}

/// The next size on the way: whoever grows does so as far as there may be more pods, and whoever shrinks keeps as many
/// as the other doesn't carry yet. Nothing where both are asked for already, or pods are waited for.
#[must_use]
pub fn towards(state: &State, moves: [Move<'_>; 2]) -> Option<Act> {
    let [one, other] = moves;
    let most = state.replicas.saturating_add(state.surge);
    grown(one, most.saturating_sub(other.side.wanted))
        .or_else(|| grown(other, most.saturating_sub(one.side.wanted)))
        .or_else(|| shrunk(other, one.side, state.replicas))
        .or_else(|| shrunk(one, other.side, state.replicas))
}

fn grown(growing: Move<'_>, room: u32) -> Option<Act> {
    let to = growing.goal.min(room);
    (to > growing.side.wanted).then_some(Act::Scale { which: growing.which, to })
}

/// The other one's size as far as what carries instead allows.
#[must_use]
pub fn shrunk(shrinking: Move<'_>, other: &Side, replicas: u32) -> Option<Act> {
    let to = shrinking.goal.max(replicas.saturating_sub(other.carries()));
    (to < shrinking.side.wanted).then_some(Act::Scale { which: shrinking.which, to })
}

/// What is still missing until exactly these pods take requests.
#[must_use]
pub fn missing(moves: [Move<'_>; 2]) -> Option<Wait> {
    let ready = |one: &Move<'_>| {
        let (have, want) = (one.side.carries(), one.goal);
        (have < want).then_some(Wait::Ready { which: one.which, have, want })
    };
    let leaving = |one: &Move<'_>| {
        let (which, others, listed) = (one.which, one.side.others, one.side.listed);
        let (have, want) = if others > 0 { (others, 0) } else { (listed, one.goal) };
        (have > want).then_some(Wait::Leaving { which, have, want })
    };
    // Who grows is waited for first: the other shrinks because of it.
    moves.iter().find_map(ready).or_else(|| moves.iter().find_map(leaving))
}
