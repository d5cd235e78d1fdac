//! The objects of a first route: what a Service needs whose selector has decided so far. Pure, and for people to read,
//! apply and keep: nothing here is written for them.
//!
//! Subsets are those of Istio's DestinationRule
//! (<https://istio.io/latest/docs/reference/config/networking/destination-rule/#Subset>), backends those of the Gateway
//! API's HTTPRoute (<https://gateway-api.sigs.k8s.io/api-types/httproute/#backendrefs-optional>), its parent a Gateway.

use k8s_openapi::api::core::v1::{Service, ServicePort};
use serde_json::{Value, json};

use crate::kube::Labels;
use crate::kube::manifest::as_manifest;
use crate::kube::service::service_name;
use crate::traffic::routes::{DestinationRule, GatewayRoute, Subset, VirtualService, host_is};
use crate::traffic::service_ports::{plain_port, ports_of};

/// Weights are shares of this.
const WHOLE: i64 = 100;

/// What a route is to decide about.
#[derive(Debug, Clone, Copy)]
pub struct First<'a> {
    pub service: &'a Service,
    pub namespace: &'a str,
    /// The label that tells the colors apart.
    pub key: &'a str,
    /// What pods of every color have.
    pub base: &'a Labels,
    /// The color that has all requests.
    pub active: &'a str,
    pub idle: &'a str,
}

/// An object, and what it is there for.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    pub comment: String,
    pub object: Value,
    /// Nothing of its name may be there; else it is one that is, with what it lacks.
    pub is_new: bool,
}

/// A subset that is called as a color, and selects something else: what leads to it would meet nobody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherSubset {
    pub rule: String,
    pub subset: String,
    pub labels: Labels,
}

fn new(comment: String, object: Value) -> Told {
    Told { comment, object, is_new: true }
}

fn changed(comment: String, object: Value) -> Told {
    Told { comment, object, is_new: false }
}

impl First<'_> {
    /// Of the Service.
    #[must_use]
    pub fn service_name(&self) -> &str {
        service_name(self.service)
    }

    fn colors(&self) -> [(&str, i64); 2] {
        [(self.active, WHOLE), (self.idle, 0)]
    }

    fn object(&self, api_version: &str, kind: &str, name: &str, spec: Value) -> Value {
        json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": name, "namespace": self.namespace},
            "spec": spec})
    }

    /// A subset for each color, and the VirtualServices that send to the Service with both in the place of it; one of
    /// their own where none does.
    ///
    /// # Errors
    /// A subset of a color's name is there, and selects something else.
    pub fn by_subsets(&self, routes: &[VirtualService], rules: &[DestinationRule]) -> Result<Vec<Told>, OtherSubset> {
        let mut told = vec![self.subsets(rules)?];
        let sends = |route: &&VirtualService| {
            route.destinations().any(|to| self.is_plain(&to.destination.host, &to.destination.subset, route))
        };
        let there: Vec<&VirtualService> = routes.iter().filter(sends).collect();
        told.extend(there.iter().map(|route| {
            let comment = format!("virtualservice/{} as it is, with the colors' subsets", route.metadata.name);
            changed(comment, self.with_subsets(route))
        }));
        if there.is_empty() {
            let comment = format!("the requests for {}: all to {}", self.service_name(), self.active);
            told.push(new(comment, self.virtual_service()));
        }
        Ok(told)
    }

    fn is_plain(&self, host: &str, subset: &Option<String>, route: &VirtualService) -> bool {
        subset.is_none() && host_is(host, &route.metadata.namespace, self.service_name(), self.namespace)
    }

    /// The DestinationRule of the host that is there, or one of its own.
    fn subsets(&self, rules: &[DestinationRule]) -> Result<Told, OtherSubset> {
        let subset = |color: &str| json!({"name": color, "labels": {self.key: color}});
        let is_its = |rule: &&DestinationRule| {
            host_is(&rule.spec.host, &rule.metadata.namespace, self.service_name(), self.namespace)
        };
        let Some(rule) = rules.iter().find(is_its) else {
            let subsets: Vec<Value> = self.colors().map(|(color, _)| subset(color)).into();
            let spec = json!({"host": self.service_name(), "subsets": subsets});
            let object = self.object("networking.istio.io/v1", "DestinationRule", self.service_name(), spec);
            return Ok(new("a subset for each color".to_owned(), object));
        };
        if let Some(other) = rule.spec.subsets.iter().find(|subset| self.is_another(subset)) {
            let (subset, labels) = (other.name.clone(), other.labels.clone());
            return Err(OtherSubset { rule: rule.metadata.name.clone(), subset, labels });
        }
        let mut object = as_manifest(&rule.object);
        let missing = self.colors().into_iter().filter(|(color, _)| rule.spec.subsets.iter().all(|s| s.name != *color));
        let missing: Vec<Value> = missing.map(|(color, _)| subset(color)).collect();
        match object["spec"]["subsets"].as_array_mut() {
            Some(subsets) => subsets.extend(missing),
            None => object["spec"]["subsets"] = Value::Array(missing),
        }
        let comment = format!("destinationrule/{} as it is, with a subset for each color", rule.metadata.name);
        Ok(changed(comment, object))
    }

    /// Called as a color, and not that color's pods.
    fn is_another(&self, subset: &Subset) -> bool {
        let color = self.colors().into_iter().find(|(color, _)| *color == subset.name);
        color.is_some_and(|(color, _)| {
            let is_of_it = |(label, value): (&String, &String)| {
                if label == self.key { value == color } else { self.base.get(label) == Some(value) }
            };
            !subset.labels.contains_key(self.key) || !subset.labels.iter().all(is_of_it)
        })
    }

    fn with_subsets(&self, route: &VirtualService) -> Value {
        let mut object = as_manifest(&route.object);
        for kind in ["http", "tcp", "tls"] {
            for rule in object["spec"][kind].as_array_mut().into_iter().flatten() {
                let Some(list) = rule["route"].as_array_mut() else { continue };
                *list = std::mem::take(list).into_iter().flat_map(|to| self.shared(to, route)).collect();
            }
        }
        object
    }

    /// A destination as one a color: the active one has its weight.
    fn one_a_color(&self, to: &Value, weight: i64, name: impl Fn(&mut Value, &str)) -> Vec<Value> {
        let of = |(color, share): (&str, i64)| {
            let mut one = to.clone();
            name(&mut one, color);
            one["weight"] = json!(if share == 0 { 0 } else { weight });
            one
        };
        self.colors().map(of).into()
    }

    /// A destination that is the Service as a whole, as one a color; others as they are.
    fn shared(&self, to: Value, route: &VirtualService) -> Vec<Value> {
        let host = to["destination"]["host"].as_str().unwrap_or_default();
        let subset = to["destination"]["subset"].as_str().map(str::to_owned);
        if !self.is_plain(host, &subset, route) {
            return vec![to];
        }
        let weight = to["weight"].as_i64().unwrap_or(WHOLE);
        self.one_a_color(&to, weight, |one, color| one["destination"]["subset"] = json!(color))
    }

    /// A Service with several ports needs a rule for each
    /// (<https://istio.io/latest/docs/reference/config/networking/virtual-service/#Destination>).
    fn virtual_service(&self) -> Value {
        let ports: Vec<&ServicePort> = ports_of(self.service).collect();
        let to = |port: Option<i32>, (color, weight): (&str, i64)| {
            let mut to = json!({"destination": {"host": self.service_name(), "subset": color}, "weight": weight});
            if let Some(port) = port {
                to["destination"]["port"] = json!({"number": port});
            }
            to
        };
        let rule = |port: Option<i32>| {
            let route: Vec<Value> = self.colors().map(|color| to(port, color)).into();
            match port {
                Some(port) => json!({"match": [{"port": port}], "route": route}),
                None => json!({"route": route}),
            }
        };
        let http: Vec<Value> =
            if ports.len() > 1 { ports.iter().map(|p| rule(Some(p.port))).collect() } else { vec![rule(None)] };
        let spec = json!({"hosts": [self.service_name()], "http": http});
        self.object("networking.istio.io/v1", "VirtualService", self.service_name(), spec)
    }

    /// A Service for each color, and the HTTPRoutes that send to the Service with both in the place of it; where none
    /// does, one whose parent is this Gateway.
    #[must_use]
    pub fn by_backends(&self, routes: &[GatewayRoute], gateway: Option<(Option<&str>, &str)>) -> Vec<Told> {
        let mut told: Vec<Told> = self
            .colors()
            .map(|(color, _)| new(format!("{color}, under a name of its own"), self.service_of(color)))
            .into();
        let there = self.sending(routes);
        told.extend(there.iter().map(|route| {
            let comment = format!("httproute/{} as it is, with a backend for each color", route.metadata.name);
            changed(comment, self.with_backends(route))
        }));
        if let (true, Some(gateway)) = (there.is_empty(), gateway) {
            let comment = format!("the requests for {}: all to {}", self.service_name(), self.active);
            told.push(new(comment, self.http_route(gateway)));
        }
        told
    }

    /// The routes that send to the Service by its own name.
    #[must_use]
    pub fn sending<'r>(&self, routes: &'r [GatewayRoute]) -> Vec<&'r GatewayRoute> {
        let sends = |route: &&GatewayRoute| {
            let mut refs = route.spec.rules.iter().flat_map(|rule| rule.services_in(self.namespace, route));
            refs.any(|backend| backend.name == self.service_name())
        };
        routes.iter().filter(sends).collect()
    }

    fn backend(&self, color: &str) -> String {
        format!("{}-{color}", self.service_name())
    }

    fn service_of(&self, color: &str) -> Value {
        let mut selector = self.base.clone();
        selector.insert(self.key.to_owned(), color.to_owned());
        let ports: Vec<Value> = ports_of(self.service).map(plain_port).collect();
        let spec = json!({"selector": selector, "ports": ports});
        self.object("v1", "Service", &self.backend(color), spec)
    }

    fn with_backends(&self, route: &GatewayRoute) -> Value {
        let mut object = as_manifest(&route.object);
        for rule in object["spec"]["rules"].as_array_mut().into_iter().flatten() {
            let Some(list) = rule["backendRefs"].as_array_mut() else { continue };
            *list = std::mem::take(list).into_iter().flat_map(|to| self.backends(to, route)).collect();
        }
        object
    }

    fn backends(&self, to: Value, route: &GatewayRoute) -> Vec<Value> {
        let home = to["namespace"].as_str().unwrap_or(&route.metadata.namespace);
        let is_it =
            to["name"] == self.service_name() && home == self.namespace && to["kind"].as_str() != Some("ServiceImport");
        if !is_it {
            return vec![to];
        }
        let weight = to["weight"].as_i64().unwrap_or(1);
        self.one_a_color(&to, weight, |one, color| one["name"] = json!(self.backend(color)))
    }

    fn http_route(&self, (namespace, name): (Option<&str>, &str)) -> Value {
        let mut parent = json!({"name": name});
        if let Some(namespace) = namespace {
            parent["namespace"] = json!(namespace);
        }
        let port = ports_of(self.service).next().map(|port| port.port);
        let to = |(color, share): (&str, i64)| json!({"name": self.backend(color), "port": port, "weight": i64::from(share > 0)});
        let backends: Vec<Value> = self.colors().map(to).into();
        let spec = json!({"parentRefs": [parent], "rules": [{"backendRefs": backends}]});
        self.object("gateway.networking.k8s.io/v1", "HTTPRoute", self.service_name(), spec)
    }
}
