//! Routes of the Gateway API, as the plugin `argoproj-labs/gatewayAPI` is told of them
//! (`pkg/plugin/types.go` of argoproj-labs/rollouts-plugin-trafficrouter-gatewayapi).

use serde::Deserialize;
use serde_json::Value;

use crate::release::argo_rollout::problem::Problem;

/// Its name among a Rollout's plugins.
pub const NAME: &str = "argoproj-labs/gatewayAPI";

/// Which routes share the requests.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct GatewayRoutes {
    pub http_route: Option<String>,
    pub grpc_route: Option<String>,
    pub http_routes: Vec<RouteName>,
    pub grpc_routes: Vec<RouteName>,
    pub namespace: Option<String>,
    tcp_route: Option<Value>,
    tls_route: Option<Value>,
    tcp_routes: Option<Value>,
    tls_routes: Option<Value>,
    #[serde(rename = "httpRouteSelector")]
    http_selector: Option<Value>,
    #[serde(rename = "grpcRouteSelector")]
    grpc_selector: Option<Value>,
    #[serde(rename = "tcpRouteSelector")]
    tcp_selector: Option<Value>,
    #[serde(rename = "tlsRouteSelector")]
    tls_selector: Option<Value>,
    /// Where the plugin keeps what it has added; we read it back from the routes.
    config_map: Option<Value>,
    disable_in_progress_label: Option<Value>,
    in_progress_label_key: Option<Value>,
    in_progress_label_value: Option<Value>,
}

/// One of several.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RouteName {
    pub name: String,
    /// Whether header routes are added to it.
    #[serde(default)]
    pub use_header_routes: bool,
}

impl GatewayRoutes {
    /// Every HTTPRoute.
    #[must_use]
    pub fn all_http(&self) -> Vec<&str> {
        self.http_route.as_deref().into_iter().chain(self.http_routes.iter().map(|one| one.name.as_str())).collect()
    }

    /// Every GRPCRoute.
    #[must_use]
    pub fn all_grpc(&self) -> Vec<&str> {
        self.grpc_route.as_deref().into_iter().chain(self.grpc_routes.iter().map(|one| one.name.as_str())).collect()
    }

    /// Fields that nobody honours here.
    #[must_use]
    pub fn not_honoured(&self, path: &str) -> Vec<Problem> {
        let all = [
            ("tcpRoute", &self.tcp_route),
            ("tlsRoute", &self.tls_route),
            ("tcpRoutes", &self.tcp_routes),
            ("tlsRoutes", &self.tls_routes),
            ("httpRouteSelector", &self.http_selector),
            ("grpcRouteSelector", &self.grpc_selector),
            ("tcpRouteSelector", &self.tcp_selector),
            ("tlsRouteSelector", &self.tls_selector),
        ];
        let why = "routes are HTTPRoutes and GRPCRoutes by name";
        let there = all.into_iter().filter(|(_, value)| value.is_some());
        there.map(|(field, _)| Problem::new(format!("{path}.{field}"), why)).collect()
    }

    /// That it names no route.
    #[must_use]
    pub fn invalid(&self, path: &str) -> Option<Problem> {
        let is_empty = self.all_http().is_empty() && self.all_grpc().is_empty();
        is_empty.then(|| Problem::new(path, "it names no route: httpRoute, or httpRoutes"))
    }

    /// What only the plugin needs.
    #[must_use]
    pub fn said(&self) -> Option<&'static str> {
        let own = [&self.config_map, &self.disable_in_progress_label, &self.in_progress_label_key];
        let is_there = own.iter().any(|value| value.is_some()) || self.in_progress_label_value.is_some();
        is_there.then_some("configMap and in-progress labels: routes are not marked, and are read back themselves")
    }
}
