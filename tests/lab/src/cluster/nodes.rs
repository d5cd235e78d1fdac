//! The fake nodes: objects only, kept alive by kwok.

use std::time::Duration;

use anyhow::Result;
use futures::future::try_join_all;
use k8s_openapi::api::core::v1::Node;
use kube::Client;
use kube::api::{Api, ListParams, PostParams};
use serde_json::json;

pub(super) const NAMES: [&str; 4] = ["node-a", "node-b", "node-c", "node-d"];

/// Creates the nodes, two in each of two zones.
pub(super) async fn create(client: &Client) -> Result<()> {
    let nodes: Api<Node> = Api::all(client.clone());
    try_join_all(NAMES.iter().enumerate().map(|(index, name)| {
        let nodes = nodes.clone();
        async move {
            let node: Node = serde_json::from_value(json!({
                "apiVersion": "v1",
                "kind": "Node",
                "metadata": {
                    "name": name,
                    "annotations": {"kwok.x-k8s.io/node": "fake"},
                    "labels": {
                        "kubernetes.io/hostname": name,
                        "kubernetes.io/os": "linux",
                        "kubernetes.io/arch": "amd64",
                        "topology.kubernetes.io/region": "lab-1",
                        "topology.kubernetes.io/zone": if index < 2 { "lab-1a" } else { "lab-1b" },
                    },
                },
            }))?;
            nodes.create(&PostParams::default(), &node).await?;
            anyhow::Ok(())
        }
    }))
    .await?;
    Ok(())
}

/// Waits until pods can be placed on every node.
pub(super) async fn until_ready(client: &Client) -> Result<()> {
    let nodes: Api<Node> = Api::all(client.clone());
    loop {
        let listed = nodes.list(&ListParams::default()).await?;
        if listed.items.iter().filter(|node| takes_pods(node)).count() == NAMES.len() {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn takes_pods(node: &Node) -> bool {
    let conditions = node.status.as_ref().and_then(|status| status.conditions.as_ref());
    let ready =
        conditions.into_iter().flatten().any(|condition| condition.type_ == "Ready" && condition.status == "True");
    let tainted = node.spec.as_ref().is_some_and(|spec| spec.taints.is_some());
    ready && !tainted
}
