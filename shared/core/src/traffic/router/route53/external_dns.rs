//! Whether external-dns keeps the records: it puts weights back as annotations of Services and Ingresses have them. Its
//! TXT records say so (<https://github.com/kubernetes-sigs/external-dns/blob/master/docs/registry/txt.md>).

use super::name::DnsName;
use super::record_set::RecordSet;
use crate::text::printable;

/// What its texts begin with.
const HERITAGE: &str = "heritage=external-dns";
const OWNER: &str = "external-dns/owner=";
const RESOURCE: &str = "external-dns/resource=";
/// What it puts before a name for the type that it keeps, where no other prefix was configured. An alias of a load
/// balancer's name is a CNAME to it.
const PREFIXES: [&str; 3] = ["a-", "aaaa-", "cname-"];

/// An external-dns that keeps a record.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Keeper {
    /// Its `--txt-owner-id`.
    pub owner: String,
    /// `ingress/shop/api-green`: what it makes the record from.
    pub resource: Option<String>,
    /// Of the records that it keeps; nothing where it keeps the name's only one.
    pub set_identifier: Option<String>,
}

impl Keeper {
    /// `external-dns (owner prod) keeps "green" as ingress/shop/api-green says`
    #[must_use]
    pub fn shown(&self) -> String {
        let what = self.set_identifier.as_ref().map_or_else(|| "it".to_owned(), |it| format!("\"{}\"", printable(it)));
        let says = self.resource.as_ref().map(|resource| format!(" as {} says", printable(resource)));
        format!("external-dns (owner {}) keeps {what}{}", printable(&self.owner), says.unwrap_or_default())
    }
}

/// The names under which its TXT records for a name may be: older versions have the name itself, newer ones the type
/// before it. A prefix or suffix that somebody configured isn't known.
#[must_use]
pub fn registry_names(name: &DnsName) -> Vec<DnsName> {
    let with = |prefix: &&str| DnsName::of(&format!("{prefix}{name}"));
    std::iter::once(name.clone()).chain(PREFIXES.iter().map(with)).collect()
}

/// Who keeps records, by record sets of the names of [`registry_names`].
#[must_use]
pub fn keepers(sets: &[RecordSet]) -> Vec<Keeper> {
    let texts = sets.iter().filter(|set| set.record_type == "TXT");
    let found = texts.flat_map(|set| set.resource_records.iter().filter_map(|record| keeper(set, &record.value)));
    let mut keepers: Vec<Keeper> = found.collect();
    keepers.sort();
    keepers.dedup();
    keepers
}

fn keeper(set: &RecordSet, text: &str) -> Option<Keeper> {
    let text = text.trim_matches('"');
    let mut parts = text.split(',');
    (parts.next() == Some(HERITAGE)).then_some(())?;
    let part = |begin: &str| text.split(',').find_map(|part| part.strip_prefix(begin)).map(str::to_owned);
    Some(Keeper {
        owner: part(OWNER).unwrap_or_default(),
        resource: part(RESOURCE),
        set_identifier: set.set_identifier.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(name: &str, identifier: Option<&str>, value: &str) -> RecordSet {
        let json = serde_json::json!({"Name": name, "Type": "TXT", "SetIdentifier": identifier, "Weight": 100,
            "TTL": 300, "ResourceRecords": [{"Value": value}]});
        serde_json::from_value(json).unwrap()
    }

    /// Two clusters' external-dns each keep a record of one name, and one that syncs takes away or puts back what it
    /// owns (external-dns#1698).
    #[test]
    fn whoever_keeps_a_record_is_named() {
        let owned = |resource: &str| {
            format!("\"heritage=external-dns,external-dns/owner=my-identifier,external-dns/resource={resource}\"")
        };
        let sets = [
            text("cname-api.example.com.", Some("cluster1"), &owned("ingress/shop/api-blue")),
            text("api.example.com.", Some("cluster1"), &owned("ingress/shop/api-blue")),
            text("cname-api.example.com.", Some("cluster2"), &owned("ingress/shop/api-green")),
            text("api.example.com.", None, "\"v=spf1 -all\""),
            text("api.example.com.", None, "\"heritage=external-dnsx,external-dns/owner=x\""),
        ];
        let found = keepers(&sets);
        let shown: Vec<String> = found.iter().map(Keeper::shown).collect();
        assert_eq!(
            shown,
            [
                "external-dns (owner my-identifier) keeps \"cluster1\" as ingress/shop/api-blue says",
                "external-dns (owner my-identifier) keeps \"cluster2\" as ingress/shop/api-green says"
            ]
        );
        let bare = keepers(&[text("a.example.com.", None, "heritage=external-dns")]);
        assert_eq!(bare[0].shown(), "external-dns (owner ) keeps it");
    }

    #[test]
    fn its_names_are_those_that_it_makes() {
        let names = |name: &str| registry_names(&DnsName::of(name)).iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(
            names("api.example.com"),
            ["api.example.com", "a-api.example.com", "aaaa-api.example.com", "cname-api.example.com"]
        );
    }
}
