//! Decisions over record sets in the form in which `aws route53 list-resource-record-sets` prints them: the members are
//! those of <https://docs.aws.amazon.com/cli/latest/reference/route53/list-resource-record-sets.html>, the combinations
//! those of the syntaxes for weighted, weighted alias and failover records in its page on `change-resource-record-sets`.

mod answers;
mod moves;
mod properties;
mod refused;
mod reports;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Balancers, Batch, DnsName, RecordSet, Records};

const ALIASES: &str = include_str!("fixtures/weighted-alias.json");
const CNAMES: &str = include_str!("fixtures/weighted-cname.json");
const FAILOVER: &str = include_str!("fixtures/failover.json");

/// As the AWS CLI prints it.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    resource_record_sets: Vec<RecordSet>,
}

/// A name of a zone as it was read.
struct Scene {
    name: DnsName,
    sets: Vec<RecordSet>,
    balancers: Balancers,
}

impl Scene {
    fn new(name: &str, sets: Vec<RecordSet>, behind: &[(&str, &str)]) -> Self {
        Self { name: DnsName::of(name), sets, balancers: Balancers::of(behind.iter().copied()) }
    }

    /// `api.example.com`, blue and green, IPv4 and IPv6, all of it blue's.
    fn aliases() -> Self {
        let blue = "k8s-shop-blue-0a1b2c3d4e-1803284942.us-east-2.elb.amazonaws.com";
        let green = "k8s-shop-green-5f6a7b8c9d-551122334.us-east-2.elb.amazonaws.com";
        Self::new("api.example.com", listed(ALIASES), &[(blue, "blue"), (green, "green")])
    }

    /// `*.shop.example.com`, two load balancers a color, and a stranger with a tenth of the answers.
    fn cnames() -> Self {
        let behind = [
            ("blue-eu.elb.eu-west-1.amazonaws.com", "blue"),
            ("blue-us.elb.us-east-1.amazonaws.com", "blue"),
            ("green-eu.elb.eu-west-1.amazonaws.com", "green"),
            ("green-us.elb.us-east-1.amazonaws.com", "green"),
        ];
        Self::new("*.shop.example.com", listed(CNAMES), &behind)
    }

    /// `test.example.com`: blue is primary, green secondary.
    fn failover() -> Self {
        let behind = [("test-us-west-2.example.com", "blue"), ("test-us-east-2.example.com", "green")];
        Self::new("test.example.com", listed(FAILOVER), &behind)
    }

    /// Two records of one type with what else they have; `blue.example.net` is blue's load balancer, green's likewise.
    fn two(record_type: &str, blue: Value, green: Value) -> Self {
        let sets = vec![set(record_type, "blue", blue), set(record_type, "green", green)];
        Self::new("api.example.com", sets, &[("blue.example.net", "blue"), ("green.example.net", "green")])
    }

    fn records(&self) -> Records {
        Records::of(&self.name, &self.sets, &self.balancers)
    }

    /// The records as a batch leaves them.
    fn after(&self, batch: &Batch) -> Self {
        Self { name: self.name.clone(), sets: batch.left(&self.sets), balancers: self.balancers.clone() }
    }

    fn without(mut self, goes: impl Fn(&RecordSet) -> bool) -> Self {
        self.sets.retain(|set| !goes(set));
        self
    }

    fn with(mut self, set: RecordSet) -> Self {
        self.sets.push(set);
        self
    }

    /// Changed by somebody.
    fn changed(mut self, change: impl Fn(&mut RecordSet)) -> Self {
        self.sets.iter_mut().for_each(change);
        self
    }
}

fn listed(json: &str) -> Vec<RecordSet> {
    serde_json::from_str::<Listed>(json).unwrap().resource_record_sets
}

/// A record of `api.example.com` that leads to `IDENTIFIER.example.net`, unless it says otherwise.
fn set(record_type: &str, identifier: &str, more: Value) -> RecordSet {
    let mut one = json!({"Name": "api.example.com.", "Type": record_type, "SetIdentifier": identifier, "TTL": 60,
        "ResourceRecords": [{"Value": format!("{identifier}.example.net")}]});
    let members = one.as_object_mut().unwrap();
    if more.get("AliasTarget").is_some() {
        members.remove("TTL");
        members.remove("ResourceRecords");
    }
    members.extend(more.as_object().unwrap().clone());
    serde_json::from_value(one).unwrap()
}

/// `DELETE A "blue" 100`, one for each change.
fn changes(batch: &Batch) -> Vec<String> {
    let one = |word: &str, set: &RecordSet| {
        let weight = set.weight.map(|weight| weight.to_string());
        format!("{word} {} {}", set.called(), weight.or(set.failover.clone()).unwrap_or_default())
    };
    let deleted = batch.deleted().map(|set| one("DELETE", set));
    deleted.chain(batch.created().map(|set| one("CREATE", set))).collect()
}
