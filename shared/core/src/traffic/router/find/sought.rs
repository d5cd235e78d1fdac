//! What a router is looked for with.

use std::sync::Arc;

use k8s_openapi::api::core::v1::Service;
use serde_json::Value;

use crate::kube::service::service_name;
use crate::traffic::alb::TargetGroupBinding;
use crate::traffic::router::nginx::Canaries;
use crate::traffic::router::route53::ByDns;
use crate::traffic::router::{NamedRouter, RouterKind};
use crate::traffic::routes::DestinationRule;

/// What is known around a Service, and what was said of its router.
#[derive(Debug, Clone, Copy)]
pub struct Sought<'a> {
    pub service: &'a Service,
    pub namespace: &'a str,
    /// All Services of the namespace.
    pub neighbours: &'a [Service],
    /// Objects that may be its router.
    pub routes: &'a [SeenRoute<'a>],
    pub rules: &'a [DestinationRule],
    /// What tells whose target groups are that are named by themselves.
    pub bindings: &'a [TargetGroupBinding],
    /// What ingress-nginx makes of the canary Ingresses of the namespace.
    pub canaries: &'a Canaries,
    /// The label that tells the colors apart, where somebody says so.
    pub key: Option<&'a str>,
    /// What was typed.
    pub named: Option<&'a NamedRouter>,
}

/// An object that may be a Service's router.
#[derive(Debug, Clone)]
pub struct SeenRoute<'a> {
    pub kind: RouterKind,
    pub object: &'a Value,
    /// The router that a record on it says it moved this Service by.
    pub moved_by: Option<NamedRouter>,
    /// What its rule matched then, where it was named by its place: rules change places.
    pub matched: Option<String>,
    /// Between which colors it says so; nothing where what it sends to could not all be read.
    pub recorded: Option<RecordedColors>,
    /// The records that were read with it, where it is a Service that they may decide about.
    pub dns: Option<Arc<ByDns>>,
}

/// The colors that a record on a route names.
#[derive(Debug, Clone)]
pub struct RecordedColors {
    /// The label that tells them apart.
    pub key: String,
    pub both: [String; 2],
}

impl Sought<'_> {
    /// The name of the Service.
    #[must_use]
    pub fn name(&self) -> &str {
        service_name(self.service)
    }

    /// True where it selects pods by a label.
    #[must_use]
    pub fn selects(&self, label: &str) -> bool {
        let selector = self.service.spec.as_ref().and_then(|spec| spec.selector.as_ref());
        selector.is_some_and(|selector| selector.contains_key(label))
    }
}
