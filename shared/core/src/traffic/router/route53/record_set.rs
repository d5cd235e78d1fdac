//! One resource record set, as Route 53 has it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::name::{DnsName, zone_id};
use crate::text::printable;

/// How long resolvers keep the answer of an alias that leads to a load balancer: its own records have this TTL
/// (<https://docs.aws.amazon.com/Route53/latest/APIReference/API_ResourceRecordSet.html>, under `TTL`).
pub const ALIAS_SECONDS: i64 = 60;

/// What Route 53 says of other ways to choose among records of one name, and what people call them.
const OTHER_ROUTING: [(&str, &str); 6] = [
    ("Region", "latency"),
    ("GeoLocation", "geolocation"),
    ("GeoProximityLocation", "geoproximity"),
    ("MultiValueAnswer", "multivalue answer"),
    ("CidrRoutingConfig", "IP-based"),
    ("TrafficPolicyInstanceId", "traffic policy"),
];

/// A record set with its members' own names, so that one that is deleted is repeated as it was read
/// (<https://docs.aws.amazon.com/Route53/latest/APIReference/API_ResourceRecordSet.html>).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RecordSet {
    /// As it was read: `\052.example.com.`
    pub name: String,
    #[serde(rename = "Type")]
    pub record_type: String,
    /// What tells it from others of its name and type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set_identifier: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failover: Option<String>,
    #[serde(rename = "TTL", default, skip_serializing_if = "Option::is_none")]
    pub ttl: Option<i64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resource_records: Vec<ResourceRecord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias_target: Option<AliasTarget>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health_check_id: Option<String>,
    /// All else that it has: none of it is in a record that is moved.
    #[serde(flatten)]
    pub other: BTreeMap<String, Value>,
}

/// One value of a record.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ResourceRecord {
    pub value: String,
}

/// What an alias leads to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AliasTarget {
    /// Of the load balancer's region, or the zone itself for another of its records.
    pub hosted_zone_id: String,
    #[serde(rename = "DNSName")]
    pub dns_name: String,
    pub evaluate_target_health: bool,
}

/// How Route 53 chooses among the records of one name and type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Routing {
    Weighted(i64),
    Failover(Role),
    /// It has none: the record is the only one.
    Simple,
    /// `latency`, `geolocation`: in whatever way that we don't move.
    Other(String),
}

/// Of a failover record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Primary,
    Secondary,
}

impl Role {
    /// As Route 53 has it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Primary => "PRIMARY",
            Self::Secondary => "SECONDARY",
        }
    }
}

impl Routing {
    /// `latency`
    #[must_use]
    pub fn called(&self) -> &str {
        match self {
            Self::Weighted(_) => "weighted",
            Self::Failover(_) => "failover",
            Self::Simple => "simple",
            Self::Other(other) => other,
        }
    }
}

impl RecordSet {
    /// Its name in one form.
    #[must_use]
    pub fn dns_name(&self) -> DnsName {
        DnsName::of(&self.name)
    }

    /// How it is chosen among others.
    #[must_use]
    pub fn routing(&self) -> Routing {
        if let Some(member) = self.other.keys().next() {
            let known = OTHER_ROUTING.iter().find(|(name, _)| name == member);
            let called = known.map_or_else(|| format!("unknown ({})", printable(member)), |(_, it)| (*it).to_owned());
            return Routing::Other(called);
        }
        match (self.weight, self.failover.as_deref()) {
            (None, None) => Routing::Simple,
            (Some(weight), None) => Routing::Weighted(weight),
            (None, Some("PRIMARY")) => Routing::Failover(Role::Primary),
            (None, Some("SECONDARY")) => Routing::Failover(Role::Secondary),
            (None, Some(other)) => Routing::Other(format!("failover {}", printable(other))),
            (Some(_), Some(_)) => Routing::Other("weighted and failover".to_owned()),
        }
    }

    /// True where Route 53 looks at its health before it answers with it.
    #[must_use]
    pub fn is_checked(&self) -> bool {
        self.health_check_id.is_some() || self.alias_target.as_ref().is_some_and(|alias| alias.evaluate_target_health)
    }

    /// How long resolvers keep its answer, in seconds.
    #[must_use]
    pub fn seconds(&self) -> i64 {
        self.ttl.filter(|_| self.alias_target.is_none()).unwrap_or(ALIAS_SECONDS)
    }

    /// `A "green"`, `CNAME`
    #[must_use]
    pub fn called(&self) -> String {
        let identifier = self.set_identifier.as_ref().map(|identifier| format!(" \"{}\"", printable(identifier)));
        format!("{}{}", printable(&self.record_type), identifier.unwrap_or_default())
    }

    /// True where both say the same, in whatever order and form their names and values are written.
    #[must_use]
    pub fn is_as(&self, other: &Self) -> bool {
        self.in_one_form() == other.in_one_form()
    }

    fn in_one_form(&self) -> Self {
        let mut form = self.clone();
        form.name = self.dns_name().as_str().to_owned();
        form.resource_records.sort();
        if let Some(alias) = &mut form.alias_target {
            alias.dns_name = DnsName::of(&alias.dns_name).as_str().to_owned();
            alias.hosted_zone_id = zone_id(&alias.hosted_zone_id).unwrap_or(&alias.hosted_zone_id).to_owned();
        }
        form
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn set(json: Value) -> RecordSet {
        serde_json::from_value(json).unwrap()
    }

    /// A member that is left out of a delete makes Route 53 refuse it: a health check (airbnb/zonify#23), a TTL
    /// (ansible community.aws#800), a weight of 0 (salt#47693, aws-cdk#29556).
    #[test]
    fn what_is_read_is_written_again() {
        for one in [
            json!({"Name": "\\052.example.com.", "Type": "CNAME", "SetIdentifier": "i-0080b6dec90929484", "Weight": 0,
                "TTL": 0, "ResourceRecords": [{"Value": "b.example.com"}, {"Value": "a.example.com"}], "HealthCheckId": "x"}),
            json!({"Name": "api.example.com.", "Type": "A", "SetIdentifier": "", "Failover": "SECONDARY",
                "AliasTarget": {"HostedZoneId": "Z35SXDOTRQ7X7K", "DNSName": "dualstack.green.us-east-1.elb.amazonaws.com.", "EvaluateTargetHealth": false}}),
            json!({"Name": "api.example.com.", "Type": "A", "SetIdentifier": "eu", "Region": "eu-west-1", "Future": {"a": [1, null]},
                "TTL": 60, "ResourceRecords": [{"Value": "192.0.2.1"}]}),
        ] {
            assert_eq!(serde_json::to_value(set(one.clone())).unwrap(), one);
        }
    }

    #[test]
    fn every_way_of_choosing_is_known_by_its_name() {
        let mut one = json!({"Name": "a.example.com.", "Type": "A", "SetIdentifier": "x"});
        assert_eq!(set(one.clone()).routing(), Routing::Simple);
        for (member, called) in [
            ("Region", "latency"),
            ("GeoLocation", "geolocation"),
            ("GeoProximityLocation", "geoproximity"),
            ("MultiValueAnswer", "multivalue answer"),
            ("CidrRoutingConfig", "IP-based"),
            ("TrafficPolicyInstanceId", "traffic policy"),
            ("Mood\u{1b}[2J", "unknown (Mood\\u{1b}[2J)"),
        ] {
            // Also where it has a weight: a record that a traffic policy made can't be changed by itself.
            let mut with = json!({"Name": "a.example.com.", "Type": "A", "Weight": 1});
            with[member] = json!(true);
            assert_eq!(set(with).routing().called(), called);
        }
        one["Weight"] = json!(7);
        assert_eq!(set(one.clone()).routing(), Routing::Weighted(7));
        one["Failover"] = json!("PRIMARY");
        assert_eq!(set(one.clone()).routing().called(), "weighted and failover");
        one["Weight"] = Value::Null;
        assert_eq!(set(one.clone()).routing(), Routing::Failover(Role::Primary));
        one["Failover"] = json!("TERTIARY");
        assert_eq!(set(one).routing().called(), "failover TERTIARY");
    }

    /// A controller that compares texts writes for ever: the zone's id comes with `/hostedzone/` before it
    /// (aws-controllers-k8s/community#2987), names with a dot at the end.
    #[test]
    fn the_same_in_another_form_is_the_same() {
        let alias = |zone: &str, to: &str| {
            set(json!({"Name": "API.example.com", "Type": "A", "SetIdentifier": "blue", "Weight": 1,
                "AliasTarget": {"HostedZoneId": zone, "DNSName": to, "EvaluateTargetHealth": true}}))
        };
        let one = alias("Z35SXDOTRQ7X7K", "Blue.us-east-1.elb.amazonaws.com");
        let other = alias("/hostedzone/Z35SXDOTRQ7X7K", "blue.us-east-1.elb.amazonaws.com.");
        assert!(one.is_as(&other));
        assert!(!one.is_as(&RecordSet { weight: Some(2), ..other.clone() }));
        assert!(!one.is_as(&RecordSet { health_check_id: Some("x".into()), ..other.clone() }));
        assert!(!one.is_as(&alias("Z35SXDOTRQ7X7K", "dualstack.blue.us-east-1.elb.amazonaws.com")), "another answer");
        // Set identifiers are people's, and Route 53 tells capitals from small letters there.
        assert!(!one.is_as(&RecordSet { set_identifier: Some("Blue".into()), ..other }));
    }
}
