//! The nearest miss: what keeps a workload from being another color of a Service.
//!
//! It is only told to people: what differs from a Service's selector in one label that says which
//! application a pod is of may be another application, and nothing here makes it a color.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::selector::{is_identity_key, is_machine_key};
use crate::kube::{Labels, Workload, has_all};
use crate::registry::image::ImageRef;

/// Values that people give to versions that stand side by side.
const VERSION_WORDS: [&str; 14] =
    ["blue", "green", "red", "black", "white", "a", "b", "stable", "canary", "active", "idle", "old", "new", "next"];

/// Labels that tell the pods of one workload apart
/// (<https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#pod-name-label>).
const POD_KEYS: [&str; 3] =
    ["statefulset.kubernetes.io/pod-name", "apps.kubernetes.io/pod-index", "batch.kubernetes.io/job-completion-index"];

/// True for a label that names one pod of its workload.
#[must_use]
pub fn names_one_pod(key: &str) -> bool {
    POD_KEYS.contains(&key)
}

/// What keeps workloads from being colors of a Service.
#[derive(Debug, Clone)]
pub enum Miss {
    /// The selector has a label that controllers put on pods, which no pod template can have.
    MachineLabel { key: String, rest: Labels },
    /// The selector has a label that names one pod: it is that pod's own Service, of which no color is to
    /// be made.
    OnePod { key: String },
    /// Workloads differ in one label, along which no colors are looked for by themselves.
    OneLabel(OneLabel),
    /// The nearest workload differs in several labels.
    SeveralLabels(SeveralLabels),
}

/// Workloads that differ from a selector in one label.
#[derive(Debug, Clone)]
pub struct OneLabel {
    pub key: String,
    /// The label's other values.
    pub others: Vec<String>,
    /// Those of them that have ready pods.
    pub ready: Vec<String>,
    /// The selector has no other label.
    pub alone: bool,
    /// Their values are called as versions of what is selected now are. The same image alone doesn't say
    /// so: a worker often runs that of the server.
    pub versions: bool,
}

/// A workload that differs from a selector in several labels.
#[derive(Debug, Clone)]
pub struct SeveralLabels {
    pub workload: Arc<Workload>,
    pub differs: Vec<Difference>,
    /// A label of them that can tell colors apart, and those that the selector can do without:
    /// it selects the same workloads then as it does now.
    pub ways: Vec<(String, Vec<String>)>,
}

/// A label that isn't as a selector asks for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    pub key: String,
    /// Nothing where the pods don't have the label.
    pub has: Option<String>,
}

/// The nearest miss of a selector, where there is any.
#[must_use]
pub fn nearest(selector: &Labels, workloads: &[Arc<Workload>]) -> Option<Miss> {
    if let Some(key) = selector.keys().find(|key| names_one_pod(key)) {
        return Some(Miss::OnePod { key: key.clone() });
    }
    if let Some(key) = selector.keys().find(|key| is_machine_key(key)) {
        let rest = selector.iter().filter(|(k, _)| *k != key).map(|(k, v)| (k.clone(), v.clone())).collect();
        return Some(Miss::MachineLabel { key: key.clone(), rest });
    }
    let selected: Vec<&Arc<Workload>> = workloads.iter().filter(|w| has_all(&w.pod_labels(), selector)).collect();
    let one = selector.keys().filter_map(|key| one_label(key, selector, &selected, workloads));
    let one = one.min_by_key(|miss| !miss.versions);
    // What looks like another version of the same before what may be anything.
    match (one, several(selector, &selected, workloads)) {
        (Some(miss), None) => Some(Miss::OneLabel(miss)),
        (Some(miss), _) if miss.versions => Some(Miss::OneLabel(miss)),
        (_, several) => several.map(Miss::SeveralLabels),
    }
}

fn one_label(
    key: &str,
    selector: &Labels,
    selected: &[&Arc<Workload>],
    workloads: &[Arc<Workload>],
) -> Option<OneLabel> {
    let mut base = selector.clone();
    let value = base.remove(key)?;
    let differing = workloads.iter().filter_map(|w| {
        let labels = w.pod_labels();
        let other = labels.get(key).filter(|other| **other != value && has_all(&labels, &base))?;
        Some((other.clone(), w))
    });
    let all: Vec<(String, &Arc<Workload>)> = differing.collect();
    // With a base of nothing, everything that has the label differs in it: only its like is near.
    let near = |w: &Workload| !base.is_empty() || shares_image(w, selected);
    let like: Vec<_> = all.iter().filter(|(other, _)| tell_versions(&value, other)).cloned().collect();
    let versions = !like.is_empty();
    let told = if versions { like } else { all.into_iter().filter(|(_, w)| near(w)).collect() };
    let values = |told: &mut dyn Iterator<Item = &(String, &Arc<Workload>)>| -> Vec<String> {
        told.map(|(other, _)| other.clone()).collect::<BTreeSet<_>>().into_iter().collect()
    };
    let (others, ready) = (values(&mut told.iter()), values(&mut told.iter().filter(|(_, w)| w.ready > 0)));
    (!others.is_empty()).then(|| OneLabel { key: key.to_owned(), others, ready, alone: base.is_empty(), versions })
}

fn several(selector: &Labels, selected: &[&Arc<Workload>], workloads: &[Arc<Workload>]) -> Option<SeveralLabels> {
    let alike = |d: &Difference| d.has.as_ref().is_some_and(|has| tell_versions(&selector[&d.key], has));
    let misses = workloads.iter().filter_map(|w| {
        let differs = differences(selector, &w.pod_labels());
        // Another application differs in who it is; a version runs the same image, or is called alike.
        let near = shares_image(w, selected) || differs.iter().filter(|d| is_identity_key(&d.key)).all(alike);
        (differs.len() > 1 && near).then_some((w, differs))
    });
    let (workload, differs) = misses.min_by_key(|(w, differs)| (!shares_image(w, selected), differs.len()))?;
    let ways = differs.iter().filter(|d| alike(d) && !is_identity_key(&d.key)).filter_map(|track| {
        let dropped: Vec<String> = differs.iter().filter(|d| d.key != track.key).map(|d| d.key.clone()).collect();
        let rest: Labels =
            selector.iter().filter(|(k, _)| !dropped.contains(k)).map(|(k, v)| (k.clone(), v.clone())).collect();
        let selects = workloads.iter().filter(|w| has_all(&w.pod_labels(), &rest)).count();
        // The label that is left alone would say no application.
        (rest.len() > 1 && !selected.is_empty() && selects == selected.len()).then(|| (track.key.clone(), dropped))
    });
    let ways = ways.collect();
    Some(SeveralLabels { workload: Arc::clone(workload), differs, ways })
}

fn differences(selector: &Labels, labels: &Labels) -> Vec<Difference> {
    let differing = selector.iter().filter(|(key, value)| labels.get(*key) != Some(value));
    differing.map(|(key, _)| Difference { key: key.clone(), has: labels.get(key).cloned() }).collect()
}

/// Two versions of an application come from one image repository.
fn shares_image(workload: &Workload, selected: &[&Arc<Workload>]) -> bool {
    let repositories = |w: &Workload| -> Vec<String> {
        w.images().map(|image| ImageRef::parse(image).repository.to_owned()).collect()
    };
    let own = repositories(workload);
    selected.iter().any(|w| repositories(w).iter().any(|repository| own.contains(repository)))
}

/// `web-blue` and `web-green`, `1.4` and `1.5`, `web` and `web-v2`: alike but for one part that is called
/// as versions are.
fn tell_versions(one: &str, other: &str) -> bool {
    let parts = |text: &str| -> Vec<String> { text.split(['-', '_', '.']).map(str::to_lowercase).collect() };
    let (one, other) = (parts(one), parts(other));
    let (short, long) = if one.len() <= other.len() { (&one, &other) } else { (&other, &one) };
    let differing: Vec<_> = one.iter().zip(&other).filter(|(a, b)| a != b).collect();
    match (long.get(short.len()..), differing.as_slice()) {
        (Some([]), [(a, b)]) => is_version(a) && is_version(b),
        (Some([last]), []) => is_version(last),
        _ => false,
    }
}

fn is_version(part: &str) -> bool {
    let number = part.strip_prefix(['v', 'r']).unwrap_or(part);
    let is_number = !number.is_empty() && number.chars().all(|c| c.is_ascii_digit());
    is_number || VERSION_WORDS.contains(&part)
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::apps::v1::Deployment;
    use serde_json::json;

    use super::*;

    fn labels(text: &str) -> Labels {
        text.split(',').filter_map(|pair| pair.split_once('=')).map(|(k, v)| (k.to_owned(), v.to_owned())).collect()
    }

    fn deployment(name: &str, pod_labels: &str, image: &str) -> Arc<Workload> {
        let containers = json!([{"name": "c", "image": image}]);
        let object = json!({"metadata": {"name": name}, "spec": {"selector": {}, "template":
            {"metadata": {"labels": labels(pod_labels)}, "spec": {"containers": containers}}}, "status": {"readyReplicas": 1}});
        Arc::new(Workload::from(serde_json::from_value::<Deployment>(object).unwrap()))
    }

    fn one(selector: &str, workloads: &[Arc<Workload>]) -> OneLabel {
        match nearest(&labels(selector), workloads) {
            Some(Miss::OneLabel(miss)) => miss,
            other => panic!("{other:?}"),
        }
    }

    fn several(selector: &str, workloads: &[Arc<Workload>]) -> SeveralLabels {
        match nearest(&labels(selector), workloads) {
            Some(Miss::SeveralLabels(miss)) => miss,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_selector_of_one_label_is_near_what_is_called_alike_and_to_nothing_else() {
        let all = [
            deployment("web-blue", "app=web-blue", "r/web-blue:1"),
            deployment("web-green", "app=web-green", "r/web-green:1"),
            deployment("db", "app=db", "r/db:1"),
        ];
        let miss = one("app=web-blue", &all);
        assert_eq!((miss.key.as_str(), miss.others, miss.alone), ("app", vec!["web-green".to_owned()], true));
        assert!(miss.versions);
        assert!(nearest(&labels("app=db"), &all).is_none(), "the others are other applications");
    }

    #[test]
    fn a_color_in_a_label_of_identity_is_a_miss_and_another_tier_is_not_called_a_version() {
        let all = [
            deployment("a", "app=web,role=blue", "r/web:1"),
            deployment("b", "app=web,role=green", "r/other:2"),
            deployment("c", "app=web,role=migrate", "r/tool:2"),
        ];
        let miss = one("app=web,role=blue", &all);
        assert_eq!((miss.key.as_str(), miss.others.as_slice()), ("role", ["green".to_owned()].as_slice()));
        assert!(miss.versions && !miss.alone);
        let tiers = [
            deployment("frontend", "app=shop,tier=frontend", "r/front:1"),
            deployment("backend", "app=shop,tier=backend", "r/back:1"),
        ];
        assert!(!one("app=shop,tier=frontend", &tiers).versions);
    }

    #[test]
    fn labels_that_differ_are_named_and_those_that_the_selector_can_do_without() {
        let all = [
            deployment("web-blue", "app=web,tier=front,version=blue", "r/web:1"),
            deployment("web-green", "app=web,tier=frontend,version=green", "r/web:2"),
            deployment("db", "app=db,tier=back", "r/db:2"),
        ];
        let miss = several("app=web,tier=front,version=blue", &all);
        assert_eq!(miss.workload.name(), "web-green");
        let differs: Vec<_> = miss.differs.iter().map(|d| (d.key.as_str(), d.has.as_deref())).collect();
        assert_eq!(differs, [("tier", Some("frontend")), ("version", Some("green"))]);
        assert_eq!(miss.ways, [("version".to_owned(), vec!["tier".to_owned()])]);
    }

    #[test]
    fn a_selector_that_would_select_more_without_a_label_keeps_it() {
        let all = [
            deployment("web-blue", "app=web,part=api,version=blue", "r/web:1"),
            deployment("jobs-blue", "app=web,part=jobs,version=blue", "r/web:1"),
            deployment("web-green", "app=web,part=http,version=green", "r/web:2"),
        ];
        let miss = several("app=web,part=api,version=blue", &all);
        assert_eq!(miss.workload.name(), "web-green");
        assert!(miss.ways.is_empty(), "it would select the jobs as well: {miss:?}");
        let jobs = one("app=web,part=api,version=blue", &all[..2]);
        assert!(jobs.key == "part" && !jobs.versions, "a worker runs the server's image: {jobs:?}");
        let miss = several("app=web,part=api,slot=y,version=blue", &all[2..]);
        assert!(miss.ways.is_empty(), "nothing is selected now: {miss:?}");
    }

    #[test]
    fn a_label_of_a_controller_is_named_before_anything_else() {
        let all = [deployment("web", "app=web,version=blue", "r/web:1")];
        let Some(Miss::MachineLabel { key, rest }) =
            nearest(&labels("app=web,pod-template-hash=5d,version=blue"), &all)
        else {
            panic!("no miss")
        };
        assert_eq!((key.as_str(), rest), ("pod-template-hash", labels("app=web,version=blue")));
    }

    #[test]
    fn a_pods_own_service_is_told_from_one_that_pins_a_replica_set() {
        let all = [deployment("db", "app=db,version=blue", "r/db:1")];
        let selector = labels("app=db,statefulset.kubernetes.io/pod-name=db-0,version=blue");
        assert!(matches!(nearest(&selector, &all), Some(Miss::OnePod { .. })));
        let selector = labels("app=db,controller-revision-hash=5d,version=blue");
        assert!(matches!(nearest(&selector, &all), Some(Miss::MachineLabel { .. })));
    }

    #[test]
    fn versions_are_alike_but_for_one_part() {
        for (one, other) in
            [("web-blue", "web-green"), ("blue", "green"), ("api_v1", "api_v2"), ("1.4", "1.5"), ("web", "web-v2")]
        {
            assert!(tell_versions(one, other), "{one} {other}");
        }
        for (one, other) in [("web", "db"), ("web-blue", "db-green"), ("web", "web-jobs"), ("web-api", "web-jobs")] {
            assert!(!tell_versions(one, other), "{one} {other}");
        }
    }
}
