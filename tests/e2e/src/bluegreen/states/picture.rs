//! How things stood at each moment, as the API server told it. Nothing here is asked of the plugin.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use k8s_openapi::api::core::v1::{Pod, Service};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use kube::ResourceExt;

use super::stage::TRACK_KEY;
use crate::common::pods::is_ready;

/// One object, as it became.
#[derive(Debug, Clone)]
pub enum Change {
    Pod(String, Option<PodSeen>),
    Slice(String, Option<SliceSeen>),
    Service(String, Option<ServiceSeen>),
    /// No pod on it is reached any more.
    NodeLost(String),
}

/// A pod, as far as it counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodSeen {
    pub color: String,
    pub node: String,
    /// Ready, and not on its way out.
    pub ready: bool,
    /// Names of its containers' ports.
    pub ports: BTreeSet<String>,
}

/// An EndpointSlice: names of its ports, and of the pods that are ready in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SliceSeen {
    pub service: String,
    pub ports: BTreeSet<String>,
    pub ready: BTreeSet<String>,
}

/// What a Service selects, and by which names its ports lead to pods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceSeen {
    pub color: String,
    pub ports: BTreeMap<String, String>,
}

/// A Service and the pods behind it at one moment.
#[derive(Debug, Clone)]
pub struct Picture {
    pub at: Instant,
    /// The color that is selected.
    pub selected: String,
    /// Pods of each color that get traffic on every port.
    pub serving: BTreeMap<String, usize>,
    /// Pods of each color that would.
    pub reachable: BTreeMap<String, usize>,
}

impl Picture {
    /// Pods that get traffic.
    #[must_use]
    pub fn served_by(&self) -> usize {
        self.serving.values().sum()
    }

    /// Pods of a color that would get traffic if it were selected.
    #[must_use]
    pub fn ready_of(&self, color: &str) -> usize {
        self.reachable.get(color).copied().unwrap_or_default()
    }
}

/// All objects at one moment.
#[derive(Debug, Default)]
struct World {
    pods: BTreeMap<String, PodSeen>,
    /// Also of pods that are gone: slices may still have them.
    colors: BTreeMap<String, String>,
    slices: BTreeMap<String, SliceSeen>,
    services: BTreeMap<String, ServiceSeen>,
    lost: BTreeSet<String>,
}

/// One picture of a Service after each change.
#[must_use]
pub fn pictures(changes: &[(Instant, Change)], service: &str) -> Vec<Picture> {
    let mut world = World::default();
    let mut all = Vec::new();
    for (at, change) in changes {
        world.take(change);
        all.extend(world.picture(*at, service));
    }
    all
}

impl World {
    fn take(&mut self, change: &Change) {
        match change {
            Change::Pod(name, Some(pod)) => {
                self.colors.insert(name.clone(), pod.color.clone());
                self.pods.insert(name.clone(), pod.clone());
            }
            Change::Pod(name, None) => drop(self.pods.remove(name)),
            Change::Slice(name, Some(slice)) => drop(self.slices.insert(name.clone(), slice.clone())),
            Change::Slice(name, None) => drop(self.slices.remove(name)),
            Change::Service(name, Some(service)) => drop(self.services.insert(name.clone(), service.clone())),
            Change::Service(name, None) => drop(self.services.remove(name)),
            Change::NodeLost(name) => drop(self.lost.insert(name.clone())),
        }
    }

    fn picture(&self, at: Instant, name: &str) -> Option<Picture> {
        let service = self.services.get(name)?;
        let slices = || self.slices.values().filter(|slice| slice.service == name);
        let in_all_ports = |pod: &String| {
            let mut ports = service.ports.keys();
            ports.all(|port| slices().any(|slice| slice.ports.contains(port) && slice.ready.contains(pod)))
        };
        let known: BTreeSet<&String> = slices().flat_map(|slice| &slice.ready).collect();
        let color = |pod: &String| self.colors.get(pod).cloned().unwrap_or_else(|| "unknown".to_owned());
        let serving = count(known.into_iter().filter(|pod| in_all_ports(pod)).map(color));
        let reached = self.pods.values().filter(|pod| self.is_reachable(pod, service));
        Some(Picture {
            at,
            selected: service.color.clone(),
            serving,
            reachable: count(reached.map(|pod| pod.color.clone())),
        })
    }

    fn is_reachable(&self, pod: &PodSeen, service: &ServiceSeen) -> bool {
        let has_ports = service.ports.values().all(|target| pod.ports.contains(target));
        pod.ready && has_ports && !self.lost.contains(&pod.node)
    }
}

fn count(colors: impl Iterator<Item = String>) -> BTreeMap<String, usize> {
    let mut counted = BTreeMap::new();
    for color in colors {
        *counted.entry(color).or_default() += 1;
    }
    counted
}

impl From<&Pod> for PodSeen {
    fn from(pod: &Pod) -> Self {
        let spec = pod.spec.as_ref();
        let containers = spec.into_iter().flat_map(|spec| &spec.containers);
        let ports = containers.flat_map(|container| container.ports.iter().flatten());
        Self {
            color: pod.labels().get(TRACK_KEY).cloned().unwrap_or_default(),
            node: spec.and_then(|spec| spec.node_name.clone()).unwrap_or_default(),
            ready: is_ready(pod) && pod.metadata.deletion_timestamp.is_none(),
            ports: ports.filter_map(|port| port.name.clone()).collect(),
        }
    }
}

impl From<&EndpointSlice> for SliceSeen {
    fn from(slice: &EndpointSlice) -> Self {
        let is_ready = |ready: Option<bool>| ready.unwrap_or(true);
        let ready = slice.endpoints.iter().filter(|e| is_ready(e.conditions.as_ref().and_then(|c| c.ready)));
        Self {
            service: slice.labels().get("kubernetes.io/service-name").cloned().unwrap_or_default(),
            ports: slice.ports.iter().flatten().filter_map(|port| port.name.clone()).collect(),
            ready: ready.filter_map(|endpoint| endpoint.target_ref.as_ref()?.name.clone()).collect(),
        }
    }
}

impl From<&Service> for ServiceSeen {
    fn from(service: &Service) -> Self {
        use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
        let spec = service.spec.as_ref();
        let selector = spec.and_then(|spec| spec.selector.as_ref());
        let ports = spec.into_iter().flat_map(|spec| spec.ports.iter().flatten());
        let named = ports.filter_map(|port| match port.target_port.as_ref()? {
            IntOrString::String(target) => Some((port.name.clone().unwrap_or_default(), target.clone())),
            IntOrString::Int(_) => None,
        });
        Self {
            color: selector.and_then(|labels| labels.get(TRACK_KEY)).cloned().unwrap_or_default(),
            ports: named.collect(),
        }
    }
}
