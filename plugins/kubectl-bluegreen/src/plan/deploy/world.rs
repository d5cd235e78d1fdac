//! The namespace as it will be once the idle color is prepared, as far as that can be known: what the checks of
//! the move are asked about before anything is written.

use std::sync::Arc;

use k8s_openapi::api::apps::v1::{Deployment, StatefulSet};
use release_core::failure::{Failure, Outcome};
use release_core::kube::{Pod, TemplateRevision, Workload, WorkloadKind};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::prepared::Prepared;
use crate::snapshot::Snapshot;

/// A template that isn't rolled out yet has no name in the cluster.
const NOT_YET: &str = "(not rolled out yet)";

/// The snapshot with the color's workloads as they are to be, without pods: those that are there go, or are
/// counted as if they had to be made. A move to it is one to a color that is brought to size first.
///
/// # Errors
/// Exit 1 where an object can't be read as what it is.
pub fn as_prepared(snapshot: &Snapshot, prepared: &[Prepared]) -> Outcome<Snapshot> {
    let mut world = snapshot.clone();
    for one in prepared {
        let before = snapshot.workloads.iter().find(|workload| one.is(workload));
        let workload = cold(one, before)?;
        world.pods.retain(|pod: &Pod| !before.is_some_and(|before| before.owns(pod)));
        world.workloads.retain(|workload| !one.is(workload));
        world.workloads.push(Arc::new(workload));
    }
    Ok(world)
}

fn cold(one: &Prepared, before: Option<&Arc<Workload>>) -> Outcome<Workload> {
    let read = match one.kind {
        WorkloadKind::StatefulSet => read::<StatefulSet>(&one.wanted),
        _ => read::<Deployment>(&one.wanted),
    };
    let workload = read.map_err(|why| {
        let text = format!("{} can't be read: {why}", one.reference());
        Failure::failed("Unreadable", release_core::text::one_line(&text))
    })?;
    let anew = || Some(TemplateRevision { name: NOT_YET.to_owned(), since: None, set: None });
    let revision = if one.changes_pods() { anew() } else { before.and_then(|before| before.revision.clone()) };
    Ok(Workload {
        replicas: 0,
        status_replicas: 0,
        updated: 0,
        ready: 0,
        available: 0,
        observed_generation: workload.metadata.generation.unwrap_or(0),
        conditions: Vec::new(),
        current_revision: None,
        update_revision: None,
        revision,
        ..workload
    })
}

fn read<K: DeserializeOwned + Into<Workload>>(object: &Value) -> Result<Workload, String> {
    serde_json::from_value::<K>(object.clone()).map(Into::into).map_err(|error| error.to_string())
}
