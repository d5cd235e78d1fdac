//! A small world for the tests of checks: a Service `api` of namespace `shop` on blue, with a
//! healthy blue and green of three pods each, as the JSON that the API server would send.

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::apps::v1::{Deployment, StatefulSet};
use release_cluster::slice_view::SlicesAt;
use release_core::checks::finding::{Finding, Severity};
use release_core::checks::ids::CheckId;
use release_core::command::Scope;
use release_core::kube::{OwnedSet, Pod, Workload};
use release_core::traffic::router::nginx::Canaries;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::case::{Case, Check};
use crate::options::Verb;
use crate::room::lack_of_room;
use crate::routed_view::seen;
use crate::service_view::ready_count;
use crate::snapshot::{Looking, ReadScope, Reading, ReplicaSets, Snapshot, decide};

/// Objects by kind; each field may be changed before a check looks.
pub struct World {
    pub service: Value,
    pub workloads: Vec<Value>,
    /// Those that a Deployment owns.
    pub replica_sets: Vec<Value>,
    pub pods: Vec<Value>,
    pub neighbours: Reading<Vec<Value>>,
    pub budgets: Reading<Vec<Value>>,
    pub autoscalers: Reading<Vec<Value>>,
    pub network_policies: Reading<Vec<Value>>,
    pub virtual_services: Reading<Vec<Value>>,
    pub destination_rules: Reading<Vec<Value>>,
    pub http_routes: Reading<Vec<Value>>,
    pub grpc_routes: Reading<Vec<Value>>,
    pub ingresses: Reading<Vec<Value>>,
    pub ingress_classes: Reading<Vec<Value>>,
    /// By Service.
    pub slices: BTreeMap<String, SlicesAt>,
    pub nodes: Reading<Vec<Value>>,
    /// Its metadata.
    pub namespace: Reading<Value>,
    pub target_group_bindings: Reading<Vec<Value>>,
    pub may_patch: Option<Reading<bool>>,
    pub verb: Verb,
    pub scales_first: bool,
    pub widens: bool,
    /// Nothing: as many as the active color has.
    pub required: Option<usize>,
    pub moving: Vec<String>,
    pub agreed: bool,
}

impl World {
    /// Nothing to find but what is missing around a bare pair of Deployments.
    pub fn healthy() -> Self {
        let none = || Ok(Vec::new());
        let mut world = Self {
            service: json!({"metadata": {"name": "api", "namespace": "shop"}, "spec": {"type": "ClusterIP",
                "selector": {"app": "api", "version": "blue"}, "ports": [{"name": "http", "port": 80, "targetPort": "http"}]}}),
            workloads: Vec::new(),
            replica_sets: Vec::new(),
            pods: Vec::new(),
            neighbours: none(),
            budgets: none(),
            autoscalers: none(),
            network_policies: none(),
            virtual_services: none(),
            destination_rules: none(),
            http_routes: none(),
            grpc_routes: none(),
            ingresses: none(),
            ingress_classes: none(),
            slices: BTreeMap::new(),
            nodes: none(),
            namespace: Ok(json!({"name": "shop"})),
            target_group_bindings: none(),
            may_patch: None,
            verb: Verb::Switch,
            scales_first: false,
            widens: false,
            required: None,
            moving: vec!["api".into()],
            agreed: false,
        };
        world.run("blue", 3, 3);
        world.run("green", 3, 3);
        world
    }

    /// Makes a color run `replicas` pods, of which the first `ready` are ready.
    pub fn run(&mut self, color: &str, replicas: usize, ready: usize) {
        let name = format!("api-{color}");
        self.workloads.retain(|w| w["metadata"]["name"] != json!(name));
        self.workloads.push(deployment(&name, color, replicas, ready));
        self.pods.retain(|p| p["metadata"]["labels"]["version"] != json!(color));
        self.pods.extend((0..replicas).map(|i| pod(&name, color, i, i < ready)));
    }

    /// The Deployment of a color.
    pub fn workload(&mut self, color: &str) -> &mut Value {
        let name = json!(format!("api-{color}"));
        self.workloads.iter_mut().find(|w| w["metadata"]["name"] == name).unwrap()
    }

    /// The only container of a color's pod template.
    pub fn container(&mut self, color: &str) -> &mut Value {
        &mut self.workload(color)["spec"]["template"]["spec"]["containers"][0]
    }

    /// The pods of a color.
    pub fn pods_of(&mut self, color: &str) -> Vec<&mut Value> {
        self.pods.iter_mut().filter(|p| p["metadata"]["labels"]["version"] == json!(color)).collect()
    }

    /// What a check finds about moving `api` from blue to green.
    pub fn findings(&self, check: Check) -> Vec<Finding> {
        self.with_case(check)
    }

    /// As [`World::findings`], for more than one check.
    pub fn with_case<T>(&self, judge: impl FnOnce(&Case<'_>) -> T) -> T {
        let snapshot = self.snapshot();
        let view = seen(&snapshot.services[0], &snapshot, None);
        let tracks = view.tracks.as_ref().unwrap();
        let active_pods = tracks.pods_of("blue", &snapshot.pods);
        let required = self.required.unwrap_or_else(|| ready_count(&active_pods));
        judge(&Case {
            verb: self.verb,
            snapshot: &snapshot,
            view: &view,
            tracks,
            target: tracks.color("green").unwrap(),
            active: tracks.color("blue").unwrap(),
            is_recorded: lack_of_room(&view).is_none(),
            target_pods: tracks.pods_of("green", &snapshot.pods),
            active_pods,
            required,
            scales_first: self.scales_first,
            widens: self.widens,
            prepares: false,
            moving: &self.moving,
            agreed: self.agreed,
        })
    }

    /// The pod with the containers of its template, unless it has some of its own.
    fn with_containers(&self, pod: &Value) -> Value {
        let mut pod = pod.clone();
        let name = pod["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        let is_own = |w: &&Value| w["metadata"]["name"].as_str().is_some_and(|w| name.starts_with(&format!("{w}-")));
        if let Some(workload) = self.workloads.iter().find(is_own).filter(|_| pod["spec"]["containers"].is_null()) {
            let template = &workload["spec"]["template"]["spec"];
            for (key, value) in
                [("containers", &template["containers"]), ("initContainers", &template["initContainers"])]
            {
                if !value.is_null() {
                    pod["spec"][key] = without_nulls(value);
                }
            }
        }
        pod
    }

    /// The same as it would be read.
    pub fn snapshot(&self) -> Snapshot {
        let mut snapshot = self.as_read();
        let looking = Looking { key: None, router: None, extent: ReadScope::Everything, images: false };
        decide(&mut snapshot, looking);
        snapshot
    }

    fn as_read(&self) -> Snapshot {
        Snapshot {
            namespace: "shop".into(),
            scope: Scope::default().in_namespace("shop"),
            at: "2026-11-20T03:12:00Z".parse().unwrap(),
            who: Ok("ci-bot".into()),
            namespace_metadata: self.namespace.as_ref().map(parse).map_err(Clone::clone),
            services: vec![parse(&self.service)],
            neighbours: parse_all(&self.neighbours),
            workloads: self.workloads.iter().map(workload).collect(),
            replica_sets: Ok(ReplicaSets {
                owned: self.replica_sets.iter().filter_map(|set| OwnedSet::of(&parse(set))).collect(),
                bare: Vec::new(),
            }),
            pods: self.pods.iter().map(|pod| parse::<Pod>(&self.with_containers(pod))).collect(),
            nodes: parse_all(&self.nodes),
            slices: self.slices.clone(),
            budgets: parse_all(&self.budgets),
            autoscalers: parse_all(&self.autoscalers),
            network_policies: parse_all(&self.network_policies),
            virtual_services: parse_all(&self.virtual_services),
            destination_rules: parse_all(&self.destination_rules),
            http_routes: parse_all(&self.http_routes),
            grpc_routes: parse_all(&self.grpc_routes),
            ingresses: parse_all(&self.ingresses),
            ingress_classes: parse_all(&self.ingress_classes),
            balanced: Vec::new(),
            canary_ingresses: Vec::new(),
            canaries: Canaries::new(),
            target_group_bindings: parse_all(&self.target_group_bindings),
            routes_beyond: Ok(Vec::new()),
            virtual_services_beyond: Vec::new(),
            routers_unread: Vec::new(),
            records: BTreeMap::new(),
            routers: BTreeMap::new(),
            may_patch: self.may_patch.iter().map(|may| ("api".to_owned(), may.clone())).collect(),
            rollouts: Ok(Vec::new()),
        }
    }
}

/// Each finding as `x id`, marked as the printed ones are; `~` for quiet ones.
pub fn told(findings: &[Finding]) -> Vec<String> {
    let marked = findings.iter().map(|f| {
        let mark = match f.severity {
            _ if f.quiet => '~',
            Severity::Blocks => 'x',
            Severity::Warns => '!',
            Severity::NotChecked => '?',
        };
        format!("{mark} {}", f.id)
    });
    marked.collect()
}

/// The ids of the findings.
pub fn ids(findings: &[Finding]) -> Vec<CheckId> {
    findings.iter().map(|f| f.id).collect()
}

/// The API server sends no nulls.
fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let kept = members.iter().filter(|(_, value)| !value.is_null());
            kept.map(|(key, value)| (key.clone(), without_nulls(value))).collect()
        }
        Value::Array(items) => items.iter().map(without_nulls).collect(),
        other => other.clone(),
    }
}

fn parse<T: DeserializeOwned>(value: &Value) -> T {
    serde_json::from_value(value.clone()).unwrap()
}

fn parse_all<T: DeserializeOwned>(reading: &Reading<Vec<Value>>) -> Reading<Vec<T>> {
    reading.as_ref().map(|values| values.iter().map(parse).collect()).map_err(Clone::clone)
}

fn workload(value: &Value) -> Arc<Workload> {
    let is_set = value["kind"] == json!("StatefulSet");
    Arc::new(if is_set { parse::<StatefulSet>(value).into() } else { parse::<Deployment>(value).into() })
}

fn deployment(name: &str, color: &str, replicas: usize, ready: usize) -> Value {
    json!({
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": "shop", "uid": name, "generation": 4, "labels": {"app": "api", "version": color}},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": "api", "version": color}},
            "template": {"metadata": {"labels": {"app": "api", "version": color}}, "spec": {
                "terminationGracePeriodSeconds": 60,
                "containers": [{
                    "name": "api",
                    "image": format!("registry.example.com/api:{color}"),
                    "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}],
                    "readinessProbe": {"httpGet": {"path": "/healthz/ready", "port": 8080}},
                    "lifecycle": {"preStop": {"exec": {"command": ["sh", "-c", "sleep 10"]}}},
                }],
            }},
        },
        "status": {
            "observedGeneration": 4, "replicas": replicas, "updatedReplicas": replicas, "readyReplicas": ready, "availableReplicas": ready,
            "conditions": [{"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"}],
        },
    })
}

fn pod(deployment: &str, color: &str, index: usize, ready: bool) -> Value {
    let status = if ready { "True" } else { "False" };
    json!({
        "metadata": {
            "name": format!("{deployment}-7d9f-{index}"), "uid": format!("{color}-{index}"),
            "labels": {"app": "api", "version": color, "pod-template-hash": "7d9f"},
            "ownerReferences": [{"kind": "ReplicaSet", "name": format!("{deployment}-7d9f"), "controller": true}],
        },
        "spec": {"nodeName": format!("node-{index}")},
        "status": {
            "phase": "Running", "conditions": [{"type": "PodScheduled", "status": "True"}, {"type": "Ready", "status": status}],
            "containerStatuses": [{"name": "api", "image": "api", "imageID": "", "ready": ready, "restartCount": 0, "state": {"running": {}}}],
        },
    })
}
