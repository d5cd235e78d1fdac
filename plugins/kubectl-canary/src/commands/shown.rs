//! A release before it begins, as a person reads it.

use release_core::release::canary::pods::by_ratio::{by_ratio, reached};
use release_core::release::canary::run::State;
use release_core::release::canary::step::Step;
use release_core::release::canary::steps::Steps;

use crate::proposal::Proposal;
use crate::words;

/// Every step with its pods, and every write in its order.
#[must_use]
pub fn plan(proposal: &Proposal) -> String {
    let (record, state) = (&proposal.record, &proposal.record.state);
    let scale = record.time_scale.map(|times| format!("   pauses and heartbeat divided by {times} (--time-scale)"));
    let lines = [
        format!("images    {}", words::images(record)),
        format!("router    {}: {}", record.router, in_front(proposal)),
        format!("pods      {} at every moment, at most {} more while they are exchanged", state.replicas, state.surge),
    ];
    let steps = state.plan.steps.iter().enumerate().map(|(at, step)| line(state, at, step));
    let end = [
        format!(
            "promote   {} gets the images; its pods take over, then deploy/{} is deleted",
            proposal.look.stable.workload, record.canary
        ),
        format!(
            "writes    record and sizes on {} (conditional), deploy/{}, lease/kubectl-canary-{}",
            proposal.look.stable.workload,
            record.canary,
            proposal.look.stable.workload.name()
        ),
        "judged    nothing: whether pods are ready, and time".to_owned(),
    ];
    lines.into_iter().chain(scale).chain(steps).chain(end).collect::<Vec<_>>().join("\n")
}

fn in_front(proposal: &Proposal) -> String {
    match proposal.around.services.as_slice() {
        [] => "behind no Service".to_owned(),
        services => services.iter().map(|name| format!("service/{name}")).collect::<Vec<_>>().join(", "),
    }
}

fn line(state: &State, at: usize, step: &Step) -> String {
    let number = at.saturating_add(1);
    match step {
        Step::SetWeight(weight) => {
            let pods = by_ratio(state.replicas, *weight, false);
            let share = reached(pods);
            format!(
                "step {number:<4} {weight}%: canary {}, stable {} ({share:.1}% of the pods)",
                pods.canary, pods.stable
            )
        }
        other => format!("step {number:<4} {}", words::step(other)),
    }
}

/// How long all its pauses take together, where they end by themselves.
#[must_use]
pub fn takes(plan: &Steps) -> String {
    let pauses = plan.pauses_from(0);
    if pauses.is_zero() { "no pauses".to_owned() } else { release_core::duration::short_duration(pauses) }
}
