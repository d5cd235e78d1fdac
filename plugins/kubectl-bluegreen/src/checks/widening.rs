//! Whether a Service may select both colors for a while: somebody has to tell when that is over, and nobody else's pods
//! may get requests meanwhile.

use release_core::checks::finding::Finding;
use release_core::checks::ids;
use release_core::kube::has_all;
use release_core::text::printable;
use release_core::traffic::alb::bindings_to;

use super::case::Case;

/// Pods that are named.
const NAMED: usize = 5;

pub fn check(case: &Case<'_>) -> Vec<Finding> {
    if !case.widens {
        return Vec::new();
    }
    let blocked = |why: String| case.blocks(ids::WIDENING, why);
    if let Some(route) = &case.view.route {
        let why = format!("{} decides: its weights wait for the targets by themselves", route.reference());
        return vec![blocked(why).mend("leave --widen out")];
    }
    let mut bound = bindings_to(case.view.name(), &case.view.bindings);
    let unseen = (!bound.any(|binding| binding.has_pods() && binding.group().is_some())).then(|| {
        let why =
            "no TargetGroupBinding with targetType ip is seen: nobody can tell when load balancers reach the pods";
        blocked(why.to_owned()).mend("leave --widen out")
    });
    unseen.into_iter().chain(others(case).map(blocked)).collect()
}

/// Ready pods of neither color that the Service would select, too.
fn others(case: &Case<'_>) -> Option<String> {
    let colors = [case.active.name.as_str(), case.target.name.as_str()];
    let is_other = |labels: &release_core::kube::Labels| {
        has_all(labels, &case.tracks.base)
            && !labels.get(&case.tracks.key).is_some_and(|color| colors.contains(&color.as_str()))
    };
    let ready = case.snapshot.pods.iter().filter(|pod| pod.is_ready() && is_other(&pod.metadata.labels));
    let names: Vec<&str> = ready.map(|pod| pod.metadata.name.as_str()).collect();
    let more = names.len().checked_sub(NAMED).filter(|more| *more > 0);
    let more = more.map(|more| format!(" and {more} more")).unwrap_or_default();
    let shown = names.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    (!names.is_empty()).then(|| printable(&format!("pods of neither color would get requests, too: {shown}{more}")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::check;
    use crate::checks::testing::{World, told};

    fn behind_a_balancer() -> World {
        let mut world = World::healthy();
        world.widens = true;
        world.target_group_bindings = Ok(vec![json!({"metadata": {"name": "api"}, "spec": {"targetType": "ip",
            "serviceRef": {"name": "api", "port": 80}, "targetGroupARN": "arn:aws:elasticloadbalancing:x"}})]);
        world
    }

    /// Both colors would serve for ever where nobody can tell when it is over.
    #[test]
    fn widening_needs_somebody_who_tells_when_it_is_over() {
        let mut world = behind_a_balancer();
        assert!(world.findings(check).is_empty());
        world.target_group_bindings.as_mut().unwrap()[0]["spec"]["targetType"] = json!("instance");
        assert_eq!(told(&world.findings(check)), ["x widening"]);
        world.widens = false;
        assert!(world.findings(check).is_empty());
    }

    /// A third color, or a job with the application's label, would get production traffic.
    #[test]
    fn nobody_elses_pods_get_requests_meanwhile() {
        let mut world = behind_a_balancer();
        world.run("teal", 1, 1);
        assert_eq!(told(&world.findings(check)), ["x widening"]);
        world.run("teal", 1, 0);
        assert!(world.findings(check).is_empty());
        let mut job = world.pods_of("blue")[0].clone();
        job["metadata"] = json!({"name": "api-migration", "labels": {"app": "api"}});
        world.pods.push(job);
        assert_eq!(told(&world.findings(check)), ["x widening"]);
    }
}
