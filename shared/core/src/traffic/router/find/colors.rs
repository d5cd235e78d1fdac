//! Which color each destination of a route leads to.

use std::collections::{BTreeMap, BTreeSet};

use super::sought::Sought;
use super::unclear::RouterUnclear;
use crate::kube::Labels;
use crate::kube::service::service_name;
use crate::traffic::router::{Destination, Route, RouterKind, Rule};
use crate::traffic::routes::host_is;
use crate::traffic::track_key::{is_identity_key, is_machine_key};

/// What tells the colors apart, and the color of each destination.
#[derive(Debug)]
pub struct Told {
    pub key: String,
    pub base: Labels,
    pub colors: BTreeMap<Destination, String>,
}

/// By the subsets of the Service, else by Services of a color each. Nothing where the route is not about it.
pub fn colors(sought: &Sought<'_>, route: &Route) -> Result<Option<Told>, RouterUnclear> {
    let rules = match route.kind {
        RouterKind::VirtualService => crate::traffic::router::istio::rules(&route.object, &route.namespace),
        RouterKind::Alb => crate::traffic::router::alb::rules(&route.object, &route.namespace, &route.bound),
        _ => crate::traffic::router::gateway::rules(&route.object, &route.namespace),
    };
    match by_subset(sought, route, &rules)? {
        Some(told) => Ok(Some(told)),
        None => Ok(by_backend(sought, &rules)),
    }
}

/// A subset adds its labels to the Service's selector
/// (<https://istio.io/latest/docs/reference/config/networking/destination-rule/#Subset>).
fn by_subset(sought: &Sought<'_>, route: &Route, rules: &[Rule]) -> Result<Option<Told>, RouterUnclear> {
    let of_service = |to: &&Destination| to.service == sought.name() && to.namespace == sought.namespace;
    let used: BTreeSet<&String> = destinations(rules).filter(of_service).filter_map(|to| to.subset.as_ref()).collect();
    if used.is_empty() {
        return Ok(None);
    }
    let subsets = subsets(sought);
    let selector = selector_of(sought.service);
    let mut keys = differing(&subsets, &selector);
    keys.retain(|key| sought.key.map_or(!is_identity_key(key), |named| key == named));
    let key = match keys.as_slice() {
        [] => return Ok(None),
        [only] => only.clone(),
        _ => return Err(RouterUnclear::SeveralKeys { route: route.reference(), keys }),
    };
    let told: Vec<(&String, &Labels)> = used.iter().filter_map(|name| Some((*name, subsets.get(*name)?))).collect();
    let told: Vec<(&String, &Labels)> = told.into_iter().filter(|(_, labels)| labels.contains_key(&key)).collect();
    let Some((_, first)) = told.first() else { return Ok(None) };
    let mut base = selector;
    let is_common = |label: &str, value: &String| told.iter().all(|(_, labels)| labels.get(label) == Some(value));
    base.extend((*first).clone().into_iter().filter(|(label, value)| *label != key && is_common(label, value)));
    let to = |subset: &String| Destination {
        service: sought.name().to_owned(),
        namespace: sought.namespace.to_owned(),
        subset: Some(subset.clone()),
    };
    // A subset that nothing uses yet is a color that the route lacks.
    let all = subsets.iter().filter_map(|(name, labels)| Some((to(name), labels.get(&key)?.clone())));
    let colors = all.collect();
    Ok(Some(Told { key, base, colors }))
}

/// The Service's subsets, by name.
fn subsets(sought: &Sought<'_>) -> BTreeMap<String, Labels> {
    let of_service = sought
        .rules
        .iter()
        .filter(|rule| host_is(&rule.spec.host, &rule.metadata.namespace, sought.name(), sought.namespace));
    let mut subsets = BTreeMap::new();
    for subset in of_service.flat_map(|rule| &rule.spec.subsets) {
        subsets.entry(subset.name.clone()).or_insert_with(|| subset.labels.clone());
    }
    subsets
}

/// Labels in which subsets differ, and which the Service doesn't select by itself.
fn differing(subsets: &BTreeMap<String, Labels>, selector: &Labels) -> Vec<String> {
    let keys: BTreeSet<&String> = subsets.values().flat_map(BTreeMap::keys).collect();
    let differs = |key: &&&String| {
        let values: BTreeSet<&String> = subsets.values().filter_map(|labels| labels.get(**key)).collect();
        values.len() > 1 && !selector.contains_key(**key) && !is_machine_key(key)
    };
    keys.iter().filter(differs).map(|key| (*key).clone()).collect()
}

/// Services that select one color each of what the sought one selects, or of what it is a color of.
fn by_backend(sought: &Sought<'_>, rules: &[Rule]) -> Option<Told> {
    let own = selector_of(sought.service);
    let mut told: BTreeMap<String, (Labels, BTreeMap<Destination, String>)> = BTreeMap::new();
    for rule in rules {
        for (key, (base, colors)) in of_rule(sought, rule, &own) {
            told.entry(key).or_insert_with(|| (base, BTreeMap::new())).1.extend(colors);
        }
    }
    if let Some(named) = sought.key {
        told.retain(|key, _| key == named);
    }
    let mut told = told.into_iter();
    match (told.next(), told.next()) {
        (Some((key, (base, colors))), None) => Some(Told { key, base, colors }),
        _ => None,
    }
}

type ByKey = BTreeMap<String, (Labels, BTreeMap<Destination, String>)>;

/// The colors among the backends of one rule, by the label that tells them apart; where it has one color only, it
/// shares nothing.
fn of_rule(sought: &Sought<'_>, rule: &Rule, own: &Labels) -> ByKey {
    let known = |to: &Destination| -> Option<Labels> {
        let is_it = to.subset.is_none() && to.namespace == sought.namespace;
        let mut all = sought.neighbours.iter().chain([sought.service]);
        let found = all.find(|service| service_name(service) == to.service).filter(|_| is_it)?;
        Some(selector_of(found)).filter(|selector| !selector.is_empty())
    };
    let backends: Vec<(&Destination, Labels)> =
        rule.shares.iter().filter_map(|share| Some((&share.to, known(&share.to)?))).collect();
    let is_one = backends.iter().any(|(to, _)| to.service == sought.name());
    let mut told: ByKey = BTreeMap::new();
    for key in backends.iter().flat_map(|(_, selector)| selector.keys()) {
        let tells_colors = !is_machine_key(key) && (!is_identity_key(key) || sought.key == Some(key));
        if told.contains_key(key) || !tells_colors || is_one != own.contains_key(key) {
            continue;
        }
        let mut base = own.clone();
        base.remove(key);
        let is_of_it = |selector: &Labels| {
            let mut rest = selector.clone();
            rest.remove(key).is_some() && rest == base
        };
        let of_key = backends.iter().filter(|(_, selector)| is_of_it(selector));
        let colors: BTreeMap<Destination, String> =
            of_key.map(|(to, selector)| ((*to).clone(), selector[key].clone())).collect();
        if colors.values().collect::<BTreeSet<_>>().len() > 1 && !base.is_empty() {
            told.insert(key.clone(), (base, colors));
        }
    }
    told
}

fn destinations(rules: &[Rule]) -> impl Iterator<Item = &Destination> {
    rules.iter().flat_map(|rule| rule.shares.iter().map(|share| &share.to))
}

fn selector_of(service: &k8s_openapi::api::core::v1::Service) -> Labels {
    service.spec.as_ref().and_then(|spec| spec.selector.clone()).unwrap_or_default()
}
