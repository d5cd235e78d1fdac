//! How large a color must be before it can take over.

use std::sync::Arc;

use release_core::kube::{Workload, WorkloadKind};
use release_core::traffic::selector::Color;

use super::pairing::counterpart;
use crate::left::LeftWorkload;

/// What says how large a target's workloads have to be.
#[derive(Debug, Clone, Copy)]
pub struct Sides<'a> {
    pub target: &'a Color,
    pub active: &'a Color,
    /// What the target ran when it was left; nothing where that isn't known.
    pub left: &'a [LeftWorkload],
}

/// One of the target's workloads and the size that it gets.
struct Sized<'a> {
    workload: &'a Arc<Workload>,
    size: i32,
    /// Its counterpart in the active color says its size.
    paired: bool,
}

/// The size that each of the target's workloads gets, where it is larger than what it has: that of its
/// counterpart in the active color, else the one that it was left with, which counts each by itself: one
/// that somebody made larger meanwhile is no reason for another to grow. What is lacking of the whole
/// then is shared among those that have no counterpart.
#[must_use]
pub fn parity(sides: Sides<'_>, needed: usize) -> Vec<(Arc<Workload>, i32)> {
    let whole = sides.active.asked().max(needed).max(1);
    let whole = i32::try_from(whole).unwrap_or(i32::MAX);
    // A DaemonSet has a pod for each node, and no size to set.
    let (fixed, sized): (Vec<_>, Vec<_>) =
        sides.target.workloads.iter().partition(|w| w.kind == WorkloadKind::DaemonSet);
    let alone = sized.len() == 1;
    let mut sized: Vec<Sized<'_>> = sized.into_iter().map(|w| known_size(w, sides, alone)).collect();
    let all_paired = sized.iter().all(|one| one.paired);
    let (open, paired): (Vec<_>, Vec<_>) = sized.iter_mut().partition(|one| all_paired || !one.paired);
    let pods = fixed.iter().map(|w| w.replicas).chain(paired.iter().map(|one| one.size));
    share(open, whole.saturating_sub(pods.fold(0, i32::saturating_add)));
    let grown = sized.iter().filter(|one| one.size > one.workload.replicas);
    grown.map(|one| (Arc::clone(one.workload), one.size)).collect()
}

/// At least what it has. One that is alone carries the whole, whatever its counterpart does.
fn known_size<'a>(workload: &'a Arc<Workload>, sides: Sides<'_>, alone: bool) -> Sized<'a> {
    let twin = counterpart(workload, sides.target, sides.active).filter(|_| !alone);
    let left = sides.left.iter().find(|left| left.workload == workload.reference());
    let known = twin.map(|twin| twin.replicas.max(1)).or(left.filter(|_| !alone).map(|left| left.replicas));
    Sized { workload, size: known.unwrap_or(0).max(workload.replicas), paired: twin.is_some() }
}

/// Brings them to so many pods together: the smallest grow to one level, none shrinks.
fn share(mut open: Vec<&mut Sized<'_>>, mut lacking: i32) {
    // What has no size yet gets a pod of its own.
    if open.iter().map(|one| one.size.max(1)).fold(0, i32::saturating_add) >= lacking {
        lacking = 0;
    }
    open.sort_by_key(|one| std::cmp::Reverse(one.size));
    let mut level = 0;
    for (one, count) in open.iter().zip((1..=open.len()).rev()) {
        level = rounded_up(lacking, i32::try_from(count).unwrap_or(i32::MAX));
        if one.size <= level {
            break;
        }
        lacking = lacking.saturating_sub(one.size);
        level = 0;
    }
    for one in open {
        one.size = one.size.max(level).max(1);
    }
}

/// A number of pods in so many parts, which are one at least.
fn rounded_up(pods: i32, parts: i32) -> i32 {
    pods.saturating_add(parts.saturating_sub(1)).checked_div(parts).unwrap_or(pods)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn color(name: &str, workloads: &[(&str, i32)]) -> Color {
        let workload = |(name, replicas): &(&str, i32)| {
            let object =
                json!({"metadata": {"name": name}, "spec": {"replicas": replicas, "selector": {}, "template": {}}});
            Arc::new(Workload::from(serde_json::from_value::<k8s_openapi::api::apps::v1::Deployment>(object).unwrap()))
        };
        Color { name: name.into(), workloads: workloads.iter().map(workload).collect(), ..Color::default() }
    }

    fn sizes(target: &Color, active: &Color, needed: usize) -> Vec<(String, i32)> {
        sizes_after(&[], target, active, needed)
    }

    /// Where the target was left with these sizes.
    fn sizes_after(left: &[(&str, i32)], target: &Color, active: &Color, needed: usize) -> Vec<(String, i32)> {
        let left = LeftWorkload::all(&color("", left));
        let sized = parity(Sides { target, active, left: &left }, needed);
        sized.into_iter().map(|(w, n)| (w.name().to_owned(), n)).collect()
    }

    #[test]
    fn one_workload_takes_it_all_and_is_never_shrunk() {
        let active = color("blue", &[("api-blue", 4), ("api-blue-eu", 2)]);
        assert_eq!(sizes(&color("green", &[("api-green", 1)]), &active, 3), [("api-green".into(), 6)]);
        assert!(sizes(&color("green", &[("api-green", 9)]), &active, 3).is_empty());
        assert_eq!(sizes(&color("green", &[("g", 0)]), &color("blue", &[]), 1), [("g".into(), 1)]);
    }

    #[test]
    fn several_take_the_size_of_their_twin() {
        let active = color("blue", &[("api-blue", 4), ("api-blue-eu", 2)]);
        let target = color("green", &[("api-green", 0), ("api-green-eu", 0)]);
        assert_eq!(sizes(&target, &active, 6), [("api-green".into(), 4), ("api-green-eu".into(), 2)]);
    }

    #[test]
    fn each_comes_back_to_what_it_was_left_with() {
        let gone = color("green", &[]);
        let left = [("web", 3), ("jobs", 1)];
        let one_is_up = color("blue", &[("web", 3), ("jobs", 0)]);
        assert_eq!(sizes_after(&left, &one_is_up, &gone, 4), [("jobs".into(), 1)], "no share of the whole");
        let one_has_grown = color("blue", &[("web", 5), ("jobs", 0)]);
        assert_eq!(sizes_after(&left, &one_has_grown, &gone, 4), [("jobs".into(), 1)]);
        let cold = color("blue", &[("web", 0), ("jobs", 0)]);
        assert_eq!(sizes_after(&left, &cold, &gone, 4), [("web".into(), 3), ("jobs".into(), 1)]);
        let singleton = [("web", 2), ("once", 1)];
        let cold = color("blue", &[("web", 0), ("once", 0)]);
        let back = sizes_after(&singleton, &cold, &gone, 3);
        assert_eq!(back, [("web".into(), 2), ("once".into(), 1)], "what runs once never runs twice");
        let twins = color("green", &[("web-green", 2), ("once-green", 1)]);
        let target = color("blue", &[("web-blue", 0), ("once-blue", 0)]);
        assert_eq!(sizes(&target, &twins, 3), [("web-blue".into(), 2), ("once-blue".into(), 1)]);
        let cold = color("blue", &[("web", 0), ("jobs", 0)]);
        let other_names = color("green", &[("one", 6)]);
        let more_load = sizes_after(&left, &cold, &other_names, 6);
        assert_eq!(more_load.iter().map(|(_, size)| size).sum::<i32>(), 6, "the load has grown: {more_load:?}");
    }

    #[test]
    fn what_is_there_already_is_no_part_of_what_the_others_grow_to() {
        let active = color("blue", &[("old", 4)]);
        assert_eq!(sizes(&color("green", &[("x", 3), ("y", 0)]), &active, 4), [("y".into(), 1)]);
        assert_eq!(sizes(&color("green", &[("x", 0), ("y", 0)]), &active, 4), [("x".into(), 2), ("y".into(), 2)]);
        // One is paired, the other has the rest to carry.
        let active = color("blue", &[("web-blue", 4), ("old", 2)]);
        let target = color("green", &[("web-green", 0), ("new", 0)]);
        assert_eq!(sizes(&target, &active, 6), [("web-green".into(), 4), ("new".into(), 2)]);
        let grown = color("green", &[("web-green", 5), ("new", 0)]);
        assert_eq!(sizes(&grown, &active, 6), [("new".into(), 1)]);
    }
}
