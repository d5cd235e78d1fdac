//! All checks together, on what people have, and how findings are weighed.

use release_core::checks::finding::{Finding, Severity};
use release_core::checks::ids::CheckId;
use release_core::checks::weighing::{Weighing, blocking};
use serde_json::{Value, json};

use super::run;
use super::testing::{World, ids, told};
use crate::options::Verb;

fn all(world: &World, weighing: &Weighing) -> Vec<Finding> {
    world.with_case(|case| run(case, weighing))
}

fn blocked_by(world: &World, weighing: &Weighing) -> Vec<CheckId> {
    blocking(&all(world, weighing)).map(|f| f.id).collect()
}

fn forcing(ids: &[&str]) -> Weighing {
    Weighing { force: ids.iter().map(ToString::to_string).collect(), strict: false }
}

/// Green has no pods, and a twin stays behind.
fn in_trouble() -> World {
    let mut world = World::healthy();
    world.run("green", 3, 0);
    world.neighbours = Ok(vec![twin()]);
    world
}

fn twin() -> Value {
    json!({"metadata": {"name": "api-headless"}, "spec": {"selector": {"app": "api", "version": "blue"}}})
}

#[test]
fn two_bare_deployments_behind_a_load_balancer_may_be_switched() {
    // scenarios/3-eks-two-deployments.yaml
    let mut world = World::healthy();
    world.service["spec"]["type"] = json!("LoadBalancer");
    world.service["spec"]["ports"] = json!([{"port": 80, "targetPort": 8080}]);
    for color in ["blue", "green"] {
        let container = world.container(color);
        container["readinessProbe"] = json!(null);
        container["lifecycle"] = json!(null);
        container["ports"] = json!([{"containerPort": 8080}]);
    }
    let findings = all(&world, &Weighing::default());
    assert_eq!(ids(&findings), ["no-readiness-probe", "no-prestop", "pdb-missing", "lb-propagation"]);
    assert_eq!(blocking(&findings).count(), 0);
}

#[test]
fn a_mesh_route_by_subset_stops_the_switch_and_a_common_budget_does_not() {
    // scenarios/2-beyond-rolling.yaml
    let mut world = World::healthy();
    world.budgets = Ok(vec![
        json!({"metadata": {"name": "api-pdb"}, "spec": {"minAvailable": "75%", "selector": {"matchLabels": {"app": "api"}}}}),
    ]);
    let to = |subset: &str, weight: i32| json!({"destination": {"host": "api", "subset": subset}, "weight": weight});
    world.virtual_services = Ok(vec![json!({"metadata": {"name": "api", "namespace": "shop"},
        "spec": {"hosts": ["api.internal"], "http": [{"route": [to("stable", 95), to("canary", 5)]}]}})]);
    assert_eq!(ids(&all(&world, &Weighing::default())), ["route-decides", "route-decides", "pdb-spans-colors"]);
}

#[test]
fn what_blocks_comes_first() {
    let severities: Vec<Severity> = all(&in_trouble(), &Weighing::default()).iter().map(|f| f.severity).collect();
    assert!(severities.is_sorted(), "{severities:?}");
    assert_eq!(severities[0], Severity::Blocks);
}

#[test]
fn nothing_overrides_an_empty_target() {
    let world = in_trouble();
    let everything = forcing(&["no-ready-pods", "rollout-unfinished", "twin-service"]);
    assert_eq!(blocked_by(&world, &everything), ["no-ready-pods"]);
    let mut accepting = in_trouble();
    accepting.service["metadata"]["annotations"] = json!({"kubectl-release.dev/accept": "no-ready-pods"});
    assert!(blocked_by(&accepting, &Weighing::default()).iter().any(|id| *id == "no-ready-pods"));
    let rollback = World { verb: Verb::Rollback, ..in_trouble() };
    assert_eq!(blocked_by(&rollback, &Weighing::default()), ["no-ready-pods"]);
}

#[test]
fn a_person_or_an_annotation_overrides_by_name_and_nothing_else() {
    let mut world = World::healthy();
    world.neighbours = Ok(vec![twin()]);
    assert_eq!(blocked_by(&world, &Weighing::default()), ["twin-service"]);
    assert_eq!(blocked_by(&world, &forcing(&["gitops"])), ["twin-service"]);
    assert!(blocked_by(&world, &forcing(&["twin-service"])).is_empty());
    world.service["metadata"]["annotations"] = json!({"kubectl-release.dev/accept": "gitops, twin-service"});
    assert!(blocked_by(&world, &Weighing::default()).is_empty());
    assert!(ids(&all(&world, &Weighing::default())).iter().any(|id| *id == "twin-service"), "it is shown all the same");
    let strict = Weighing { strict: true, ..Weighing::default() };
    assert_eq!(blocked_by(&world, &strict), ["twin-service"], "whoever may annotate has no say in what is strict");
}

#[test]
fn a_check_that_can_t_be_made_is_an_obstacle_only_where_that_is_asked_for() {
    let mut world = World::healthy();
    world.autoscalers = Err("forbidden".into());
    let strict = Weighing { strict: true, ..Weighing::default() };
    assert!(blocked_by(&world, &Weighing::default()).is_empty());
    assert_eq!(blocked_by(&world, &strict), ["hpa-below-active"]);
    world.verb = Verb::Rollback;
    assert!(blocked_by(&world, &strict).is_empty());
}

#[test]
fn with_nothing_but_the_essentials_to_read_each_kind_is_named_once() {
    let none = || Err("forbidden".to_owned());
    let mut world = World::healthy();
    (world.neighbours, world.budgets, world.autoscalers, world.network_policies) = (none(), none(), none(), none());
    (world.virtual_services, world.http_routes, world.target_group_bindings) = (none(), none(), none());
    let findings = all(&world, &Weighing::default());
    let kinds = ["hpa", "pdb", "networkpolicies", "virtualservices", "httproutes", "targetgroupbindings", "services"];
    let messages: Vec<&str> = findings.iter().map(|f| f.message.as_str()).collect();
    assert_eq!(messages, kinds.map(|kind| format!("{kind} (forbidden)")), "{:?}", told(&findings));
}
