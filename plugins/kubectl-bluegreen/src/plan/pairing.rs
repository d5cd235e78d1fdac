//! Which workload of one color does what a workload of another does.

use std::sync::Arc;

use release_core::kube::{Labels, Workload};
use release_core::traffic::selector::{Color, is_machine_key};
use release_core::workload::twin::renamed;

/// The workload of `other` that has the name of this one but for the color, else the only one that has
/// its labels but for the color's own, where this one is the only one with them, too: two would both get the size,
/// and the template, of one.
#[must_use]
pub fn counterpart<'c>(workload: &Workload, color: &Color, other: &'c Color) -> Option<&'c Arc<Workload>> {
    let name = renamed(workload.name(), &color.name, &other.name);
    let mut named = other.workloads.iter().filter(|w| name.as_deref() == Some(w.name())).peekable();
    if named.peek().is_some() {
        let same_kind = named.clone().find(|w| w.kind == workload.kind);
        return same_kind.or_else(|| named.next());
    }
    let own = told_apart_by(workload, &color.name);
    let mut alike = other.workloads.iter().filter(|w| told_apart_by(w, &other.name) == own);
    let is_only = color.workloads.iter().filter(|w| told_apart_by(w, &color.name) == own).count() <= 1;
    match (alike.next(), alike.next()) {
        (Some(only), None) if is_only && !own.is_empty() => Some(only),
        _ => None,
    }
}

/// The labels of its pods without the color.
fn told_apart_by(workload: &Workload, color: &str) -> Labels {
    let mut labels = workload.pod_labels();
    labels.retain(|key, value| value != color && !is_machine_key(key));
    labels
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::apps::v1::Deployment;
    use serde_json::json;

    use super::*;

    fn color(name: &str, workloads: &[(&str, &str)]) -> Color {
        let workload = |(workload, part): &(&str, &str)| {
            let labels = json!({"app": "api", "version": name, "part": part});
            let object = json!({"metadata": {"name": workload}, "spec": {"selector": {}, "template": {"metadata": {"labels": labels}}}});
            Arc::new(Workload::from(serde_json::from_value::<Deployment>(object).unwrap()))
        };
        Color { name: name.into(), workloads: workloads.iter().map(workload).collect(), ..Color::default() }
    }

    fn pairs(target: &Color, active: &Color) -> Vec<Option<String>> {
        target.workloads.iter().map(|w| counterpart(w, target, active).map(|a| a.name().to_owned())).collect()
    }

    #[test]
    fn whole_parts_of_a_name_are_exchanged_and_no_letters() {
        let active = color("a", &[("web-a", "1"), ("wea-a", "2")]);
        let target = color("b", &[("web-b", "3"), ("wea-b", "4")]);
        assert_eq!(pairs(&target, &active), [Some("web-a".into()), Some("wea-a".into())]);
        let lone = color("a", &[("wea-a", "2"), ("x", "5")]);
        assert_eq!(pairs(&color("b", &[("web-b", "3"), ("y", "4")]), &lone), [None, None]);
        let versions = color("v1.2", &[("api-v1.2-eu", "1"), ("api-v1.2", "2")]);
        let next = color("v1.3", &[("api-v1.3-eu", "3"), ("api-v1.3", "4")]);
        assert_eq!(pairs(&next, &versions), [Some("api-v1.2-eu".into()), Some("api-v1.2".into())]);
    }

    #[test]
    fn other_labels_pair_what_is_called_differently() {
        let active = color("blue", &[("old-shop", "front"), ("old-jobs", "jobs")]);
        let target = color("green", &[("jobs-two", "jobs"), ("shop-two", "front")]);
        assert_eq!(pairs(&target, &active), [Some("old-jobs".into()), Some("old-shop".into())]);
        let alike = color("blue", &[("one", "front"), ("two", "front")]);
        assert_eq!(pairs(&target, &alike), [None, None], "two could be meant");
        let whole = color("red", &[("one-for-both", "front")]);
        assert_eq!(pairs(&alike, &whole), [None, None], "both would get the size of the whole");
    }
}
