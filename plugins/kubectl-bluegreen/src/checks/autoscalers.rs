//! An autoscaler must let the target be as large as the active color.
//!
//! Its bounds win over anybody's `replicas`
//! (<https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/>), and a color
//! without traffic is kept at the lower one.

use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use release_core::kube::Workload;

use super::case::Case;
use release_core::checks::finding::{Finding, Severity};
use release_core::checks::ids;

pub fn check(case: &Case<'_>) -> Vec<Finding> {
    let all = match &case.snapshot.autoscalers {
        Ok(all) => all,
        Err(why) => return vec![case.not_checked(ids::HPA_BELOW_ACTIVE, "hpa", why)],
    };
    let bounds: Vec<Bounds<'_>> = case.target.workloads.iter().map(|w| Bounds::of(w, all)).collect();
    let named: Vec<&str> = bounds.iter().filter_map(|b| b.name).collect();
    if named.is_empty() {
        return Vec::new();
    }
    let name = format!("hpa/{}", named.join(", hpa/"));
    let (least, most): (i32, i32) = (sum(bounds.iter().map(|b| b.least)), sum(bounds.iter().map(|b| b.most)));
    let finding = |severity, message| case.finding(ids::HPA_BELOW_ACTIVE, severity, message);
    let active = case.active_ready();
    let demanded = format!("{} {active}", case.active.name);
    if below(most, case.required) {
        let demanded = if case.required == active { demanded } else { format!("{} required", case.required) };
        return vec![finding(Severity::Blocks, format!("{name} max {most}, {demanded}")).mend("raise maxReplicas")];
    }
    // Scaling first raises the lower bound as well, or it would be undone.
    let may_shrink = below(least, active) && !case.scales_first;
    let note = || finding(Severity::Warns, format!("{name} min {least}, {demanded}")).mend("raise minReplicas");
    may_shrink.then(note).into_iter().collect()
}

fn sum(sizes: impl Iterator<Item = i32>) -> i32 {
    sizes.fold(0, i32::saturating_add)
}

/// What a workload's replicas may become.
struct Bounds<'a> {
    name: Option<&'a str>,
    least: i32,
    most: i32,
}

impl<'a> Bounds<'a> {
    fn of(workload: &Workload, all: &'a [HorizontalPodAutoscaler]) -> Self {
        let own = all.iter().find(|hpa| workload.is_scaled_by(hpa));
        let found = own.and_then(|hpa| Some((hpa, hpa.spec.as_ref()?)));
        match found {
            Some((hpa, spec)) => Self {
                name: hpa.metadata.name.as_deref(),
                least: spec.min_replicas.unwrap_or(1),
                most: spec.max_replicas,
            },
            None => Self { name: None, least: workload.replicas, most: workload.replicas },
        }
    }
}

fn below(replicas: i32, pods: usize) -> bool {
    usize::try_from(replicas).unwrap_or(0) < pods
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::check;
    use crate::checks::testing::{World, told};

    fn hpa(workload: &str, min: i32, max: i32) -> Value {
        json!({"metadata": {"name": workload}, "spec": {"minReplicas": min, "maxReplicas": max,
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": workload}}})
    }

    fn with(autoscaler: Value) -> World {
        let mut world = World::healthy();
        world.run("blue", 6, 6);
        world.run("green", 6, 6);
        world.autoscalers = Ok(vec![autoscaler]);
        world
    }

    #[test]
    fn a_ceiling_below_the_active_color_could_never_take_its_load() {
        let mut world = with(hpa("api-green", 1, 4));
        assert_eq!(told(&world.findings(check)), ["x hpa-below-active"]);
        world.scales_first = true;
        assert_eq!(world.findings(check).len(), 1, "scaling can't pass the ceiling");
        world.required = Some(4);
        assert!(world.findings(check).is_empty());
    }

    #[test]
    fn a_floor_below_the_active_color_lets_the_target_shrink_before_the_load_comes() {
        let mut world = with(hpa("api-green", 2, 10));
        assert_eq!(told(&world.findings(check)), ["! hpa-below-active"]);
        world.scales_first = true;
        assert!(world.findings(check).is_empty());
    }

    #[test]
    fn bounds_that_hold_the_active_colors_size_and_other_autoscalers_are_fine() {
        assert!(with(hpa("api-green", 6, 10)).findings(check).is_empty());
        assert!(with(hpa("api-blue", 1, 2)).findings(check).is_empty());
    }

    #[test]
    fn what_may_not_be_read_is_said_once() {
        let mut world = World::healthy();
        world.autoscalers = Err("forbidden".into());
        assert_eq!(told(&world.findings(check)), ["? hpa-below-active"]);
    }
}
