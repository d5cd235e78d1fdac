//! Asking clusters which images they need.

use futures::future::join_all;
use k8s_openapi::Resource;
use k8s_openapi::api::apps::v1::{ControllerRevision, DaemonSet, Deployment, ReplicaSet, StatefulSet};
use k8s_openapi::api::batch::v1::CronJob;
use k8s_openapi::api::core::v1::Pod;
use release_cluster::Cluster;
use release_cluster::connect::connect;
use release_cluster::connection::Connection;
use release_cluster::read::ListQuery;
use release_core::checks::finding::Finding;
use release_core::checks::ids;
use release_core::kube::path::collection;
use release_core::workload::revisions::Revision;
use serde::de::DeserializeOwned;

use crate::lifecycle::document::ClusterDocument;
use crate::lifecycle::needs::{PodImages, Templated, of_pods, of_workload, rollback_containers};
use crate::lifecycle::uses::Demand;

/// The clusters that were asked.
#[derive(Debug, Default)]
pub struct Looked {
    pub demand: Demand,
    /// Names of the contexts that could be read.
    pub read: Vec<String>,
    /// The others, each with the reason.
    pub unread: Vec<(String, String)>,
}

impl Looked {
    /// `prod-eu, prod-us`
    pub fn names(&self) -> String {
        if self.read.is_empty() { "none".into() } else { self.read.join(", ") }
    }

    /// Each with its context, for a document.
    pub fn documents(&self) -> Vec<ClusterDocument> {
        let read = self.read.iter().map(|context| ClusterDocument { context: context.clone(), read: true, why: None });
        let unread = self.unread.iter().map(|(context, why)| ClusterDocument {
            context: context.clone(),
            read: false,
            why: Some(why.clone()),
        });
        read.chain(unread).collect()
    }

    /// A cluster that can't be read: a note, or what stops an apply.
    pub fn findings(&self, about: &str, blocks: bool, overridden: bool) -> Vec<Finding> {
        let finding = |(context, why): &(String, String)| {
            let message = format!("cluster {context}: {why}");
            if blocks {
                Finding { overridden, ..Finding::blocks(about, ids::CLUSTER_UNREAD, message) }
                    .mend("name the right --contexts")
            } else {
                Finding::not_checked(about, ids::CLUSTER_UNREAD, &format!("cluster {context}"), why)
            }
        };
        self.unread.iter().map(finding).collect()
    }
}

/// Asks all contexts at the same time; without any the current one.
pub async fn look(connection: &Connection, contexts: &[String]) -> Looked {
    let connections: Vec<Connection> = if contexts.is_empty() {
        vec![connection.clone()]
    } else {
        contexts.iter().map(|c| Connection { context: Some(c.clone()), ..connection.clone() }).collect()
    };
    let mut looked = Looked::default();
    for (context, found) in join_all(connections.iter().map(look_at)).await {
        match found {
            Ok(demand) => {
                looked.demand.needs.extend(demand.needs);
                looked.demand.containers.extend(demand.containers);
                looked.read.push(context);
            }
            Err(why) => looked.unread.push((context, why)),
        }
    }
    looked
}

async fn look_at(connection: &Connection) -> (String, Result<Demand, String>) {
    match connect(connection) {
        Err(failure) => (connection.context.clone().unwrap_or_else(|| "current".into()), Err(failure.message)),
        Ok(cluster) => (cluster.context.clone(), demand(&cluster).await),
    }
}

async fn demand(cluster: &Cluster) -> Result<Demand, String> {
    // The first read opens the connection that the others share.
    let deployments = list::<Deployment, Templated>(cluster, "deployments").await?;
    let (stateful_sets, daemon_sets, cron_jobs, replica_sets, controller_revisions, pods) = futures::try_join!(
        list::<StatefulSet, Templated>(cluster, "statefulsets"),
        list::<DaemonSet, Templated>(cluster, "daemonsets"),
        list::<CronJob, Templated>(cluster, "cronjobs"),
        list::<ReplicaSet, Revision>(cluster, "replicasets"),
        list::<ControllerRevision, Revision>(cluster, "controllerrevisions"),
        list::<Pod, PodImages>(cluster, "pods"),
    )?;
    let context = cluster.context.as_str();
    let mut demand = Demand { needs: of_pods(context, &pods), containers: Vec::new() };
    let workloads = [
        ("deploy", &deployments, &replica_sets),
        ("sts", &stateful_sets, &controller_revisions),
        ("ds", &daemon_sets, &controller_revisions),
    ];
    for (kind, workloads, revisions) in workloads {
        for workload in workloads {
            demand.needs.extend(of_workload(context, kind, workload, revisions));
            demand.containers.extend(rollback_containers(context, kind, workload, revisions, &pods));
        }
    }
    demand.needs.extend(cron_jobs.iter().flat_map(|job| of_workload(context, "cronjob", job, &[])));
    Ok(demand)
}

/// All objects of a kind in all namespaces, cut down page by page.
async fn list<K: Resource, T: DeserializeOwned>(cluster: &Cluster, what: &str) -> Result<Vec<T>, String> {
    let listed = cluster.list::<T>(&collection::<K>(None), &ListQuery::default()).await;
    listed.map(|listed| listed.items).map_err(|error| format!("{what}: {}", error.short()))
}
