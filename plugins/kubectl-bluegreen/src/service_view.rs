//! One Service with all that was found out about it: its colors, its record, its settings.

use std::collections::BTreeSet;
use std::sync::Arc;

use k8s_openapi::api::core::v1::{Container, Service};
use release_core::kube::service::service_name;
use release_core::kube::{Labels, Pod, Workload};
use release_core::release::record::Recorded;
use release_core::traffic::selector::{NotSwitchable, Tracks, discover};
use release_core::traffic::service_ports::{serves, serving_ports};

use crate::record::{CleanupNote, Record};
use crate::settings::Settings;

/// One Service and what it can be switched between.
#[derive(Debug, Clone)]
pub struct ServiceView<'a> {
    pub service: &'a Service,
    pub recorded: Recorded<Record>,
    pub cleanup: CleanupNote,
    pub settings: Settings,
    pub tracks: Result<Tracks, NotSwitchable>,
    /// Names of its ports behind which an endpoint has to be to serve.
    pub ports: BTreeSet<String>,
}

impl<'a> ServiceView<'a> {
    /// Finds the colors of a Service. The track key is, in this order, what the flag, the
    /// annotation or our record says, else what the labels show.
    #[must_use]
    pub fn of(service: &'a Service, workloads: &[Arc<Workload>], pods: &[Pod], key_flag: Option<&str>) -> Self {
        let settings = Settings::read(service);
        let annotations = service.metadata.annotations.as_ref();
        let recorded = Recorded::<Record>::read(annotations);
        let asked = key_flag.or(settings.track_key.as_deref());
        let remembered = recorded.current.as_ref().map(|r| r.key.as_str()).filter(|key| selects_by(service, key));
        let tracks = discover(service, workloads, pods, asked.or(remembered));
        let ports = ports(service, tracks.as_ref().ok(), pods);
        Self { service, recorded, cleanup: CleanupNote::read(annotations), settings, tracks, ports }
    }

    /// What it selects by now; nothing where it selects nothing.
    #[must_use]
    pub fn selector(&self) -> Option<&'a Labels> {
        self.service.spec.as_ref()?.selector.as_ref().filter(|selector| !selector.is_empty())
    }

    /// The containers of a workload that its ports lead to; where no port says which, its first.
    #[must_use]
    pub fn serving<'w>(&self, workload: &'w Workload) -> Vec<&'w Container> {
        let found: Vec<&Container> = workload.serving_containers().filter(|c| serves(self.service, c)).collect();
        if found.is_empty() { workload.serving_containers().take(1).collect() } else { found }
    }

    /// The Service's name.
    #[must_use]
    pub fn name(&self) -> &str {
        service_name(self.service)
    }
}

/// True for a Service that is called after a color, and so is meant to stay with it: `api-blue`.
#[must_use]
pub fn is_of_its_own(service: &str, color: &str) -> bool {
    service.split(['-', '.']).any(|part| part == color)
}

fn ports(service: &Service, tracks: Option<&Tracks>, pods: &[Pod]) -> BTreeSet<String> {
    let colors = tracks.into_iter().flat_map(|tracks| &tracks.colors);
    let own = pods.iter().filter(|pod| tracks.is_some_and(|t| t.color_of(&pod.metadata.labels).is_some()));
    let own: Vec<&Pod> = own.filter(|pod| pod.is_ready()).collect();
    serving_ports(service, colors.flat_map(|color| &color.workloads).map(AsRef::as_ref), &own)
}

/// A record's key is followed only while the selector still has it.
fn selects_by(service: &Service, key: &str) -> bool {
    service.spec.as_ref().and_then(|s| s.selector.as_ref()).is_some_and(|s| s.contains_key(key))
}

/// How many of the pods are ready.
#[must_use]
pub fn ready_count(pods: &[&Pod]) -> usize {
    pods.iter().filter(|pod| pod.is_ready()).count()
}
