//! Whom the requests for a color reach.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::{Service, ServicePort};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use serde_json::Value;

use super::rule::{Destination, Form, Share};
use super::{Route, RouterKind, Rule};
use crate::kube::Labels;
use crate::traffic::service_ports::{destination, ports_of};

impl Route {
    /// Where a color's requests go, by the rules that are moved; where none lists it, where they would.
    fn reached(&self, color: &str) -> BTreeSet<&Destination> {
        let known = |to: &Destination| self.colors.get_key_value(to).map(|(to, _)| to);
        let rules = self.rules(&self.object);
        let listed = rules.iter().flat_map(|rule: &Rule| rule.reached(color));
        let listed: BTreeSet<&Destination> = listed.filter_map(|share| known(&share.to)).collect();
        if listed.is_empty() {
            self.colors.iter().filter(|(_, name)| *name == color).map(|(to, _)| to).take(1).collect()
        } else {
            listed
        }
    }

    /// What pods of a color need besides to be reached by each of them: labels of a subset beside the one that tells
    /// the colors apart.
    #[must_use]
    pub fn besides(&self, color: &str) -> Labels {
        let mut asked = self.reached(color).into_iter().map(|to| self.besides.get(to).cloned().unwrap_or_default());
        let first = asked.next().unwrap_or_default();
        asked.fold(first, |common, other| {
            common.into_iter().filter(|(label, value)| other.get(label) == Some(value)).collect()
        })
    }

    /// Why requests for a color reach nobody, whoever has its labels.
    #[must_use]
    pub fn lost(&self, color: &str) -> Option<String> {
        let to = self.reached(color).into_iter().find(|to| self.lost.contains(*to))?;
        Some(match &to.subset {
            Some(subset) => format!("no DestinationRule defines subset {subset} of {}", self.reference()),
            None => format!("{} sends to service/{}, which is gone", self.reference(), to.service),
        })
    }

    /// The port that a color's requests are sent to and that its Service doesn't have, in words; `service` finds one by
    /// its name. A destination without a port has the Service's only one.
    #[must_use]
    pub fn without_port<'s>(
        &self,
        seen: &Value,
        color: &str,
        service: impl Fn(&str) -> Option<&'s Service>,
    ) -> Option<String> {
        let rules = self.rules(seen);
        rules.iter().find_map(|rule| {
            rule.reached(color).into_iter().find_map(|share| {
                let found = service(&share.to.service)?;
                let numbers: Vec<String> = ports_of(found).map(|one| one.port.to_string()).collect();
                let is_lacking = |port: &String| !ports_of(found).any(|one| self.is_called(one, port));
                let port = self.ports(rule, share).into_iter().find(is_lacking).filter(|_| !numbers.is_empty())?;
                let (route, name, numbers) = (self.reference(), &share.to.service, numbers.join(", "));
                Some(format!("{route} sends {color} to port {port} of service/{name}, which has {numbers}"))
            })
        })
    }

    /// True where it is what a route names: the port's number, and to an Ingress its name; ingress-nginx also takes what
    /// it leads to (`serviceEndpoints` of its controller).
    fn is_called(&self, one: &ServicePort, port: &str) -> bool {
        let is_name = || self.kind.is_ingress() && one.name.as_deref() == Some(port);
        let leads_to = || match destination(one) {
            IntOrString::Int(number) => number.to_string() == port,
            IntOrString::String(name) => name == port,
        };
        one.port.to_string() == port || is_name() || (self.kind == RouterKind::Nginx && leads_to())
    }

    /// As they are written.
    fn ports(&self, rule: &Rule, share: &Share) -> Vec<String> {
        match &rule.form {
            Form::Canary(weight) => {
                let own = weight.ports.iter().filter(|(service, _)| *service == share.to.service);
                own.map(|(_, port)| port.clone()).chain(self.main_ports(&share.to.service)).collect()
            }
            Form::List | Form::Action(_) | Form::Records => self.port(rule, share).into_iter().collect(),
        }
    }

    /// Those by which a main Ingress names a Service.
    fn main_ports(&self, service: &str) -> impl Iterator<Item = String> {
        let shared = self.beside.canary.iter().flat_map(|canary| &canary.shared);
        shared.filter(move |main| main.service == service).map(|main| main.port.clone()).filter(|port| !port.is_empty())
    }

    /// As it is written: a number, or for an AWS load balancer's Ingress also a name.
    fn port(&self, rule: &Rule, share: &Share) -> Option<String> {
        let to = match &rule.form {
            Form::Action(action) => action.port_of(rule.list.as_str()?, share.index)?,
            Form::Canary(_) | Form::Records => return None,
            Form::List if self.kind == RouterKind::VirtualService => {
                rule.list[share.index]["destination"]["port"]["number"].clone()
            }
            Form::List => rule.list[share.index]["port"].clone(),
        };
        to.as_i64().map(|number| number.to_string()).or_else(|| to.as_str().map(str::to_owned))
    }
}
