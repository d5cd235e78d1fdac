//! Which workloads a Service can point at, and by which label they differ.

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::core::v1::Service;

use super::argo::argo_marks;
pub use super::color::Color;
use super::router::Route;
use super::router::find::RouterUnclear;
use super::service_ports::named_targets;
use super::track_key::candidate_keys;
pub use super::track_key::{can_tell_colors, is_identity_key, is_machine_key};
use crate::kube::{Labels, Pod, PodPort, Workload, has_all};

/// What a Service can be switched between.
#[derive(Debug, Clone)]
pub struct Tracks {
    /// The label that tells the colors apart.
    pub key: String,
    /// The selector without the track key.
    pub base: Labels,
    /// The color that the Service selects now.
    pub active: String,
    /// Sorted by name; the active color is always among them.
    pub colors: Vec<Color>,
    /// Ports that the Service looks up in each pod by name; none where one of its ports leads to a number,
    /// which every pod has.
    pub ports: Vec<PodPort>,
    /// What a route's subset asks of a color's pods besides, by color.
    pub besides: BTreeMap<String, Labels>,
    /// Colors that a route's requests can't reach, with why.
    pub lost: BTreeMap<String, String>,
}

impl Tracks {
    /// The color of that name.
    #[must_use]
    pub fn color(&self, name: &str) -> Option<&Color> {
        self.colors.iter().find(|c| c.name == name)
    }

    /// The colors besides the active one.
    pub fn others(&self) -> impl Iterator<Item = &Color> {
        self.colors.iter().filter(|c| c.name != self.active)
    }

    /// True where the track key is a label that tells colors apart without anybody's saying so.
    #[must_use]
    pub fn is_along_colors(&self) -> bool {
        can_tell_colors(&self.selector_for(&self.active), &self.key)
    }

    /// The selector that makes a color active; behind a route, what the pods have that it reaches.
    #[must_use]
    pub fn selector_for(&self, color: &str) -> Labels {
        let mut selector = self.labels_of(color);
        selector.extend(self.besides.get(color).into_iter().flatten().map(|(k, v)| (k.clone(), v.clone())));
        selector
    }

    /// What all pods of a color have, whether a route reaches them or not.
    #[must_use]
    pub fn labels_of(&self, color: &str) -> Labels {
        let mut labels = self.base.clone();
        labels.insert(self.key.clone(), color.to_owned());
        labels
    }

    /// The one color whose pods a selector of another Service selects, by whichever labels; nothing where
    /// it selects several colors, or none.
    #[must_use]
    pub fn color_selected_by(&self, selector: &Labels) -> Option<&str> {
        if selector.is_empty() {
            return None;
        }
        let selects = |c: &&Color| c.workloads.iter().any(|w| has_all(&w.pod_labels(), selector));
        let mut selected = self.colors.iter().filter(selects).map(|c| c.name.as_str());
        match (selected.next(), selected.next()) {
            (None, _) => {
                // Labels that only pods have, or a color that nothing provides.
                let named = selector.get(&self.key).filter(|_| has_all(selector, &self.base))?;
                self.color(named).map(|c| c.name.as_str())
            }
            (only, None) => only,
            (_, Some(_)) => None,
        }
    }

    /// The color of a pod that requests for it can reach.
    #[must_use]
    pub fn color_of<'l>(&self, labels: &'l Labels) -> Option<&'l str> {
        let color = if has_all(labels, &self.base) { labels.get(&self.key)? } else { return None };
        let is_reached = !self.lost.contains_key(color) && self.besides.get(color).is_none_or(|b| has_all(labels, b));
        is_reached.then_some(color.as_str())
    }

    /// Why no pod of a color can be reached, however many there are and will be.
    #[must_use]
    pub fn unreached(&self, color: &str, pods: &[Pod]) -> Option<String> {
        if let Some(why) = self.lost.get(color) {
            return Some(why.clone());
        }
        let besides = self.besides.get(color)?;
        let kept = self.color(color).into_iter().flat_map(|color| &color.workloads);
        let has_them = kept.into_iter().any(|w| has_all(&w.pod_labels(), besides));
        let is_one = pods.iter().any(|pod| self.color_of(&pod.metadata.labels) == Some(color));
        (!has_them && !is_one)
            .then(|| format!("no pod of {color} has {}, which its subset asks for", as_label_selector(besides)))
    }

    /// The pods of a color, whether a route reaches them or not.
    #[must_use]
    pub fn pods_with_labels<'p>(&self, color: &str, pods: &'p [Pod]) -> Vec<&'p Pod> {
        let labels = self.labels_of(color);
        pods.iter().filter(|pod| has_all(&pod.metadata.labels, &labels)).collect()
    }

    /// The pods that the Service would select on a color, whoever runs them.
    #[must_use]
    pub fn pods_of<'p>(&self, color: &str, pods: &'p [Pod]) -> Vec<&'p Pod> {
        pods.iter().filter(|pod| self.color_of(&pod.metadata.labels) == Some(color)).collect()
    }
}

/// Why a Service can't be switched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotSwitchable {
    /// `spec.type: ExternalName`: there is no selector to move.
    ExternalName,
    /// Its endpoints are managed by hand or by another controller.
    NoSelector,
    /// Argo Rollouts writes the selector; it would put it back.
    ArgoRollouts,
    /// It selects all colors at once: something else decides between them.
    SelectsEveryColor { key: String, colors: Vec<String> },
    /// The key asked for is not in the selector.
    KeyNotInSelector { key: String, selector: Labels },
    /// No label tells colors apart: nothing else matches all but one label.
    NoOtherColor { selector: Labels },
    /// Several labels could be the track key.
    Ambiguous { keys: BTreeMap<String, Vec<String>> },
    /// Nobody can say which route decides about it, or where it sends.
    Router(RouterUnclear),
}

/// Finds the track key and the colors of a Service.
///
/// Workloads and ready pods of another color match the Service's selector in all keys but one.
/// `preferred` is the key that a person, an annotation or our record names.
///
/// # Errors
/// See [`NotSwitchable`].
pub fn discover(
    service: &Service,
    workloads: &[Arc<Workload>],
    pods: &[Pod],
    preferred: Option<&str>,
) -> Result<Tracks, NotSwitchable> {
    let found = told_apart(switchable_selector(service)?, workloads, pods, preferred)?;
    Ok(Tracks { ports: named_targets(service), ..found })
}

/// The colors of a Service that a route decides about: those that it names, and what else its pods show.
#[must_use]
pub fn behind(route: &Route, active: &str, service: &Service, workloads: &[Arc<Workload>], pods: &[Pod]) -> Tracks {
    let mut selector = route.base.clone();
    selector.insert(route.key.clone(), active.to_owned());
    let found = tracks(&route.key, &selector, workloads, pods);
    let names = || found.colors.iter().map(|color| color.name.clone());
    let besides = names().map(|name| (name.clone(), route.besides(&name))).filter(|(_, more)| !more.is_empty());
    let lost = names().filter_map(|name| Some((name.clone(), route.lost(&name)?)));
    let (besides, lost) = (besides.collect(), lost.collect());
    Tracks { ports: named_targets(service), besides, lost, ..found }
}

fn told_apart(
    selector: &Labels,
    workloads: &[Arc<Workload>],
    pods: &[Pod],
    preferred: Option<&str>,
) -> Result<Tracks, NotSwitchable> {
    if let Some(key) = preferred {
        if !selector.contains_key(key) {
            return Err(missing_key(key, selector, workloads));
        }
        return Ok(tracks(key, selector, workloads, pods));
    }
    let candidates: Vec<Tracks> = candidate_keys(selector).map(|key| tracks(key, selector, workloads, pods)).collect();
    // What keeps its pods says more about colors than pods that nothing keeps.
    let kept = |t: &&Tracks| t.others().any(Color::is_run);
    let mut with_others: Vec<&Tracks> = candidates.iter().filter(kept).collect();
    if with_others.is_empty() {
        with_others = candidates.iter().filter(|t| t.others().count() > 0).collect();
    }
    match (with_others.pop(), with_others.is_empty()) {
        (Some(only), true) => Ok(only.clone()),
        (Some(last), false) => {
            let named = with_others.into_iter().chain([last]);
            Err(NotSwitchable::Ambiguous { keys: named.map(|t| (t.key.clone(), names(t))).collect() })
        }
        (None, _) => alone(candidates, selector, workloads),
    }
}

fn switchable_selector(service: &Service) -> Result<&Labels, NotSwitchable> {
    let spec = service.spec.as_ref();
    if spec.and_then(|s| s.type_.as_deref()) == Some("ExternalName") {
        return Err(NotSwitchable::ExternalName);
    }
    let selector = spec.and_then(|s| s.selector.as_ref()).filter(|s| !s.is_empty());
    if argo_marks(service).are_there() {
        return Err(NotSwitchable::ArgoRollouts);
    }
    selector.ok_or(NotSwitchable::NoSelector)
}

/// What a Service selects without each label that could tell colors apart: the pods to look at where
/// no workload shows another color.
#[must_use]
pub fn possible_bases(service: &Service) -> Vec<Labels> {
    let Some(selector) = service.spec.as_ref().and_then(|s| s.selector.as_ref()) else { return Vec::new() };
    let without = |key: &str| {
        let mut base = selector.clone();
        base.remove(key);
        base
    };
    let bases: Vec<Labels> = candidate_keys(selector).map(without).collect();
    if bases.is_empty() { vec![selector.clone()] } else { bases }
}

fn tracks(key: &str, selector: &Labels, workloads: &[Arc<Workload>], pods: &[Pod]) -> Tracks {
    let mut base = selector.clone();
    let active = base.remove(key).unwrap_or_default();
    let mut by_color: BTreeMap<String, Color> = BTreeMap::new();
    by_color.entry(active.clone()).or_default();
    for workload in workloads {
        let labels = workload.pod_labels();
        if let Some(value) = labels.get(key).filter(|_| has_all(&labels, &base)) {
            by_color.entry(value.clone()).or_default().workloads.push(Arc::clone(workload));
        }
    }
    for pod in pods.iter().filter(|pod| pod.is_ready() && has_all(&pod.metadata.labels, &base)) {
        if let Some(value) = pod.metadata.labels.get(key) {
            by_color.entry(value.clone()).or_default().take_in(pod);
        }
    }
    let colors = by_color.into_iter().map(|(name, color)| Color { name, ..color }.sorted());
    Tracks {
        key: key.to_owned(),
        base,
        active,
        colors: colors.collect(),
        ports: Vec::new(),
        besides: BTreeMap::new(),
        lost: BTreeMap::new(),
    }
}

/// No key has a second color: take the one that could have, so that `status` can explain.
fn alone(candidates: Vec<Tracks>, selector: &Labels, workloads: &[Arc<Workload>]) -> Result<Tracks, NotSwitchable> {
    if let Some((key, colors)) = differing_key(selector, workloads) {
        return Err(NotSwitchable::SelectsEveryColor { key, colors });
    }
    let mut provided: Vec<Tracks> = candidates.into_iter().filter(|t| t.colors.iter().any(Color::is_run)).collect();
    match (provided.pop(), provided.is_empty()) {
        (Some(only), true) => Ok(only),
        _ => Err(NotSwitchable::NoOtherColor { selector: selector.clone() }),
    }
}

/// The label in which the workloads behind one selector differ.
fn differing_key(selector: &Labels, workloads: &[Arc<Workload>]) -> Option<(String, Vec<String>)> {
    let selected: Vec<Labels> =
        workloads.iter().map(|w| w.pod_labels()).filter(|labels| has_all(labels, selector)).collect();
    let first = selected.first().filter(|_| selected.len() > 1)?;
    let usable = first.keys().filter(|k| !is_machine_key(k) && !is_identity_key(k));
    usable
        .filter_map(|key| {
            let mut values: Vec<String> = selected.iter().filter_map(|labels| labels.get(key)).cloned().collect();
            values.sort();
            values.dedup();
            (values.len() > 1).then(|| (key.clone(), values))
        })
        .next()
}

fn missing_key(key: &str, selector: &Labels, workloads: &[Arc<Workload>]) -> NotSwitchable {
    match differing_key(selector, workloads) {
        Some((found, colors)) if found == key => NotSwitchable::SelectsEveryColor { key: found, colors },
        _ => NotSwitchable::KeyNotInSelector { key: key.to_owned(), selector: selector.clone() },
    }
}

fn names(tracks: &Tracks) -> Vec<String> {
    tracks.colors.iter().map(|c| c.name.clone()).collect()
}

/// `a=b,c=d`, as kubectl's `-l` takes it.
#[must_use]
pub fn as_label_selector(labels: &Labels) -> String {
    let pairs: Vec<String> = labels.iter().map(|(k, v)| format!("{k}={v}")).collect();
    pairs.join(",")
}

#[cfg(test)]
mod tests;
