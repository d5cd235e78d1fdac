//! Which color a record leads to: that of the load balancer that it names.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::name::DnsName;
use super::record_set::RecordSet;

/// Before the name of a load balancer of AWS the same one, asked for other addresses
/// (<https://docs.aws.amazon.com/elasticloadbalancing/latest/classic/elb-internet-facing-load-balancers.html>).
const SAME_BALANCER: [&str; 2] = ["dualstack", "ipv6"];
/// The label that names of load balancers have, and how they end: in AWS, in China, in Europe's sovereign cloud.
const BALANCER_LABEL: &str = "elb";
const AWS_ENDS: [&str; 3] = [".amazonaws.com", ".amazonaws.com.cn", ".amazonaws.eu"];
/// How often a name is followed to another one: more is a circle, or nobody's intention.
const FOLLOWED: usize = 8;

/// What a record names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Target {
    Host(DnsName),
    Address(IpAddr),
}

impl Target {
    /// An address of IPv4 or IPv6, or a name.
    fn of(text: &str) -> Self {
        match text.trim().parse::<IpAddr>() {
            Ok(address) => Self::Address(address),
            Err(_) => Self::Host(balancer(&DnsName::of(text))),
        }
    }

    /// All that a record names: its alias, its addresses, the host of a CNAME; of HTTPS and SVCB records the second
    /// word, where `.` is the record's own name (RFC 9460, section 2.5).
    fn all_of(set: &RecordSet) -> Vec<Self> {
        let alias = set.alias_target.iter().map(|alias| alias.dns_name.as_str());
        let is_service = matches!(set.record_type.as_str(), "HTTPS" | "SVCB");
        let named = |value: &'_ str| -> String {
            let word = value.split_whitespace().nth(1).filter(|_| is_service).unwrap_or(value);
            if is_service && word == "." { set.name.clone() } else { word.to_owned() }
        };
        let values = set.resource_records.iter().map(|record| named(&record.value));
        alias.map(str::to_owned).chain(values).map(|text| Self::of(&text)).collect()
    }
}

/// A load balancer's own name, without what may stand before it.
fn balancer(name: &DnsName) -> DnsName {
    let is_balancer = |host: &DnsName| {
        let text = host.as_str();
        AWS_ENDS.iter().any(|end| text.ends_with(end)) && text.split('.').any(|label| label == BALANCER_LABEL)
    };
    name.without_first(&SAME_BALANCER).filter(is_balancer).unwrap_or_else(|| name.clone())
}

/// Where a record leads.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Leads {
    pub colors: BTreeSet<String>,
    /// To something that is no color's, too.
    pub elsewhere: bool,
}

impl Leads {
    /// The color that it leads to, and to nothing else.
    #[must_use]
    pub fn only(&self) -> Option<&str> {
        let one = self.colors.first().filter(|_| self.colors.len() == 1 && !self.elsewhere);
        one.map(String::as_str)
    }

    /// True where it leads to no color.
    #[must_use]
    pub fn is_stranger(&self) -> bool {
        self.colors.is_empty()
    }
}

/// Load balancers, each with the colors that are behind it.
#[derive(Debug, Clone, Default)]
pub struct Balancers {
    colors: BTreeMap<Target, BTreeSet<String>>,
    /// Records of the zone that aliases may lead to, with how long their answers are kept.
    seconds: BTreeMap<DnsName, i64>,
}

impl Balancers {
    /// From pairs of an address or a name and a color, as Services and Ingresses have them in
    /// `status.loadBalancer.ingress[].hostname` and `.ip`.
    #[must_use]
    pub fn of<'a>(behind: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut balancers = Self::default();
        for (address, color) in behind.into_iter().filter(|(address, _)| !address.trim().is_empty()) {
            balancers.colors.entry(Target::of(address)).or_default().insert(color.to_owned());
        }
        balancers
    }

    /// The same, each with other names of what is behind it; one that is left with nothing is nobody's.
    #[must_use]
    pub fn renamed<'n>(&self, name: impl Fn(&str) -> Option<&'n str>) -> Self {
        let named = |of: &BTreeSet<String>| of.iter().filter_map(|one| name(one).map(str::to_owned)).collect();
        let colors = self.colors.iter().map(|(target, of)| (target.clone(), named(of)));
        let colors = colors.filter(|(_, of): &(Target, BTreeSet<String>)| !of.is_empty()).collect();
        Self { colors, seconds: self.seconds.clone() }
    }

    /// The same with other names of the zone that lead to them: records that stand between, such as
    /// `api-green.example.com` as an alias of green's load balancer. `sets` are all that those names have.
    #[must_use]
    pub fn following(mut self, sets: &[RecordSet]) -> Self {
        for _ in 0..FOLLOWED {
            let before = self.colors.len();
            let mut found: BTreeMap<DnsName, (Leads, i64)> = BTreeMap::new();
            for set in sets.iter().filter(|set| is_address(&set.record_type)) {
                let (leads, seconds) = found.entry(set.dns_name()).or_default();
                let here = self.leads(set);
                leads.colors.extend(here.colors);
                leads.elsewhere |= here.elsewhere;
                *seconds = self.seconds(set).max(*seconds);
            }
            for (name, (leads, seconds)) in found.into_iter().filter(|(_, (leads, _))| !leads.elsewhere) {
                self.seconds.insert(name.clone(), seconds);
                self.colors.entry(Target::Host(name)).or_insert(leads.colors);
            }
            if self.colors.len() == before {
                break;
            }
        }
        self
    }

    /// Names that records of load balancers' types lead to, and of which nothing is known: the zone may say more of them,
    /// for [`Self::following`].
    #[must_use]
    pub fn unknown(&self, sets: &[RecordSet]) -> BTreeSet<DnsName> {
        let targets = sets.iter().filter(|set| is_address(&set.record_type)).flat_map(Target::all_of);
        let unknown = targets.filter(|target| !self.colors.contains_key(target));
        unknown.filter_map(|target| if let Target::Host(name) = target { Some(name) } else { None }).collect()
    }

    /// Where a record leads.
    #[must_use]
    pub fn leads(&self, set: &RecordSet) -> Leads {
        let mut leads = Leads::default();
        for target in Target::all_of(set) {
            match self.colors.get(&target) {
                Some(colors) => leads.colors.extend(colors.iter().cloned()),
                None => leads.elsewhere = true,
            }
        }
        leads
    }

    /// How long resolvers keep a record's answer: an alias has the time of the record that it leads to.
    #[must_use]
    pub fn seconds(&self, set: &RecordSet) -> i64 {
        let followed = set.alias_target.as_ref().and_then(|alias| self.seconds.get(&DnsName::of(&alias.dns_name)));
        followed.copied().unwrap_or_else(|| set.seconds())
    }
}

/// True for types by whose answers clients find a load balancer.
#[must_use]
pub fn is_address(record_type: &str) -> bool {
    matches!(record_type, "A" | "AAAA" | "CNAME" | "HTTPS" | "SVCB")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const BLUE: &str = "k8s-shop-blue-0a1b2c3d4e-1803284942.us-east-2.elb.amazonaws.com";
    const GREEN: &str = "k8s-shop-green-5f6a7b8c9d-5511223344.elb.us-east-2.amazonaws.com";

    fn set(record_type: &str, more: Value) -> RecordSet {
        let mut one = json!({"Name": "api.example.com.", "Type": record_type, "SetIdentifier": "x", "Weight": 1});
        one.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value(one).unwrap()
    }

    fn alias(to: &str) -> RecordSet {
        set(
            "A",
            json!({"AliasTarget": {"HostedZoneId": "Z3AADJGX6KTTL2", "DNSName": to, "EvaluateTargetHealth": true}}),
        )
    }

    fn values(record_type: &str, values: &[&str]) -> RecordSet {
        let values: Vec<Value> = values.iter().map(|value| json!({"Value": value})).collect();
        set(record_type, json!({"TTL": 60, "ResourceRecords": values}))
    }

    fn balancers() -> Balancers {
        Balancers::of([(BLUE, "blue"), (GREEN, "green"), ("192.0.2.7", "green"), ("2001:DB8:0:0:0:0:0:7", "green")])
    }

    /// The console puts `dualstack.` before a name, Services and Ingresses don't have it: whoever compares the texts
    /// takes one load balancer for two (terraform-provider-aws#33961, #6480; aws-cdk#6271).
    #[test]
    fn one_load_balancer_is_one_however_it_is_named() {
        let found = balancers();
        for name in [
            BLUE.to_owned(),
            format!("{BLUE}."),
            format!("dualstack.{BLUE}."),
            format!("DualStack.{}", BLUE.to_uppercase()),
        ] {
            assert_eq!(found.leads(&alias(&name)).only(), Some("blue"), "{name}");
            assert_eq!(found.leads(&values("CNAME", &[&name])).only(), Some("blue"), "{name}");
        }
        assert_eq!(found.leads(&alias(&format!("ipv6.{BLUE}"))).only(), Some("blue"));
        let own = Balancers::of([("lb.example.com", "blue")]);
        assert!(own.leads(&alias("dualstack.lb.example.com")).is_stranger(), "of others it is another name");
        let prefixed = Balancers::of([(format!("dualstack.{BLUE}").as_str(), "blue")]);
        assert_eq!(prefixed.leads(&alias(BLUE)).only(), Some("blue"), "also where the cluster has it so");
    }

    #[test]
    fn addresses_are_compared_as_addresses() {
        let found = balancers();
        assert_eq!(found.leads(&values("A", &["192.0.2.7"])).only(), Some("green"));
        assert_eq!(found.leads(&values("AAAA", &["2001:db8::7"])).only(), Some("green"));
        let mixed = found.leads(&values("A", &["192.0.2.7", "192.0.2.8"]));
        assert!(mixed.only().is_none() && mixed.elsewhere && !mixed.is_stranger());
    }

    /// A browser goes where the HTTPS record says, whatever the A record is.
    #[test]
    fn a_service_binding_names_its_target_by_its_second_word() {
        let found = balancers().following(&[alias(BLUE)]);
        assert_eq!(found.leads(&values("HTTPS", &[&format!("1 {GREEN}. alpn=\"h2,h3\"")])).only(), Some("green"));
        assert_eq!(found.leads(&values("HTTPS", &["1 . alpn=h2"])).only(), Some("blue"), "the name's own");
        assert!(found.leads(&values("HTTPS", &["1"])).is_stranger());
    }

    /// Ingresses of one group share a load balancer: DNS can't decide between colors that are both behind it.
    #[test]
    fn a_load_balancer_of_both_colors_is_of_neither() {
        let shared = Balancers::of([(BLUE, "blue"), (BLUE, "green")]);
        let leads = shared.leads(&alias(BLUE));
        assert!(leads.only().is_none() && leads.colors.len() == 2);
    }

    #[test]
    fn names_that_stand_between_are_followed() {
        let between =
            |name: &str, set: RecordSet| RecordSet { name: name.into(), weight: None, set_identifier: None, ..set };
        let sets = [
            between("far.example.com", values("CNAME", &["green.example.com"])),
            between("green.example.com.", RecordSet { ttl: Some(300), ..values("CNAME", &[GREEN]) }),
            between("odd.example.com.", values("A", &["192.0.2.7", "198.51.100.1"])),
            between("round.example.com.", values("CNAME", &["round.example.com"])),
        ];
        let found = balancers().following(&sets);
        assert_eq!(found.leads(&alias("FAR.example.com.")).only(), Some("green"));
        assert!(found.leads(&alias("odd.example.com")).is_stranger(), "half of it is somebody else's");
        assert!(found.leads(&alias("round.example.com")).is_stranger());
        // An alias of a record has that record's time, not the 60 s of a load balancer.
        assert_eq!(found.seconds(&alias("green.example.com")), 300);
        assert_eq!(found.seconds(&alias(GREEN)), 60);
        assert_eq!(found.seconds(&values("CNAME", &["green.example.com"])), 60, "a CNAME has its own");
    }
}
