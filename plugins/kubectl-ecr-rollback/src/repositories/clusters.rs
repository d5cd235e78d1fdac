//! Asking clusters which images they need.

use std::collections::BTreeSet;

use futures::future::join_all;
use release_cluster::connect::connect;
use release_cluster::connection::Connection;
use release_core::checks::finding::Finding;
use release_core::checks::ids;
use tokio::time::{Instant, timeout_at};

use super::inventory::inventory;
use crate::lifecycle::demand::{Demand, demand};
use crate::lifecycle::document::ClusterDocument;
use crate::lifecycle::other_kinds::UnreadKind;

/// The clusters that were asked.
#[derive(Debug, Default)]
pub struct Looked {
    pub demand: Demand,
    /// The contexts that could be read, each with the kinds that weren't.
    pub read: Vec<(String, Vec<UnreadKind>)>,
    /// The others, each with the reason.
    pub unread: Vec<(String, String)>,
}

impl Looked {
    /// `prod-eu, prod-us`, and what is read in none: operators may keep images there.
    pub fn names(&self) -> String {
        if self.read.is_empty() {
            return "none".into();
        }
        format!("{} (not their ConfigMaps and Secrets)", self.contexts().join(", "))
    }

    /// Those that could be read.
    pub fn contexts(&self) -> Vec<&str> {
        self.read.iter().map(|(context, _)| context.as_str()).collect()
    }

    /// Everything that may need images was read.
    pub fn is_whole(&self) -> bool {
        self.unread.is_empty() && self.read.iter().all(|(_, kinds)| kinds.is_empty())
    }

    /// Each with its context, for a document.
    pub fn documents(&self) -> Vec<ClusterDocument> {
        let read = self.read.iter().map(|(context, kinds)| ClusterDocument {
            context: context.clone(),
            read: true,
            why: None,
            not_read: kinds.clone(),
        });
        let unread = self.unread.iter().map(|(context, why)| ClusterDocument {
            context: context.clone(),
            read: false,
            why: Some(why.clone()),
            not_read: Vec::new(),
        });
        read.chain(unread).collect()
    }

    /// Clusters and kinds that were not read; a cluster stops an apply, and is a note otherwise.
    pub fn findings(&self, about: &str, applies: bool) -> Vec<Finding> {
        let clusters = self.unread.iter().map(|(context, why)| {
            let what = format!("cluster {context}");
            if applies {
                let mend = "mend that, or name the right --contexts";
                Finding::blocks(about, ids::CLUSTER_UNREAD, format!("{what}: {why}")).mend(mend)
            } else {
                Finding::not_checked(about, ids::CLUSTER_UNREAD, &what, why)
            }
        });
        let kinds = self.read.iter().flat_map(|(context, kinds)| kinds_unread(about, context, kinds, applies));
        clusters.chain(kinds).collect()
    }
}

/// Kinds that nobody reads are named; those that could not be read stop an apply: that it is not known who needs
/// an image is not the same as that nobody does.
fn kinds_unread(about: &str, context: &str, kinds: &[UnreadKind], applies: bool) -> Vec<Finding> {
    let (failed, others): (Vec<&UnreadKind>, Vec<&UnreadKind>) = kinds.iter().partition(|kind| kind.why.is_some());
    let listed = |kinds: &[&UnreadKind]| kinds.iter().map(|kind| kind.in_words()).collect::<Vec<_>>().join(", ");
    let failed = (!failed.is_empty()).then(|| {
        if applies {
            let message = format!("could not be read in {context}: {}", listed(&failed));
            Finding::blocks(about, ids::KINDS_UNREAD, message).mend("docs/lifecycle.md has the rights")
        } else {
            Finding::not_checked(about, ids::KINDS_UNREAD, &listed(&failed), &format!("not read in {context}"))
        }
    });
    let others = (!others.is_empty())
        .then(|| Finding::not_checked(about, ids::KINDS_UNREAD, &listed(&others), &format!("not read in {context}")));
    failed.into_iter().chain(others).collect()
}

/// Asks all contexts at the same time, until then; without any the current one.
pub async fn look(connection: &Connection, contexts: &[String], deadline: Instant) -> Looked {
    let connections: Vec<Connection> = if contexts.is_empty() {
        vec![connection.clone()]
    } else {
        let once: BTreeSet<&String> = contexts.iter().collect();
        let mut once: Vec<&String> = once.into_iter().collect();
        once.sort_by_key(|context| contexts.iter().position(|other| other == *context));
        once.into_iter().map(|c| Connection { context: Some(c.clone()), ..connection.clone() }).collect()
    };
    let mut looked = Looked::default();
    for (context, found) in join_all(connections.iter().map(|one| look_at(one, deadline))).await {
        match found {
            Ok((demand, kinds)) => {
                looked.demand.needs.extend(demand.needs);
                looked.demand.containers.extend(demand.containers);
                looked.read.push((context, kinds));
            }
            Err(why) => looked.unread.push((context, why)),
        }
    }
    looked
}

async fn look_at(connection: &Connection, deadline: Instant) -> (String, Result<(Demand, Vec<UnreadKind>), String>) {
    let cluster = match connect(connection) {
        Ok(cluster) => cluster,
        Err(failure) => {
            return (connection.context.clone().unwrap_or_else(|| "current".into()), Err(failure.message));
        }
    };
    // A list may be followed by another one for ever.
    let read = timeout_at(deadline, inventory(&cluster)).await.unwrap_or_else(|_| Err("out of time".to_owned()));
    (cluster.context.clone(), read.map(|(inventory, kinds)| (demand(&cluster.context, &inventory), kinds)))
}
