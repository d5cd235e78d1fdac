//! Which color each destination of a route leads to.

use std::collections::{BTreeMap, BTreeSet};

use super::sought::{RecordedColors, Sought};
use super::unclear::RouterUnclear;
use crate::kube::Labels;
use crate::kube::service::service_name;
use crate::traffic::router::{Destination, Route, Rule};
use crate::traffic::routes::host_is;
use crate::traffic::track_key::{is_identity_key, is_machine_key};

/// What tells the colors apart, and the color of each destination.
#[derive(Debug)]
pub struct Told {
    pub key: String,
    pub base: Labels,
    pub colors: BTreeMap<Destination, String>,
    pub besides: BTreeMap<Destination, Labels>,
    pub lost: BTreeSet<Destination>,
}

/// By the subsets of the Service, else by Services of a color each. Nothing where the route is not about it. What our
/// record on it names is about it, whatever else has gone.
pub fn colors(
    sought: &Sought<'_>,
    recorded: Option<&RecordedColors>,
    route: &Route,
) -> Result<Option<Told>, RouterUnclear> {
    let rules = route.plain_rules(&route.object);
    let recorded = recorded.filter(|recorded| sought.key.is_none_or(|named| named == recorded.key));
    if let Some(told) = recorded.and_then(|recorded| subsets_by_record(sought, recorded, &rules)) {
        return Ok(Some(told));
    }
    if let Some(told) = by_subset(sought, recorded, route, &rules)? {
        return Ok(Some(told));
    }
    let told = by_backend(sought, &rules);
    Ok(match recorded {
        Some(recorded) => backends_by_record(sought, recorded, &rules, told),
        None => told,
    })
}

/// A subset adds its labels to the Service's selector
/// (<https://istio.io/latest/docs/reference/config/networking/destination-rule/#Subset>).
fn by_subset(
    sought: &Sought<'_>,
    recorded: Option<&RecordedColors>,
    route: &Route,
    rules: &[Rule],
) -> Result<Option<Told>, RouterUnclear> {
    let used = used_subsets(sought, rules);
    if used.is_empty() {
        return Ok(None);
    }
    let subsets = subsets(sought);
    let selector = selector_of(sought.service);
    let mut keys = differing(&subsets, &selector);
    let followed = recorded.map(|recorded| recorded.key.as_str()).filter(|key| keys.iter().any(|one| one == key));
    let named = sought.key.or(followed).map(str::to_owned);
    keys.retain(|key| named.as_ref().map_or(!is_identity_key(key), |named| key == named));
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
    // A subset that nothing uses yet is a color that the route lacks.
    Ok(Some(of_subsets(sought, key, base, &subsets)))
}

/// The colors of subsets that are defined.
fn of_subsets(sought: &Sought<'_>, key: String, base: Labels, subsets: &BTreeMap<String, Labels>) -> Told {
    let all = || subsets.iter().filter_map(|(name, labels)| Some((subset_of(sought, name), labels, labels.get(&key)?)));
    let colors = all().map(|(to, _, color)| (to, color.clone())).collect();
    let is_more = |(label, value): &(&String, &String)| **label != key && base.get(*label) != Some(*value);
    let more = |labels: &Labels| {
        labels.iter().filter(is_more).map(|(label, value)| (label.clone(), value.clone())).collect::<Labels>()
    };
    let besides = all().map(|(to, labels, _)| (to, more(labels))).filter(|(_, more)| !more.is_empty()).collect();
    Told { key, base, colors, besides, lost: BTreeSet::new() }
}

fn subset_of(sought: &Sought<'_>, subset: &str) -> Destination {
    let (service, namespace) = (sought.name().to_owned(), sought.namespace.to_owned());
    Destination { service, namespace, subset: Some(subset.to_owned()) }
}

/// The Service's subsets that a route names.
fn used_subsets<'r>(sought: &Sought<'_>, rules: &'r [Rule]) -> BTreeSet<&'r String> {
    let of_service = |to: &&Destination| to.service == sought.name() && to.namespace == sought.namespace;
    destinations(rules).filter(of_service).filter_map(|to| to.subset.as_ref()).collect()
}

/// Where a subset is used that nothing defines any more: the color of that name, else the recorded one that no other
/// subset has. Whoever applied an older DestinationRule has not moved the Service.
fn subsets_by_record(sought: &Sought<'_>, recorded: &RecordedColors, rules: &[Rule]) -> Option<Told> {
    let (used, subsets, base) = (used_subsets(sought, rules), subsets(sought), selector_of(sought.service));
    if base.contains_key(&recorded.key) {
        return None;
    }
    let mut told = of_subsets(sought, recorded.key.clone(), base, &subsets);
    let undefined: Vec<Destination> =
        used.into_iter().filter(|name| !subsets.contains_key(*name)).map(|name| subset_of(sought, name)).collect();
    told.lose(recorded, &undefined, |to, color| to.subset.as_deref() == Some(color));
    (!told.lost.is_empty()).then_some(told)
}

/// The same of Services that are gone.
fn backends_by_record(
    sought: &Sought<'_>,
    recorded: &RecordedColors,
    rules: &[Rule],
    told: Option<Told>,
) -> Option<Told> {
    let own = selector_of(sought.service);
    let mut base = own.clone();
    base.remove(&recorded.key);
    let selector = |to: &Destination| {
        let mut all = sought.neighbours.iter().chain([sought.service]);
        all.find(|service| service_name(service) == to.service).map(selector_of)
    };
    let at_home = || destinations(rules).filter(|to| to.subset.is_none() && to.namespace == sought.namespace);
    let color = |to: &Destination| -> Option<String> {
        let mut rest = selector(to)?;
        rest.remove(&recorded.key).filter(|_| rest == base && !base.is_empty())
    };
    let colors: BTreeMap<Destination, String> = at_home().filter_map(|to| Some((to.clone(), color(to)?))).collect();
    let (besides, lost) = (BTreeMap::new(), BTreeSet::new());
    let mut found = match told {
        Some(told) if told.key != recorded.key => return Some(told),
        Some(told) => told,
        None => Told { key: recorded.key.clone(), base: base.clone(), colors, besides, lost },
    };
    let gone: BTreeSet<Destination> = at_home().filter(|to| selector(to).is_none()).cloned().collect();
    let by_name = |to: &Destination, color: &str| to.service.split(['-', '.']).any(|part| part == color);
    found.lose(recorded, &gone.into_iter().collect::<Vec<_>>(), by_name);
    // One that somebody left alone is still the route of both: the record names the other.
    let leads_to = |to: &Destination| found.colors.get(to).is_some_and(|color| recorded.both.contains(color));
    let is_about_it = at_home().any(leads_to);
    found.add(sought.neighbours.iter().filter_map(|service| {
        let to = Destination {
            service: service_name(service).to_owned(),
            namespace: sought.namespace.to_owned(),
            subset: None,
        };
        let color = color(&to).filter(|color| recorded.both.contains(color))?;
        Some((to, color))
    }));
    is_about_it.then_some(found)
}

impl Told {
    /// Takes in destinations of colors that nothing leads to.
    fn add(&mut self, known: impl Iterator<Item = (Destination, String)>) {
        for (to, color) in known {
            if !self.colors.values().any(|had| *had == color) {
                self.colors.insert(to, color);
            }
        }
    }

    /// Takes in destinations that are not there any more, as far as a record tells their colors.
    fn lose(
        &mut self,
        recorded: &RecordedColors,
        gone: &[Destination],
        is_called: impl Fn(&Destination, &str) -> bool,
    ) {
        let has = |color: &&String| !self.colors.values().any(|had| had == *color);
        let free: Vec<String> = recorded.both.iter().filter(has).cloned().collect();
        for to in gone {
            let named = free.iter().find(|color| is_called(to, color));
            let only = free.first().filter(|_| free.len() == 1 && gone.len() == 1);
            if let Some(color) = named.or(only) {
                self.colors.insert(to.clone(), color.clone());
                self.lost.insert(to.clone());
            }
        }
    }
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
        (Some((key, (base, colors))), None) => {
            let (besides, lost) = (BTreeMap::new(), BTreeSet::new());
            Some(Told { key, base, colors, besides, lost })
        }
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
