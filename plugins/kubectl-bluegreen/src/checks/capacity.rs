//! The target must be able to take the load of the active color.

use super::case::Case;
use crate::service_view::ready_count;
use release_core::checks::finding::{Finding, Mend};
use release_core::checks::ids;
use release_core::text::printable;

pub fn check(case: &Case<'_>) -> Vec<Finding> {
    let short = empty(case).or_else(|| below_active(case));
    short.into_iter().chain(single(case)).collect()
}

/// Without a ready pod, the Service would refuse every connection.
fn empty(case: &Case<'_>) -> Option<Finding> {
    let color = &case.target.name;
    if let Some(why) = case.tracks.unreached(color, &case.snapshot.pods) {
        return Some(case.blocks(ids::NO_READY_PODS, printable(&why)).mend("mend what the route sends to"));
    }
    if case.target_ready() > 0 || (case.scales_first && !case.target.workloads.is_empty()) {
        return None;
    }
    if case.target.workloads.is_empty() {
        return Some(case.blocks(ids::NO_READY_PODS, format!("{color} has no workload")).mend("deploy it first"));
    }
    let finding = |message: String| case.blocks(ids::NO_READY_PODS, message);
    Some(match (case.target.asked(), case.target_pods.len()) {
        (0, _) => finding(format!("{color} is scaled to zero")).mend(Mend::Scale),
        (asked, 0) => finding(format!("{color} has no pods yet, {asked} asked for")),
        (_, pods) if ready_count(&case.target_pods) > 0 => {
            finding(format!("none of the {pods} pods of {color} has a port that the Service sends to"))
        }
        (_, pods) => finding(format!("{color} 0 of {pods} pods ready")),
    })
}

/// Fewer pods would be met by the load of more.
fn below_active(case: &Case<'_>) -> Option<Finding> {
    let (target, active) = (case.target_ready(), case.active_ready());
    if case.scales_first || target >= case.required {
        return None;
    }
    let demand = if case.required == active { String::new() } else { format!(", {} required", case.required) };
    let message = format!("{} {target}, {} {active}{demand}", case.target.name, case.active.name);
    let more_can_be_asked_for = !case.target.workloads.is_empty() && case.target.asked() < case.required;
    let mend = if more_can_be_asked_for { Mend::Scale } else { format!("wait, or --min-ready {target}").into() };
    Some(case.blocks(ids::READY_BELOW_ACTIVE, message).mend(mend))
}

/// One pod means a gap at every eviction
/// (<https://kubernetes.io/docs/concepts/workloads/pods/disruptions/>).
fn single(case: &Case<'_>) -> Option<Finding> {
    let message = format!("{} runs 1 pod, a node drain takes all", case.target.name);
    let alone = case.target_size() == 1;
    alone.then(|| case.warns(ids::SINGLE_REPLICA, message).quiet_if(case.active.asked() <= 1))
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::checks::testing::{World, ids, told};
    use release_core::checks::finding::Mend;

    fn green(replicas: usize, ready: usize) -> World {
        let mut world = World::healthy();
        world.run("blue", 6, 6);
        world.run("green", replicas, ready);
        world
    }

    #[test]
    fn an_equal_target_takes_the_load() {
        assert!(green(6, 6).findings(check).is_empty());
        assert!(green(9, 7).findings(check).is_empty());
    }

    #[test]
    fn an_empty_target_would_be_a_full_outage() {
        let to_zero = green(0, 0).findings(check);
        assert_eq!((told(&to_zero), &to_zero[0].mend), (vec!["x no-ready-pods".into()], &Some(Mend::Scale)));
        let unready = green(6, 0).findings(check);
        assert_eq!((told(&unready), &unready[0].mend), (vec!["x no-ready-pods".into()], &None));
        let mut not_created = green(6, 0);
        not_created.pods.retain(|p| p["metadata"]["labels"]["version"] == "blue");
        assert_eq!(told(&not_created.findings(check)), ["x no-ready-pods"]);
    }

    #[test]
    fn pods_that_are_about_to_go_are_no_capacity() {
        // A scale-down that the controller hasn't carried out yet.
        let mut world = green(6, 6);
        world.workload("green")["spec"]["replicas"] = 0.into();
        assert_eq!(told(&world.findings(check)), ["x no-ready-pods"]);
        world.workload("green")["spec"]["replicas"] = 2.into();
        assert_eq!(told(&world.findings(check)), ["x ready-below-active"]);
    }

    #[test]
    fn a_color_without_workload_can_t_be_scaled_either() {
        let mut world = green(6, 6);
        world.scales_first = true;
        world.with_case(|case| {
            let gone = release_core::traffic::selector::Color { name: "green".into(), ..Default::default() };
            let findings = check(&super::Case { target: &gone, ..copy(case) });
            assert_eq!(told(&findings), ["x no-ready-pods"]);
        });
    }

    fn copy<'a>(case: &super::Case<'a>) -> super::Case<'a> {
        super::Case { target_pods: vec![], active_pods: vec![], ..*case }
    }

    #[test]
    fn a_smaller_target_would_break_under_the_active_colors_load() {
        let small = green(2, 2).findings(check);
        assert_eq!((told(&small), &small[0].mend), (vec!["x ready-below-active".into()], &Some(Mend::Scale)));
        let starting = green(6, 4).findings(check);
        assert_eq!(told(&starting), ["x ready-below-active"]);
        assert_ne!(starting[0].mend, Some(Mend::Scale), "no more can be asked for");
    }

    #[test]
    fn min_ready_is_what_counts_where_it_is_given() {
        let mut world = green(6, 4);
        world.required = Some(5);
        assert_eq!(told(&world.findings(check)), ["x ready-below-active"]);
        world.required = Some(4);
        assert!(world.findings(check).is_empty());
    }

    #[test]
    fn scaling_first_makes_up_for_it() {
        for (replicas, ready) in [(0, 0), (2, 2), (6, 4)] {
            let mut world = green(replicas, ready);
            world.scales_first = true;
            assert!(world.findings(check).is_empty());
        }
    }

    #[test]
    fn one_pod_is_worth_a_note_only_where_there_were_more() {
        let mut world = green(1, 1);
        world.required = Some(1);
        assert_eq!(told(&world.findings(check)), ["! single-replica"]);
        world.run("blue", 1, 1);
        assert_eq!(told(&world.findings(check)), ["~ single-replica"]);
        assert_eq!(ids(&green(2, 2).findings(check)), ["ready-below-active"]);
    }
}
