//! A release before it begins, as a person reads it.

use release_cli::table::table as layout;
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
    let steps = std::iter::once(table(state));
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

/// A row a share: how many pods it is, and how long it is held.
fn table(state: &State) -> String {
    let steps = state.plan.steps.as_slice();
    let pause =
        |at: usize| steps.get(at.saturating_add(1)).filter(|step| matches!(step, Step::Pause(_))).map(words::step);
    let rows = steps.iter().enumerate().filter_map(|(at, step)| {
        let Step::SetWeight(weight) = step else { return None };
        let pods = by_ratio(state.replicas, *weight, false);
        let held = pause(at).map(|pause| pause.trim_start_matches("pause ").to_owned()).unwrap_or_default();
        let real = format!("{:.1}%", reached(pods));
        Some(vec![format!("{weight}%"), pods.canary.to_string(), pods.stable.to_string(), real, held])
    });
    layout(&["WEIGHT", "CANARY", "STABLE", "REAL", "FOR"], &rows.collect::<Vec<_>>())
}

/// How long all its pauses take together, where they end by themselves.
#[must_use]
pub fn takes(plan: &Steps) -> String {
    let pauses = plan.pauses_from(0);
    if pauses.is_zero() { "no pauses".to_owned() } else { release_core::duration::short_duration(pauses) }
}
