//! Hosts and paths of an Ingress, and the backends that they lead to, as ingress-nginx takes them.

use std::fmt;

use k8s_openapi::api::networking::v1::{Ingress, IngressBackend};

use super::weight::port_of;
use crate::text::printable;

/// The host of rules without one.
pub const CATCH_ALL: &str = "_";

/// A Service and a port of it, as an Ingress names it: two names of one port are two backends (`upstreamName` of the
/// controller's `util.go`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Backend {
    pub service: String,
    pub port: String,
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "service/{}:{}", printable(&self.service), printable(&self.port))
    }
}

/// A path of a host.
#[derive(Debug, Clone)]
pub struct Place<'i> {
    pub host: &'i str,
    pub path: &'i str,
    /// Any other type is a prefix to it (`SetDefaultNGINXPathType`).
    pub is_exact: bool,
    pub backend: Backend,
}

/// All paths of an Ingress that lead to a Service.
#[must_use]
pub fn places(ingress: &Ingress) -> Vec<Place<'_>> {
    let rules = ingress.spec.iter().flat_map(|spec| spec.rules.iter().flatten());
    let places = rules.flat_map(|rule| {
        let host = rule.host.as_deref().filter(|host| !host.is_empty()).unwrap_or(CATCH_ALL);
        let paths = rule.http.iter().flat_map(|http| &http.paths);
        paths.filter_map(move |one| {
            let path = one.path.as_deref().filter(|path| !path.is_empty()).unwrap_or("/");
            Some(Place { host, path, is_exact: one.path_type == "Exact", backend: backend(&one.backend)? })
        })
    });
    places.collect()
}

/// Where requests go that no path takes.
#[must_use]
pub fn backend_by_default(ingress: &Ingress) -> Option<Backend> {
    backend(ingress.spec.as_ref()?.default_backend.as_ref()?)
}

fn backend(backend: &IngressBackend) -> Option<Backend> {
    let service = backend.service.as_ref()?.name.clone();
    Some(Backend { service, port: port_of(backend).unwrap_or_default() })
}

/// The name of an Ingress.
#[must_use]
pub fn name_of(ingress: &Ingress) -> &str {
    ingress.metadata.name.as_deref().unwrap_or_default()
}
