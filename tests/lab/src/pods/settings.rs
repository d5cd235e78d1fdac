//! What a Pod object says about its process. Pure.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::{Container, ContainerStatus, Pod};
use kube::ResourceExt;

use super::answers::Answers;
use super::grpc_health::GrpcHealth;
use crate::annotations as names;

/// Labels that commonly tell one color from another.
const COLOR_LABELS: [&str; 4] = ["color", "track", "slot", "version"];

/// One pod as its process sees it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct PodSettings {
    pub uid: String,
    pub address: IpAddr,
    pub namespace: String,
    pub pod: String,
    /// Names of its containers; the first one is the process.
    pub containers: Vec<String>,
    pub version: String,
    pub color: Option<String>,
    /// Whether the first container's process runs.
    pub running: bool,
    /// How often it was started again.
    pub restarts: i32,
    /// How it last ended, and why it doesn't run now.
    pub exit_code: Option<i32>,
    pub waiting: Option<String>,
    /// Whether the pod is being deleted.
    pub terminating: bool,
    /// From the deletion to the moment the process stops accepting connections.
    pub serves_on: Duration,
    /// From the deletion to the moment the process is killed.
    pub grace: Duration,
    pub latency: Duration,
    pub fail_percent: u64,
    pub keep_alive: bool,
    pub answers: Arc<Answers>,
    pub grpc_health: Option<GrpcHealth>,
    /// What its metrics call it, if it has any, and how they are labelled when they are read.
    pub metrics: Option<Measured>,
    /// What it writes into its log.
    pub log: Option<String>,
}

/// A pod that has metrics.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Measured {
    /// The label `service` of its counters.
    pub service: String,
    /// What whoever reads them adds: `namespace`, `pod`, `node` and the pod's own labels, as the
    /// Helm chart does that most clusters have Prometheus from.
    pub labels: BTreeMap<String, String>,
}

impl Measured {
    fn of(pod: &Pod) -> Self {
        let is_plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
        let mut labels: BTreeMap<String, String> =
            pod.labels().iter().map(|(name, value)| (name.chars().map(is_plain).collect(), value.clone())).collect();
        let node = pod.spec.as_ref().and_then(|spec| spec.node_name.clone());
        labels.extend([
            ("namespace".to_owned(), pod.namespace().unwrap_or_default()),
            ("pod".to_owned(), pod.name_any()),
            ("node".to_owned(), node.unwrap_or_default()),
        ]);
        Self { service: pod.labels().get("app").cloned().unwrap_or_else(|| pod.name_any()), labels }
    }
}

impl PodSettings {
    /// `None` while the pod has no address.
    pub fn of(pod: &Pod) -> Option<Self> {
        let status = pod.status.as_ref()?;
        let address = status.pod_ip.as_ref()?.parse().ok()?;
        let spec = pod.spec.as_ref()?;
        let annotation = |name: &str| pod.annotations().get(name).map(String::as_str);
        let process = status.container_statuses.iter().flatten().next();
        let state = process.and_then(|process| process.state.as_ref());
        let metadata_grace = pod.metadata.deletion_grace_period_seconds;
        let grace = seconds(metadata_grace.or(spec.termination_grace_period_seconds).unwrap_or(30));
        let drain = annotation(names::DRAIN_SECONDS).and_then(|text| text.parse().ok());
        let pre_stop = spec.containers.iter().map(pre_stop).max().unwrap_or_default();
        Some(Self {
            uid: pod.uid().unwrap_or_default(),
            address,
            namespace: pod.namespace().unwrap_or_default(),
            pod: pod.name_any(),
            containers: spec.containers.iter().map(|container| container.name.clone()).collect(),
            version: version(pod, &spec.containers),
            color: COLOR_LABELS.iter().find_map(|label| pod.labels().get(*label).cloned()),
            running: state.is_some_and(|state| state.running.is_some()),
            restarts: process.map_or(0, |process| process.restart_count),
            exit_code: process.and_then(exit_code),
            waiting: state.and_then(|state| state.waiting.clone()?.reason),
            terminating: pod.metadata.deletion_timestamp.is_some(),
            serves_on: (pre_stop + seconds(drain.unwrap_or(0))).min(grace),
            grace,
            latency: annotation(names::LATENCY).and_then(duration).unwrap_or_default(),
            fail_percent: annotation(names::FAIL_PERCENT).and_then(|text| text.parse().ok()).unwrap_or(0),
            keep_alive: annotation(names::KEEP_ALIVE) != Some("false"),
            answers: Arc::new(Answers::parse(annotation(names::ANSWERS).unwrap_or_default())),
            grpc_health: annotation(names::GRPC_HEALTH).map(GrpcHealth::parse),
            metrics: (annotation(names::METRICS) == Some("true")).then(|| Measured::of(pod)),
            log: annotation(names::LOG).map(str::to_owned),
        })
    }
}

/// Of the run that has ended, if one has.
fn exit_code(process: &ContainerStatus) -> Option<i32> {
    let ended = |state: &Option<k8s_openapi::api::core::v1::ContainerState>| {
        state.as_ref().and_then(|state| state.terminated.as_ref()).map(|ended| ended.exit_code)
    };
    ended(&process.state).or_else(|| ended(&process.last_state))
}

fn version(pod: &Pod, containers: &[Container]) -> String {
    if let Some(label) = pod.labels().get(names::VERSION) {
        return label.clone();
    }
    let image = containers.first().and_then(|container| container.image.as_deref());
    image.map(tag).unwrap_or_default().to_owned()
}

/// The tag of an image reference; a port in the registry's name is none.
fn tag(image: &str) -> &str {
    let without_digest = image.split_once('@').map_or(image, |(name, _)| name);
    let last = without_digest.rsplit_once('/').map_or(without_digest, |(_, last)| last);
    last.split_once(':').map_or("latest", |(_, tag)| tag)
}

/// How long a container's preStop hook takes.
fn pre_stop(container: &Container) -> Duration {
    let hook = container.lifecycle.as_ref().and_then(|lifecycle| lifecycle.pre_stop.as_ref());
    let Some(hook) = hook else { return Duration::ZERO };
    if let Some(sleep) = &hook.sleep {
        return seconds(sleep.seconds);
    }
    let command = hook.exec.as_ref().and_then(|exec| exec.command.as_ref());
    command.map(|words| sleep_in(&words.join(" "))).unwrap_or_default()
}

/// The whole seconds of the first `sleep N` in a command line.
fn sleep_in(command: &str) -> Duration {
    let words = command.split("sleep ").nth(1).unwrap_or_default();
    let digits: String = words.chars().take_while(char::is_ascii_digit).collect();
    seconds(digits.parse().unwrap_or(0))
}

fn seconds(count: i64) -> Duration {
    Duration::from_secs(u64::try_from(count).unwrap_or(0))
}

/// As the annotations have them: `200ms`, `5s`.
pub(super) fn duration(text: &str) -> Option<Duration> {
    let span: jiff::SignedDuration = text.parse().ok()?;
    Duration::try_from(span).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_tag_of_an_image_is_no_port_and_no_digest() {
        assert_eq!(tag("registry.example:5000/team/api:v2"), "v2");
        assert_eq!(tag("registry.example:5000/team/api"), "latest");
        assert_eq!(tag("api:1.4@sha256:0123"), "1.4");
    }

    #[test]
    fn a_pod_serves_through_its_pre_stop_hook_but_not_past_its_grace_period() {
        let with_hook = |hook: serde_json::Value, grace: i64| {
            let pod = serde_json::from_value(json!({
                "metadata": {"name": "api-1", "uid": "u", "deletionTimestamp": "2026-01-01T00:00:00Z"},
                "spec": {
                    "terminationGracePeriodSeconds": grace,
                    "containers": [{"name": "app", "image": "api:v1", "lifecycle": {"preStop": hook}}],
                },
                "status": {"podIP": "10.7.0.1"},
            }))
            .unwrap();
            PodSettings::of(&pod).unwrap().serves_on
        };
        assert_eq!(with_hook(json!({"sleep": {"seconds": 3}}), 30), seconds(3));
        let shell = json!({"exec": {"command": ["sh", "-c", "sleep 7 && nginx -s quit"]}});
        assert_eq!(with_hook(shell, 30), seconds(7));
        assert_eq!(with_hook(json!({"sleep": {"seconds": 60}}), 10), seconds(10));
        assert_eq!(with_hook(json!({"httpGet": {"port": 80}}), 10), seconds(0));
    }

    #[test]
    fn switches_with_nonsense_in_them_do_nothing() {
        let pod = serde_json::from_value(json!({
            "metadata": {"name": "api-1", "annotations": {
                names::LATENCY: "soon", names::FAIL_PERCENT: "many", names::KEEP_ALIVE: "no",
            }},
            "spec": {"containers": [{"name": "app", "image": "api:v1"}]},
            "status": {"podIP": "10.7.0.1"},
        }))
        .unwrap();
        let settings = PodSettings::of(&pod).unwrap();
        assert_eq!((settings.latency, settings.fail_percent), (Duration::ZERO, 0));
        assert!(settings.keep_alive && !settings.running);
    }
}
