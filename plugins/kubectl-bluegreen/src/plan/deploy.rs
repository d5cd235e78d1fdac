//! What a deploy does: which color it prepares, from what, and the move that follows.

mod allotted;
mod autoscalers;
mod chosen;
mod containers;
mod pairs;
mod pod_tests;
mod preparation;
mod preparing;
mod shared;
#[cfg(test)]
mod tests;
mod text;
mod undo;
mod world;
mod writes;

pub use allotted::allotted;
pub use autoscalers::taken as autoscaler_taken;
pub use chosen::{Deploying, choose};
pub use pod_tests::{tests_for, tests_text};
pub use preparation::{Preparation, colors_of};
pub use preparing::{Objects, is_smaller, prepare, runs_already};
pub use shared::written_once;
pub use text::{lines, said};
pub use world::as_prepared;
pub use writes::writes;

use release_core::checks::finding::Finding;
use release_core::failure::Outcome;
use release_core::kube::WorkloadKind;
use release_core::release::change::Change;

use super::services::{SwitchPlan, tracks_of};
use crate::options::deploy::DeployOptions;
use crate::prepared::Prepared;
use crate::refusal::deploying::several_to_size;
use crate::service_view::ServiceView;

/// A whole deploy, before its first write.
#[derive(Debug)]
pub struct DeployPlan {
    /// One for each Service whose color is prepared.
    pub parts: Vec<Preparation>,
    /// What the switch will do, as far as that is known before the color is prepared.
    pub moves: SwitchPlan,
    /// Of both, the worst first.
    pub findings: Vec<Finding>,
}

impl DeployPlan {
    /// All workloads that are prepared.
    pub fn prepared(&self) -> impl Iterator<Item = &Prepared> {
        self.parts.iter().flat_map(|part| &part.prepared)
    }

    /// All writes that prepare them, in this order.
    pub fn writes(&self) -> impl Iterator<Item = &Change> {
        self.parts.iter().flat_map(|part| &part.writes)
    }

    /// True where it makes the object.
    #[must_use]
    pub fn makes(&self, object: &str) -> bool {
        self.writes().any(|change| change.creates() && change.object == object)
    }

    /// `green`; where several Services are released, `green of service/api, blue of service/web`
    #[must_use]
    pub fn colors(&self) -> String {
        match self.parts.as_slice() {
            [only] if self.moves.services.len() == 1 => only.color.clone(),
            parts => colors_of(parts),
        }
    }
}

/// Each workload with the size that the move needs, and never less than it has.
///
/// # Errors
/// Exit 1 where `--replicas` can't be shared out.
pub fn sized(
    prepared: Vec<Prepared>,
    moves: &SwitchPlan,
    views: &[ServiceView<'_>],
    options: &DeployOptions,
) -> Outcome<Vec<Prepared>> {
    let plan = moves.moves().find(|plan| plan.service() == options.service);
    let tracks = tracks_of(views, &options.service);
    let needed = plan.zip(tracks).and_then(|(plan, tracks)| plan.growth(tracks)).unwrap_or_default();
    if options.replicas.is_some() && prepared.len() > 1 {
        return Err(several_to_size(&prepared));
    }
    let size = |one: &Prepared| {
        let own = needed.iter().find(|(workload, _)| one.is(workload));
        let needed = own.map_or(0, |(_, size)| *size);
        needed.max(one.replicas()).max(options.replicas.unwrap_or(0))
    };
    Ok(prepared
        .into_iter()
        .map(|one| {
            if one.kind == WorkloadKind::DaemonSet {
                one
            } else {
                let size = size(&one);
                one.sized(size)
            }
        })
        .collect())
}
