//! A router as it is named: `KIND[/[NAMESPACE/]NAME[:ROUTE-OR-RULE]]`, or
//! `route53/ZONE-ID/NAME`.

use std::fmt;
use std::str::FromStr;

use super::kind::RouterKind;
use super::route53::Place;

/// Routers that other versions will know.
const NOT_YET: [&str; 1] = ["replicas"];

/// Which router decides about a Service, as far as that was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedRouter {
    pub kind: RouterKind,
    /// That of the Service where nothing is said.
    pub namespace: Option<String>,
    /// The only one of its kind where nothing is said.
    pub name: Option<String>,
    /// The name of one of its routes or rules, or its place among them, counted from 0.
    pub rule: Option<String>,
    /// The records, where it is a name of DNS.
    pub records: Option<Place>,
}

impl NamedRouter {
    /// The records of a name of DNS.
    #[must_use]
    pub fn of_records(place: Place) -> Self {
        Self { kind: RouterKind::Route53, namespace: None, name: None, rule: None, records: Some(place) }
    }

    /// True where an object may be the one that is meant by somebody who looks from a namespace.
    #[must_use]
    pub fn means(&self, kind: RouterKind, (namespace, name): (&str, &str), home: &str) -> bool {
        let is_named = self
            .name
            .as_deref()
            .is_none_or(|named| named == name && self.namespace.as_deref().unwrap_or(home) == namespace);
        self.kind == kind && is_named
    }
}

impl fmt::Display for NamedRouter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.word())?;
        if let Some(records) = &self.records {
            return write!(f, "/{records}");
        }
        let Some(name) = &self.name else { return Ok(()) };
        let namespace = self.namespace.as_ref().map(|namespace| format!("{namespace}/")).unwrap_or_default();
        let rule = self.rule.as_ref().map(|rule| format!(":{rule}")).unwrap_or_default();
        write!(f, "/{namespace}{name}{rule}")
    }
}

impl FromStr for NamedRouter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (kind, rest) = text.split_once('/').map_or((text, None), |(kind, rest)| (kind, Some(rest)));
        if NOT_YET.contains(&kind) {
            return Err(format!("{kind} is not honoured yet"));
        }
        let known = RouterKind::ALL.into_iter().find(|one| kind.eq_ignore_ascii_case(one.word()));
        let kind = known.ok_or_else(|| {
            let all: Vec<&str> = RouterKind::ALL.iter().map(|one| one.word()).collect();
            format!("\"{}\" is no router: {}", kind.escape_debug(), all.join(", "))
        })?;
        if kind == RouterKind::Route53 {
            let place = rest.unwrap_or_default().parse::<Place>();
            return place.map(Self::of_records).map_err(|why| format!("route53/{why}"));
        }
        let none = Self { kind, namespace: None, name: None, rule: None, records: None };
        let Some(rest) = rest else { return Ok(none) };
        let (object, rule) = rest.split_once(':').map_or((rest, None), |(object, rule)| (object, Some(rule)));
        let (namespace, name) = object.split_once('/').map_or((None, object), |(ns, name)| (Some(ns), name));
        let is_name = |text: &str| {
            !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.".contains(&b))
        };
        let is_odd = !is_name(name) || namespace.is_some_and(|namespace| !is_name(namespace)) || rule == Some("");
        if is_odd {
            return Err("KIND/[NAMESPACE/]NAME[:ROUTE-OR-RULE]".to_owned());
        }
        let owned = |text: Option<&str>| text.map(str::to_owned);
        Ok(Self { kind, namespace: owned(namespace), name: Some(name.to_owned()), rule: owned(rule), ..none })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_is_read_again() {
        for text in [
            "service",
            "virtualservice",
            "httproute/api",
            "virtualservice/edge/api:primary",
            "grpcroute/api:0",
            "alb",
            "alb/shop/edge:forward-multiple-tg",
            "nginx",
            "nginx/shop/api-canary",
            "route53/Z2LD58HEXAMPLE/api.example.com",
        ] {
            assert_eq!(text.parse::<NamedRouter>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_no_router_is_said() {
        assert_eq!("replicas/api".parse::<NamedRouter>().unwrap_err(), "replicas is not honoured yet");
        assert!("ingress".parse::<NamedRouter>().unwrap_err().contains("virtualservice"));
        assert!("route53".parse::<NamedRouter>().unwrap_err().starts_with("route53/ZONE-ID/NAME"));
        for odd in [
            "route53/Z1",
            "route53/z-1/api.example.com",
            "httproute/",
            "httproute/a b",
            "httproute/api:",
            "virtualservice//api",
        ] {
            assert!(odd.parse::<NamedRouter>().is_err(), "{odd}");
        }
    }
}
