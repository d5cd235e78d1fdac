//! From what was seen to what decisions are made by.

use std::collections::BTreeSet;

use release_core::kube::{Pod, Workload};
use release_core::release::canary::run::{Facts, Phase, Side, Version};
use release_core::text::printable;
use release_core::workload::failing::seldom_mends;
use release_core::workload::revisions::deployed_number;
use release_core::workload::rollout_status::{RolloutStatus, rollout_status};
use release_core::workload::trouble::{pods_refused, trouble};

use crate::look::{Look, Seen};
use crate::record::{CanaryRecord, Image};

/// How both stand, by one look.
#[must_use]
pub fn facts(look: &Look, record: &CanaryRecord) -> Facts {
    let marker = look.marker().filter(|marker| marker.id == record.id && marker.uid == record.uid);
    let is_any_canarys = |pod: &str| look.canary_pods.contains(pod);
    let stable = side(look, &look.stable.workload, record.state.written.stable, &|pod| !is_any_canarys(pod));
    let canary = look.canary.as_ref().zip(marker.as_ref()).map(|(seen, marker)| {
        let own = look.pods.iter().filter(|pod| seen.workload.owns(pod));
        let own: BTreeSet<&str> = own.map(|pod| pod.metadata.name.as_str()).collect();
        side(look, &seen.workload, marker.size, &|pod| own.contains(pod))
    });
    Facts { stable, stable_asks_for: asked_for(&look.stable, record), canary, now: look.at }
}

fn side(look: &Look, workload: &Workload, noted: u32, is_own: &dyn Fn(&str) -> bool) -> Side {
    let count =
        |pods: BTreeSet<&str>| u32::try_from(pods.into_iter().filter(|pod| is_own(pod)).count()).unwrap_or(u32::MAX);
    let behind: Vec<u32> = look.slices.values().map(|slices| count(slices.ready_pods())).collect();
    let serving = behind.iter().copied().min().unwrap_or_default();
    let listed = behind.iter().copied().max().unwrap_or_default();
    let is_seen = workload.observed_generation >= workload.metadata.generation.unwrap_or_default();
    let others = workload.status_replicas.saturating_sub(workload.updated).max(0);
    // Which of the available pods are of the template that is there now isn't told: so many at least.
    let available = if is_seen { workload.available.saturating_sub(others) } else { 0 };
    Side {
        wanted: positive(workload.replicas),
        noted,
        available: positive(available),
        others: if is_seen { positive(others) } else { 0 },
        serving,
        listed,
        stuck: stuck(workload, &look.pods),
    }
}

fn positive(number: i32) -> u32 {
    u32::try_from(number).unwrap_or_default()
}

/// Why its pods will not get ready by themselves.
fn stuck(workload: &Workload, pods: &[Pod]) -> Option<String> {
    let own = pods.iter().filter(|pod| workload.owns(pod));
    let worst = own.filter_map(trouble).filter(seldom_mends).min_by(|a, b| a.reason.cmp(&b.reason));
    if let Some(worst) = worst {
        return Some(printable(&worst.text()));
    }
    match rollout_status(workload) {
        RolloutStatus::Failed(why) => Some(pods_refused(workload).unwrap_or_else(|| printable(&why))),
        RolloutStatus::Waiting(_) | RolloutStatus::Done => None,
    }
}

/// Which template the stable Deployment asks for. While it runs, any new one is somebody else's, whatever its images
/// are; later it has new ones of ours.
fn asked_for(stable: &Seen, record: &CanaryRecord) -> Version {
    let number = deployed_number(&stable.workload);
    let beyond = |most: i64| number.is_some_and(|number| number > record.revision.saturating_add(most));
    let most = match record.state.phase {
        Phase::Running | Phase::Paused(_) => 0,
        Phase::Promoting => 1,
        Phase::Aborting(_) | Phase::Over => i64::MAX,
    };
    if beyond(most) {
        Version::Other
    } else if record.are_images_of(&stable.raw, Image::Before) {
        Version::Old
    } else if record.are_images_of(&stable.raw, Image::After) {
        Version::New
    } else {
        Version::Other
    }
}
