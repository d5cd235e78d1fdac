//! The objects of a scenario in a namespace that others share, and what happens to them.

use anyhow::Result;
use futures::future::try_join_all;
use k8s_openapi::api::apps::v1::{Deployment, StatefulSet};
use k8s_openapi::api::core::v1::{Node, Pod, Service};
use kube::api::{DeleteParams, ListParams};
use kube::{Api, ResourceExt};
use lab::annotations::BEHAVIOR;
use lab::fixtures::Behavior;
use lab::{Namespace, eventually};
use serde_json::{Value, json};

use super::scenario::{ColorState, Happening, PodState, Scenario};
use crate::LIMIT;
use crate::common::nodes::OwnNode;
use crate::common::pods::{annotate_pods, is_ready, pods};

/// The label that tells colors apart.
pub const TRACK_KEY: &str = "version";
/// What people who end a pod at once say.
const AT_ONCE: u32 = 0;

/// A scenario's objects.
#[derive(Debug)]
pub struct Stage<'a> {
    pub ns: &'a Namespace,
    /// The value of the label `app` on all that belongs to it.
    pub app: String,
    pub scenario: Scenario,
    nodes: Vec<OwnNode>,
}

impl<'a> Stage<'a> {
    /// Makes them, and waits until every color is what it is to be.
    ///
    /// # Errors
    /// Where it doesn't come up.
    pub async fn set(ns: &'a Namespace, scenario: Scenario) -> Result<Self> {
        let app = format!("app-{:x}", scenario.seed);
        let names = (0..scenario.nodes).map(|index| format!("{app}-{index}"));
        let nodes = try_join_all(names.map(|name| OwnNode::called(ns, name))).await?;
        let stage = Self { ns, app, scenario, nodes };
        ns.apply_all(&stage.services().iter().map(|name| stage.service(name)).collect::<Vec<_>>()).await?;
        ns.apply_all(&stage.scenario.colors.iter().map(|color| stage.workload(color)).collect::<Vec<_>>()).await?;
        stage.settled().await?;
        Ok(stage)
    }

    /// The names of its Services.
    #[must_use]
    pub fn services(&self) -> Vec<String> {
        let twin = self.scenario.twin.then(|| format!("{}-twin", self.app));
        std::iter::once(self.app.clone()).chain(twin).collect()
    }

    /// A node's name.
    #[must_use]
    pub fn node(&self, index: usize) -> Option<&str> {
        self.nodes.get(index).map(OwnNode::name)
    }

    fn service(&self, name: &str) -> Value {
        json!({
            "apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "labels": {"app": self.app}},
            "spec": {
                "selector": {"app": self.app, TRACK_KEY: self.scenario.made_with()},
                "ports": [{"name": "http", "port": 80, "targetPort": "http"}],
            },
        })
    }

    fn workload(&self, color: &ColorState) -> Value {
        let labels = json!({"app": self.app, TRACK_KEY: color.name});
        let behavior = if color.pods == PodState::NeverReady { Behavior::NeverReady } else { Behavior::Ready };
        let annotations: serde_json::Map<String, Value> =
            behavior.annotations().into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect();
        let port = if color.pods == PodState::WithoutPort { "web" } else { "http" };
        let mut object = json!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": self.workload_name(color.name), "labels": labels},
            "spec": {
                "replicas": color.replicas,
                "selector": {"matchLabels": labels},
                "template": {
                    "metadata": {"labels": labels, "annotations": annotations},
                    "spec": {
                        "terminationGracePeriodSeconds": 1,
                        "containers": [{
                            "name": "app", "image": format!("registry.example.com/app:{}", color.name),
                            "ports": [{"name": port, "containerPort": 8080}],
                            "readinessProbe": {"httpGet": {"path": "/", "port": port}},
                        }],
                        "affinity": self.on_nodes(color.node),
                        "tolerations": [{"key": "owner", "operator": "Exists"}],
                    },
                },
            },
        });
        if color.stateful {
            object["kind"] = json!("StatefulSet");
            object["spec"]["serviceName"] = json!(self.app);
            object["spec"]["podManagementPolicy"] = json!("Parallel");
        }
        object
    }

    /// On this node, or on all nodes of the stage, and on no other.
    fn on_nodes(&self, node: Option<usize>) -> Value {
        let names: Vec<&str> = match node.and_then(|index| self.node(index)) {
            Some(name) => vec![name],
            None => self.nodes.iter().map(OwnNode::name).collect(),
        };
        let terms =
            json!([{"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": names}]}]);
        json!({"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}})
    }

    fn workload_name(&self, color: &str) -> String {
        format!("{}-{color}", self.app)
    }

    fn labels(&self, color: &str) -> String {
        format!("app={},{TRACK_KEY}={color}", self.app)
    }

    async fn settled(&self) -> Result<()> {
        eventually(&format!("{} is set", self.app), LIMIT, || async {
            let all = pods(self.ns, &format!("app={}", self.app)).await?;
            let is_as_asked = |color: &ColorState| {
                let own = all.iter().filter(|pod| pod.labels().get(TRACK_KEY).is_some_and(|name| name == color.name));
                let ready = color.pods != PodState::NeverReady;
                let (mut count, mut fine) = (0, true);
                for pod in own {
                    count += 1;
                    let placed = pod.spec.as_ref().is_some_and(|spec| spec.node_name.is_some());
                    fine &= if ready { is_ready(pod) } else { placed };
                }
                count == color.replicas && fine
            };
            Ok(self.scenario.colors.iter().all(is_as_asked).then_some(()))
        })
        .await
    }

    /// Lets something happen. What is gone already can't be changed any more: that is no error.
    ///
    /// # Errors
    /// Where the API server refuses.
    pub async fn happen(&self, what: Happening) -> Result<()> {
        let done = match what {
            Happening::Scale { color, replicas } => self.patch(color, json!({"spec": {"replicas": replicas}})).await,
            Happening::DeletePods { color, all } => self.delete_pods(color, all).await,
            Happening::DeleteWorkload { color } => self.delete_workload(color).await,
            Happening::Unready { color, all: true } => {
                annotate_pods(self.ns, &self.labels(color), &[(BEHAVIOR, "never-ready")]).await
            }
            Happening::Unready { color, all: false } => self.one_unready(color).await,
            Happening::Recover { color } => annotate_pods(self.ns, &self.labels(color), &[(BEHAVIOR, "ready")]).await,
            Happening::LoseNode { node } => match self.nodes.get(node) {
                Some(node) => node.leave().await,
                None => Ok(()),
            },
        };
        done.or_else(|error| if is_gone(&error) { Ok(()) } else { Err(error) })
    }

    fn is_stateful(&self, color: &str) -> bool {
        self.scenario.color(color).is_some_and(|color| color.stateful)
    }

    async fn patch(&self, color: &str, patch: Value) -> Result<()> {
        let name = self.workload_name(color);
        if self.is_stateful(color) {
            self.ns.patch::<StatefulSet>(&name, patch).await.map(drop)
        } else {
            self.ns.patch::<Deployment>(&name, patch).await.map(drop)
        }
    }

    async fn delete_workload(&self, color: &str) -> Result<()> {
        let (name, params) = (self.workload_name(color), DeleteParams::background());
        if self.is_stateful(color) {
            self.ns.api::<StatefulSet>().delete(&name, &params).await?;
        } else {
            self.ns.api::<Deployment>().delete(&name, &params).await?;
        }
        Ok(())
    }

    async fn delete_pods(&self, color: &str, all: bool) -> Result<()> {
        let found = pods(self.ns, &self.labels(color)).await?;
        let api = self.ns.api::<Pod>();
        for pod in found.iter().take(if all { usize::MAX } else { 1 }) {
            api.delete(&pod.name_any(), &DeleteParams::default()).await?;
        }
        Ok(())
    }

    async fn one_unready(&self, color: &str) -> Result<()> {
        let found = pods(self.ns, &self.labels(color)).await?;
        let Some(pod) = found.first() else { return Ok(()) };
        self.ns.annotate::<Pod>(&pod.name_any(), BEHAVIOR, Some("never-ready")).await
    }

    /// Takes everything away, without waiting.
    ///
    /// # Errors
    /// Where the API server refuses.
    pub async fn clear(&self) -> Result<()> {
        let own = ListParams::default().labels(&format!("app={}", self.app));
        let (params, at_once) = (DeleteParams::background(), DeleteParams::default().grace_period(AT_ONCE));
        self.ns.api::<Deployment>().delete_collection(&params, &own).await?;
        self.ns.api::<StatefulSet>().delete_collection(&params, &own).await?;
        for name in self.services() {
            let _ = self.ns.api::<Service>().delete(&name, &params).await;
        }
        self.ns.api::<Pod>().delete_collection(&at_once, &own).await?;
        let nodes: Api<Node> = Api::all(self.ns.lab().client());
        for node in &self.nodes {
            let _ = nodes.delete(node.name(), &params).await;
        }
        Ok(())
    }
}

fn is_gone(error: &anyhow::Error) -> bool {
    let status = error.chain().find_map(|cause| cause.downcast_ref::<kube::Error>());
    matches!(status, Some(kube::Error::Api(status)) if status.code == 404)
}
