//! `trafficRouting`: who shares the requests, of those that Argo knows.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::gateway::{GatewayRoutes, NAME};
use crate::kube::Labels;
use crate::release::argo_rollout::problem::Problem;

/// All of it; one of the routers is honoured.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct TrafficRouting {
    pub istio: Option<Istio>,
    pub nginx: Option<Nginx>,
    pub alb: Option<Alb>,
    pub smi: Option<Value>,
    pub ambassador: Option<Value>,
    pub app_mesh: Option<Value>,
    pub traefik: Option<Value>,
    pub apisix: Option<Value>,
    pub plugins: Plugins,
    pub managed_routes: Vec<ManagedRoute>,
    pub max_traffic_weight: Option<u32>,
}

/// The plugin that is known, and others by their names.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct Plugins {
    #[serde(rename = "argoproj-labs/gatewayAPI")]
    pub gateway: Option<GatewayRoutes>,
    #[serde(flatten)]
    pub others: BTreeMap<String, Value>,
}

/// A route that a step may add. Their order is which of them comes first.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManagedRoute {
    pub name: String,
}

/// Istio's.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Istio {
    pub virtual_service: Option<VirtualService>,
    pub virtual_services: Vec<VirtualService>,
    pub destination_rule: Option<DestinationRule>,
}

/// A VirtualService, `name` or `name.namespace`, and the http routes of it that are meant; its only one where none is
/// named.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VirtualService {
    pub name: String,
    #[serde(default)]
    pub routes: Vec<String>,
    tls_routes: Option<Value>,
    tcp_routes: Option<Value>,
}

/// Whose subsets tell the versions apart.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DestinationRule {
    pub name: String,
    pub canary_subset_name: String,
    pub stable_subset_name: String,
    #[serde(default)]
    pub additional_subset_names: Vec<String>,
}

/// ingress-nginx' canary Ingress.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Nginx {
    pub annotation_prefix: Option<String>,
    pub stable_ingress: Option<String>,
    pub stable_ingresses: Vec<String>,
    pub additional_ingress_annotations: Labels,
    pub canary_ingress_annotations: Labels,
}

/// An AWS load balancer's forward action.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Alb {
    pub ingress: Option<String>,
    #[serde(default)]
    pub ingresses: Vec<String>,
    pub service_port: i32,
    pub root_service: Option<String>,
    pub annotation_prefix: Option<String>,
    pub stickiness_config: Option<Stickiness>,
}

/// Whether a client keeps its version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Stickiness {
    pub enabled: bool,
    pub duration_seconds: i64,
}

/// The one that shares the requests.
#[derive(Debug, Clone, PartialEq)]
pub enum Routing {
    Istio(Istio),
    Alb(Alb),
    Nginx(Nginx),
    Gateway(Box<GatewayRoutes>),
}

impl Istio {
    /// Every VirtualService.
    pub fn all(&self) -> impl Iterator<Item = &VirtualService> {
        self.virtual_service.iter().chain(&self.virtual_services)
    }
}

impl TrafficRouting {
    /// Every one that is honoured.
    #[must_use]
    pub fn routers(&self) -> Vec<Routing> {
        let all = [
            self.istio.clone().map(Routing::Istio),
            self.alb.clone().map(Routing::Alb),
            self.nginx.clone().map(Routing::Nginx),
            self.plugins.gateway.clone().map(|routes| Routing::Gateway(Box::new(routes))),
        ];
        all.into_iter().flatten().collect()
    }

    /// What nobody does here.
    #[must_use]
    pub fn not_honoured(&self, path: &str) -> Vec<Problem> {
        let others = [
            ("smi", self.smi.is_some()),
            ("ambassador", self.ambassador.is_some()),
            ("appMesh", self.app_mesh.is_some()),
            ("traefik", self.traefik.is_some()),
            ("apisix", self.apisix.is_some()),
        ];
        let why = "requests are shared by istio, alb, nginx or the plugin argoproj-labs/gatewayAPI";
        let others = others.into_iter().filter(|(_, is_there)| *is_there).map(|(field, _)| field.to_owned());
        let plugins = self.plugins.others.keys().map(|name| format!("plugins.{name}"));
        let mut found: Vec<Problem> =
            others.chain(plugins).map(|field| Problem::new(format!("{path}.{field}"), why)).collect();
        if let Some(gateway) = &self.plugins.gateway {
            found.extend(gateway.not_honoured(&format!("{path}.plugins.{NAME}")));
        }
        for (at, one) in self.istio.iter().flat_map(Istio::all).enumerate() {
            let fields = [("tlsRoutes", &one.tls_routes), ("tcpRoutes", &one.tcp_routes)];
            let there = fields.into_iter().filter(|(_, value)| value.is_some());
            let place = |field| format!("{path}.istio.virtualService[{at}].{field}");
            found.extend(there.map(|(field, _)| Problem::new(place(field), "http routes alone are shared")));
        }
        found
    }
}
