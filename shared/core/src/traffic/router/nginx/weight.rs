//! The weight of a canary Ingress: one number, and the rest is the main Ingress's.

use k8s_openapi::api::networking::v1::{Ingress, IngressBackend};
use serde_json::Value;

use super::annotations::{CANARY, TOTAL, annotation, counted};
use crate::release::change::{Op, annotation_pointer};

/// What a canary's number means, and what it means that on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CanaryWeight {
    /// What the canary's own Services have.
    pub own: i64,
    /// All, as the controller counts.
    pub total: i64,
    /// The ports of its Services that it names, each with the Service.
    pub ports: Vec<(String, String)>,
    /// Members of the object that the number depends on, with their values.
    relies_on: Vec<(String, Value)>,
}

impl CanaryWeight {
    /// As an Ingress has it.
    #[must_use]
    pub fn of(ingress: &Ingress) -> Self {
        let (own, total) = counted(ingress);
        let text = |key: &str| (annotation_pointer(key), annotation(ingress, key).map_or(Value::Null, Value::from));
        let mut relies_on = vec![text(CANARY), text(TOTAL)];
        let backends = backends(ingress);
        relies_on.extend(backends.iter().filter_map(|(pointer, backend)| {
            Some((format!("{pointer}/service/name"), Value::from(backend.service.as_ref()?.name.as_str())))
        }));
        let ports = backends.iter().filter_map(|(_, backend)| {
            let service = backend.service.as_ref()?;
            Some((service.name.clone(), port_of(backend)?))
        });
        Self { own, total, ports: ports.collect(), relies_on }
    }

    /// What the main Ingress's Service has.
    #[must_use]
    pub fn rest(&self) -> i64 {
        self.total.saturating_sub(self.own)
    }

    /// Refuses a patch unless the number means what it meant.
    pub fn still(&self) -> impl Iterator<Item = Op> {
        self.relies_on.iter().map(|(pointer, value)| Op::test(pointer, value.clone()))
    }
}

/// Every backend of an Ingress, with its place in the object.
fn backends(ingress: &Ingress) -> Vec<(String, &IngressBackend)> {
    let Some(spec) = &ingress.spec else { return Vec::new() };
    let by_default = spec.default_backend.iter().map(|backend| ("/spec/defaultBackend".to_owned(), backend));
    let rules = spec.rules.iter().flatten().enumerate();
    let by_path = rules.flat_map(|(rule, one)| {
        let paths = one.http.iter().flat_map(|http| &http.paths).enumerate();
        paths.map(move |(path, one)| (format!("/spec/rules/{rule}/http/paths/{path}/backend"), &one.backend))
    });
    by_default.chain(by_path).collect()
}

/// The port of its Service that a backend names, a number before a name.
#[must_use]
pub fn port_of(backend: &IngressBackend) -> Option<String> {
    let port = backend.service.as_ref()?.port.as_ref()?;
    let number = port.number.filter(|number| *number > 0).map(|number| number.to_string());
    number.or_else(|| port.name.clone().filter(|name| !name.is_empty()))
}
