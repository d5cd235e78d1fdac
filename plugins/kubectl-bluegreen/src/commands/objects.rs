//! The whole objects that are copied or changed: few, and each by its name.

use futures::future::try_join_all;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use release_cluster::Cluster;
use release_core::failure::{Failure, Outcome};
use release_core::kube::Workload;
use release_core::kube::path::collection;
use serde_json::Value;

use crate::plan::deploy::Objects;
use crate::snapshot::Snapshot;

/// Reads workloads that are copied, with their autoscalers, which the copies may need, too, and workloads that are only
/// changed.
///
/// # Errors
/// Where one can't be read; one that went meanwhile is exit 3.
pub async fn read(
    cluster: &Cluster,
    snapshot: &Snapshot,
    copied: &[&Workload],
    changed: &[&Workload],
) -> Outcome<Objects> {
    let workloads = copied.iter().chain(changed);
    let mut wanted: Vec<(String, String)> =
        workloads.map(|workload| (workload.reference(), workload.path(&snapshot.namespace))).collect();
    let autoscalers = snapshot.autoscalers.iter().flatten();
    let scaled = autoscalers.filter(|hpa| copied.iter().any(|workload| workload.is_scaled_by(hpa)));
    wanted.extend(scaled.filter_map(|hpa| hpa.metadata.name.as_deref()).map(|name| {
        let path = format!("{}/{name}", collection::<HorizontalPodAutoscaler>(Some(&snapshot.namespace)));
        (format!("hpa/{name}"), path)
    }));
    let read = wanted.into_iter().map(|(reference, path)| async move {
        match cluster.get::<Value>(&path).await {
            Ok(object) => Ok((reference, object)),
            Err(error) if error.is_not_found() => {
                Err(Failure::changed(format!("{reference} went meanwhile; nothing was written")))
            }
            Err(error) => Err(Failure::from(error)),
        }
    });
    Ok(try_join_all(read).await?.into_iter().collect())
}
