//! Asking clusters which images they need.

use futures::future::join_all;
use k8s_openapi::Resource;
use k8s_openapi::api::apps::v1::{ControllerRevision, DaemonSet, Deployment, ReplicaSet, StatefulSet};
use k8s_openapi::api::batch::v1::CronJob;
use k8s_openapi::api::core::v1::Pod;
use kubectl_release::cluster::Cluster;
use kubectl_release::cluster::connect::connect;
use kubectl_release::cluster::read::{ListQuery, collection};
use kubectl_release::finding::Finding;
use kubectl_release::flags::ConnectionFlags;
use kubectl_release::revisions::Revision;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::lifecycle::needs::{PodImages, Templated, of_pods, of_workload, subjects};
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

    /// `[{context, read, why?}]`
    pub fn document(&self) -> Value {
        let read = self.read.iter().map(|context| json!({"context": context, "read": true}));
        let unread = self.unread.iter().map(|(context, why)| json!({"context": context, "read": false, "why": why}));
        read.chain(unread).collect()
    }

    /// A cluster that can't be read: a note, or what stops an apply.
    pub fn findings(&self, about: &str, blocks: bool, overridden: bool) -> Vec<Finding> {
        let finding = |(context, why): &(String, String)| {
            let message = format!("cluster {context}: {why}");
            if blocks {
                Finding { overridden, ..Finding::blocks(about, "cluster-unread", message) }
                    .fix("name the right --contexts")
            } else {
                Finding::not_checked(about, "cluster-unread", &format!("cluster {context}"), why)
            }
        };
        self.unread.iter().map(finding).collect()
    }
}

/// Asks all contexts at the same time; without any the current one.
pub async fn look(connection: &ConnectionFlags, contexts: &[String]) -> Looked {
    let flags: Vec<ConnectionFlags> = if contexts.is_empty() {
        vec![connection.clone()]
    } else {
        contexts.iter().map(|c| ConnectionFlags { context: Some(c.clone()), ..connection.clone() }).collect()
    };
    let mut looked = Looked::default();
    for (context, found) in join_all(flags.iter().map(look_at)).await {
        match found {
            Ok(demand) => {
                looked.demand.needs.extend(demand.needs);
                looked.demand.subjects.extend(demand.subjects);
                looked.read.push(context);
            }
            Err(why) => looked.unread.push((context, why)),
        }
    }
    looked
}

async fn look_at(flags: &ConnectionFlags) -> (String, Result<Demand, String>) {
    match connect(flags) {
        Err(failure) => (flags.context.clone().unwrap_or_else(|| "current".into()), Err(failure.message)),
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
    let mut demand = Demand { needs: of_pods(context, &pods), subjects: Vec::new() };
    let workloads = [
        ("deploy", &deployments, &replica_sets),
        ("sts", &stateful_sets, &controller_revisions),
        ("ds", &daemon_sets, &controller_revisions),
    ];
    for (kind, workloads, revisions) in workloads {
        for workload in workloads {
            demand.needs.extend(of_workload(context, kind, workload, revisions));
            demand.subjects.extend(subjects(context, kind, workload, revisions, &pods));
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
