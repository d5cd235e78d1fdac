//! What decides about a Service where records do, as rules that share requests: one for each type of record.

use k8s_openapi::api::core::v1::Service;
use k8s_openapi::api::networking::v1::Ingress;
use serde_json::{Value, json};

use super::super::rule::{Destination, Form, Rule, Share};
use super::balancers::Balancers;
use super::name::Place;
use super::record_set::RecordSet;
use super::records::{Group, Record, Records};
use crate::command::Command;

/// The member of a Service, as it was read, under which the records lie that decide about it: the API server has none
/// of this name.
const SETS: &str = "resourceRecordSets";

/// Records, and the load balancers that they lead to.
#[derive(Debug, Clone)]
pub struct ByDns {
    pub place: Place,
    /// Each with the Services behind it.
    pub balancers: Balancers,
}

impl ByDns {
    /// The bare command that lists the records of the name.
    #[must_use]
    pub fn list(&self) -> Command {
        Command::new("aws route53 list-resource-record-sets")
            .flag("--hosted-zone-id", &self.place.zone)
            .flag("--start-record-name", self.place.name.as_str())
    }

    /// The records in what was read, as rules.
    #[must_use]
    pub fn rules(&self, seen: &Value, namespace: &str) -> Vec<Rule> {
        let records = Records::of(&self.place.name, &sets_in(seen), &self.balancers);
        records.groups.iter().enumerate().map(|(index, group)| rule(index, group, namespace)).collect()
    }
}

fn rule(index: usize, group: &Group, namespace: &str) -> Rule {
    let shares = group.records.iter().enumerate().flat_map(|(at, record)| shares(group, (at, record), namespace));
    Rule {
        pointer: format!("/{SETS}/{}", group.record_type),
        index,
        name: Some(group.record_type.clone()),
        matches: false,
        list: group.records.iter().map(|record| json!(record.set)).collect(),
        shares: shares.collect(),
        form: Form::Records,
    }
}

/// One for each Service that a record leads to.
fn shares(group: &Group, (index, record): (usize, &Record), namespace: &str) -> Vec<Share> {
    let weight = group.counted(record);
    let to = |service: &str| Destination { service: service.into(), namespace: namespace.into(), subset: None };
    let share = |to: Destination| Share { index, to, weight, color: None };
    if record.leads.is_stranger() {
        return vec![share(to(""))];
    }
    record.leads.colors.iter().map(|service| share(to(service))).collect()
}

/// A Service with the records that decide about it.
#[must_use]
pub fn with_sets(mut service: Value, sets: &[RecordSet]) -> Value {
    if let Some(members) = service.as_object_mut() {
        members.insert(SETS.to_owned(), json!(sets));
    }
    service
}

/// The records that were read with a Service.
#[must_use]
pub fn sets_in(seen: &Value) -> Vec<RecordSet> {
    let listed = seen[SETS].as_array().into_iter().flatten();
    listed.filter_map(|set| serde_json::from_value(set.clone()).ok()).collect()
}

/// The load balancers of a namespace, each with the Services behind it: those of Services themselves
/// (`type: LoadBalancer`), and those of Ingresses.
#[must_use]
pub fn balancers_in(services: &[Service], ingresses: &[Ingress]) -> Balancers {
    let own = services.iter().flat_map(|service| {
        let name = service.metadata.name.as_deref().unwrap_or_default();
        let at = service.status.iter().flat_map(|status| &status.load_balancer).flat_map(|it| &it.ingress).flatten();
        at.flat_map(|at| [at.hostname.as_deref(), at.ip.as_deref()]).flatten().map(move |address| (address, name))
    });
    let of_ingresses = ingresses.iter().flat_map(|ingress| {
        let at = ingress.status.iter().flat_map(|status| &status.load_balancer).flat_map(|it| &it.ingress).flatten();
        let addresses = at.flat_map(|at| [at.hostname.as_deref(), at.ip.as_deref()]).flatten();
        addresses.flat_map(move |address| services_of(ingress).map(move |name| (address, name)))
    });
    Balancers::of(own.chain(of_ingresses))
}

fn services_of(ingress: &Ingress) -> impl Iterator<Item = &str> {
    let spec = ingress.spec.iter();
    let by_default = spec.clone().filter_map(|spec| spec.default_backend.as_ref());
    let rules = spec.flat_map(|spec| spec.rules.iter().flatten());
    let by_path = rules.filter_map(|rule| rule.http.as_ref()).flat_map(|http| &http.paths).map(|path| &path.backend);
    by_default.chain(by_path).filter_map(|backend| backend.service.as_ref()).map(|service| service.name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed<T: serde::de::DeserializeOwned>(value: Value) -> T {
        serde_json::from_value(value).unwrap()
    }

    fn alias(color: &str, weight: i64) -> RecordSet {
        parsed(json!({"Name": "api.example.com.", "Type": "A", "SetIdentifier": color, "Weight": weight,
            "AliasTarget": {"HostedZoneId": "Z3AADJGX6KTTL2", "EvaluateTargetHealth": true,
                "DNSName": format!("dualstack.{color}.elb.us-east-2.amazonaws.com.")}}))
    }

    /// A Service's own load balancer, and one that an Ingress has for another: both are of a color.
    #[test]
    fn the_load_balancers_of_services_and_ingresses_are_known() {
        let at = |color: &str| json!({"loadBalancer": {"ingress": [{"hostname": format!("{color}.elb.us-east-2.amazonaws.com")}]}});
        let service: Service = parsed(json!({"metadata": {"name": "api-blue"}, "status": at("blue")}));
        let path = |name: &str| json!({"path": "/", "pathType": "Prefix", "backend": {"service": {"name": name, "port": {"number": 80}}}});
        let ingress: Ingress = parsed(json!({"metadata": {"name": "green"}, "status": at("green"),
            "spec": {"rules": [{"http": {"paths": [path("api-green"), path("docs")]}}]}}));
        let balancers = balancers_in(&[service], &[ingress]);
        let place = "Z1/api.example.com".parse().unwrap();
        let seen = with_sets(json!({"kind": "Service"}), &[alias("blue", 100), alias("green", 0), alias("teal", 7)]);
        let rules = ByDns { place, balancers }.rules(&seen, "shop");
        let shares: Vec<(&str, i64)> =
            rules[0].shares.iter().map(|share| (share.to.service.as_str(), share.weight)).collect();
        assert_eq!(shares, [("api-blue", 100), ("api-green", 0), ("docs", 0), ("", 7)]);
        assert_eq!(sets_in(&seen).len(), 3);
        assert!(sets_in(&json!({})).is_empty());
    }
}
