//! What a deploy writes in the set-ups that people have.

use std::collections::BTreeMap;

use release_core::release::change::Action;
use serde_json::{Value, json};

use super::*;
use crate::args::{Cli, VerbArgs};
use crate::checks::testing::World;
use crate::options::deploy as options;
use crate::plan::{MoveRequest, SwitchPlan};
use crate::service_view::ServiceView;
use clap::Parser;

/// What is planned of `deploy api WORDS`: the writes, or the reason of the refusal.
fn planned(world: &World, words: &[&str]) -> Result<Vec<Change>, &'static str> {
    let typed = ["kubectl-bluegreen", "deploy", "api"].iter().chain(words).map(ToString::to_string);
    let VerbArgs::Deploy(args) = Cli::try_parse_from(typed).unwrap().verb else { unreachable!("deploy was typed") };
    let options = options::deploy(args, None).unwrap();
    let snapshot = world.snapshot();
    let view = ServiceView::of(&snapshot.services[0], &snapshot.workloads, &snapshot.pods, None);
    let deploying = choose(&snapshot, &view, &options).map_err(|failure| failure.reason)?;
    let named =
        |workload: &Value| (format!("deploy/{}", workload["metadata"]["name"].as_str().unwrap()), workload.clone());
    let autoscalers = world.autoscalers.iter().flatten();
    let scaled = autoscalers.map(|hpa| (format!("hpa/{}", hpa["metadata"]["name"].as_str().unwrap()), hpa.clone()));
    let objects: Objects = world.workloads.iter().map(named).chain(scaled).collect::<BTreeMap<_, _>>();
    if runs_already(&deploying, &objects, &options).map_err(|failure| failure.reason)? {
        return Ok(Vec::new());
    }
    let prepared = prepare(&deploying, &objects, &options).map_err(|failure| failure.reason)?;
    let movement = options.move_to(&deploying.color);
    let ahead = as_prepared(&snapshot, &prepared).unwrap();
    let views = [ServiceView::of(&ahead.services[0], &ahead.workloads, &ahead.pods, None)];
    let request = MoveRequest { options: &movement, run_id: "1", user: "lee" };
    let moves = SwitchPlan::of(&ahead, &views, request, false).map_err(|failure| failure.reason)?;
    let prepared = sized(prepared, &moves, &views, &options).map_err(|failure| failure.reason)?;
    Ok(writes(&prepared, &objects, &snapshot, &deploying.exchange()))
}

fn told(world: &World, words: &[&str]) -> Vec<String> {
    planned(world, words).unwrap().iter().map(said).collect()
}

fn container_is(world: &World) -> String {
    world.workloads[0]["spec"]["template"]["spec"]["containers"][0]["name"].as_str().unwrap().to_owned()
}

fn next(world: &World) -> Vec<String> {
    vec![format!("--image={}=registry.example.com/api:next", container_is(world))]
}

fn words(owned: &[String]) -> Vec<&str> {
    owned.iter().map(String::as_str).collect()
}

#[test]
fn a_color_that_is_there_gets_the_image_and_the_size_in_one_write() {
    let mut world = World::healthy();
    world.run("blue", 6, 6);
    let image = next(&world);
    let changes = planned(&world, &words(&image)).unwrap();
    let Action::JsonPatch(ops) = &changes[0].action else { panic!("no patch: {changes:?}") };
    let written: Vec<&Value> = ops.iter().map(|op| &op.0).filter(|op| op["op"] != "test").collect();
    assert_eq!(
        written,
        [
            &json!({"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "registry.example.com/api:next"}),
            &json!({"op": "add", "path": "/spec/replicas", "value": 6}),
        ]
    );
    assert_eq!(ops[0].0["path"], "/metadata/uid", "a namesake that was made since is another");
    assert_eq!(changes.len(), 1);
}

#[test]
fn what_is_so_already_is_not_written_again() {
    let mut world = World::healthy();
    let image = next(&world);
    world.container("green")["image"] = json!("registry.example.com/api:next");
    assert!(told(&world, &words(&image)).is_empty(), "it goes on with the switch");
    world.container("blue")["image"] = json!("registry.example.com/api:next");
    assert!(told(&world, &words(&image)).is_empty(), "it is live");
}

#[test]
fn a_color_that_is_not_there_is_made_with_its_autoscaler() {
    let mut world = World::healthy();
    world.workloads.retain(|w| w["metadata"]["name"] != "api-green");
    world.pods.retain(|p| p["metadata"]["labels"]["version"] != "green");
    world.autoscalers = Ok(vec![json!({"metadata": {"name": "api-blue"}, "spec": {"minReplicas": 1, "maxReplicas": 9,
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "api-blue"}}})]);
    let image = next(&world);
    let changes = planned(&world, &words(&image)).unwrap();
    let made: Vec<&Value> = changes
        .iter()
        .filter_map(|c| match &c.action {
            Action::Create(object) => Some(object),
            _ => None,
        })
        .collect();
    assert_eq!(
        (made.len(), &made[0]["metadata"]["name"], &made[0]["spec"]["replicas"]),
        (2, &json!("api-green"), &json!(3))
    );
    assert_eq!(made[1]["spec"]["minReplicas"], 1);
    assert_eq!(changes[2].summary, "minReplicas: 1 -> 3");
}

#[test]
fn whose_owner_makes_an_autoscaler_makes_the_other_one_too() {
    let mut world = World::healthy();
    world.workloads.retain(|w| w["metadata"]["name"] != "api-green");
    world.pods.retain(|p| p["metadata"]["labels"]["version"] != "green");
    let owner =
        json!([{"apiVersion": "keda.sh/v1", "kind": "ScaledObject", "name": "api", "uid": "1", "controller": true}]);
    world.autoscalers =
        Ok(vec![json!({"metadata": {"name": "keda-hpa-api", "ownerReferences": owner}, "spec": {"maxReplicas": 9,
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "api-blue"}}})]);
    let image = next(&world);
    assert_eq!(planned(&world, &words(&image)).unwrap().len(), 1);
}

#[test]
fn what_is_not_clear_is_refused() {
    let mut world = World::healthy();
    assert_eq!(planned(&world, &["--image=nobody=a:1"]), Err("NoSuchContainer"));
    let mut third = world.workload("green").clone();
    for place in ["/metadata/name", "/spec/selector/matchLabels/version", "/spec/template/metadata/labels/version"] {
        if let Some(value) = third.pointer_mut(place) {
            *value = json!(if place.ends_with("name") { "api-red" } else { "red" });
        }
    }
    world.workloads.push(third);
    let image = next(&world);
    assert_eq!(planned(&world, &words(&image)), Err("AmbiguousColor"));
    let mut named = words(&image);
    named.push("--to=red");
    assert_eq!(planned(&world, &named).unwrap()[0].object, "deploy/api-red");
}
