//! Pods that no workload keeps and that the Service would send traffic to: a copy made by
//! `kubectl debug`, a Job's pod, one made by hand. Nothing replaces them.

use release_core::checks::finding::Finding;
use release_core::checks::ids;
use release_core::kube::Pod;
use release_core::text::{and_more, printable};
use release_core::traffic::capacity::strays;

use super::case::Case;

/// Pods named in a message.
const NAMED: usize = 3;

pub fn check(case: &Case<'_>) -> Vec<Finding> {
    let unknown = case.snapshot.replica_sets.as_ref().err();
    let unknown = unknown.map(|why| case.not_checked(ids::STRAY_PODS, "replicasets", why).quiet_if(true));
    of_target(case).into_iter().chain(of_active(case)).chain(unknown).collect()
}

/// They stand in the way only where the target has too few without them.
fn of_target(case: &Case<'_>) -> Option<Finding> {
    let found = strays(&case.target_pods);
    if found.is_empty() {
        return None;
    }
    let color = &case.target.name;
    let kept =
        case.target_ready().saturating_sub(strays(&case.tracks.able(&case.target.name, &case.target_pods)).len());
    let message = format!("{color} has {} that no workload keeps: {}", pods(found.len()), named(&found));
    if case.scales_first || kept >= case.required {
        return Some(case.warns(ids::STRAY_PODS, message).mend("take the label off, or delete them"));
    }
    let message = format!("{message}; without them {kept} of {} are ready", case.required);
    Some(case.blocks(ids::STRAY_PODS, message))
}

/// On the color that is left they are capacity, too, and raise what the target needs.
fn of_active(case: &Case<'_>) -> Option<Finding> {
    let found = strays(&case.active_pods);
    if found.is_empty() {
        return None;
    }
    let message = format!("{} has {} that no workload keeps: {}", case.active.name, pods(found.len()), named(&found));
    Some(case.warns(ids::STRAY_PODS, message))
}

fn pods(count: usize) -> String {
    if count == 1 { "1 ready pod".into() } else { format!("{count} ready pods") }
}

fn named(found: &[&Pod]) -> String {
    let names: Vec<String> = found.iter().take(NAMED).map(|pod| printable(&pod.metadata.name)).collect();
    let more = and_more(found.len(), NAMED);
    format!("{}{more}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::check;
    use crate::checks::testing::{World, told};

    fn with_stray(ready: usize) -> World {
        let mut world = World::healthy();
        world.run("green", 3, ready);
        let mut stray = world.pods_of("green")[0].clone();
        stray["metadata"]["name"] = json!("api-green-debug");
        stray["metadata"]["uid"] = json!("debug");
        stray["metadata"]["ownerReferences"] = json!([]);
        world.pods.push(stray);
        world
    }

    #[test]
    fn a_debug_copy_would_get_production_traffic() {
        assert!(World::healthy().findings(check).is_empty());
        assert_eq!(told(&with_stray(3).findings(check)), ["! stray-pods"]);
    }

    #[test]
    fn a_copy_makes_no_color_large_enough() {
        assert_eq!(told(&with_stray(2).findings(check)), ["x stray-pods"]);
    }

    #[test]
    fn a_job_s_pod_is_nothing_to_rely_on() {
        let mut world = with_stray(3);
        let job = json!([{"kind": "Job", "name": "migrate", "uid": "j", "controller": true}]);
        world.pods.last_mut().unwrap()["metadata"]["ownerReferences"] = job;
        assert_eq!(told(&world.findings(check)), ["! stray-pods"]);
        let rollout = json!([{"kind": "Rollout", "name": "api", "uid": "r", "controller": true}]);
        world.pods.last_mut().unwrap()["metadata"]["ownerReferences"] = rollout;
        assert!(world.findings(check).is_empty(), "a controller that isn't read here keeps its pods");
    }
}
