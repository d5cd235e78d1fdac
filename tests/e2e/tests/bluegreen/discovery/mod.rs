//! What people already have is understood without configuration, or refused with the way out.

mod deciders;
mod images;
mod near;
mod refused;
mod scenarios;

use anyhow::{Context, Result, ensure};
use e2e::bluegreen::run::bluegreen;
use e2e::common::run::Ended;
use e2e::{LIMIT, namespace};
use k8s_openapi::api::core::v1::Service;
use lab::Namespace;
use serde_json::{Value, json};

/// Labels that tell a pod apart, as `key=value` words.
fn labels(words: &str) -> Value {
    let pairs = words.split_whitespace().filter_map(|word| word.split_once('='));
    Value::Object(pairs.map(|(key, value)| (key.to_owned(), json!(value))).collect())
}

fn workload(kind: &str, name: &str, words: &str, image: &str) -> Value {
    let labels = labels(words);
    let container = json!({"name": "app", "image": image, "ports": [{"name": "http", "containerPort": 8080}]});
    let mut object = json!({
        "apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name},
        "spec": {
            "replicas": 1, "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    });
    if kind == "StatefulSet" {
        object["spec"]["serviceName"] = json!("none");
    }
    object
}

fn service(name: &str, words: &str) -> Value {
    let ports = json!([{"name": "http", "port": 80, "targetPort": "http"}]);
    json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": {"selector": labels(words), "ports": ports}})
}

/// Applies the objects and waits until every workload among them is rolled out.
async fn deploy(ns: &Namespace, objects: &[Value]) -> Result<()> {
    ns.apply_all(objects).await?;
    for object in objects.iter().filter(|object| object["kind"] != "Service") {
        let name = object["metadata"]["name"].as_str().context("no name")?;
        let kind = object["kind"].as_str().context("no kind")?.to_lowercase();
        ns.rolled_out(&format!("{kind}/{name}"), LIMIT).await?;
    }
    Ok(())
}

async fn selector(ns: &Namespace, service: &str) -> Result<Value> {
    let service = ns.api::<Service>().get(service).await?;
    Ok(json!(service.spec.and_then(|spec| spec.selector)))
}

/// There, and back again.
async fn moves(ns: &Namespace, service: &str, to: &str, expected: &str) -> Result<()> {
    let before = selector(ns, service).await?;
    bluegreen(ns, &format!("switch {service} {to} --yes --verify-for=0")).await?.ends(0)?;
    assert_eq!(selector(ns, service).await?, labels(expected));
    bluegreen(ns, &format!("rollback {service} --yes")).await?.ends(0)?;
    assert_eq!(selector(ns, service).await?, before);
    Ok(())
}

/// Runs every command of a text's lines that begins with the plugin's name, with these flags.
async fn every_line_works(ns: &Namespace, text: &str, flags: &str) -> Result<usize> {
    let commands: Vec<&str> = text.lines().filter_map(|line| line.trim().strip_prefix("kubectl bluegreen ")).collect();
    for command in &commands {
        let whole = command.contains(&format!(" -n {}", ns.name()));
        ensure!(whole, "not whole: {command}");
        let words = command.replace(&format!(" -n {}", ns.name()), "");
        bluegreen(ns, &format!("{words} {flags}")).await?.ends(0)?;
    }
    Ok(commands.len())
}

/// Teams call the label as they like: each would need a flag, or be refused.
#[tokio::test]
async fn any_label_can_tell_the_colors_apart() -> Result<()> {
    let ns = namespace("keys").await?;
    for key in ["track", "version", "slot", "release", "example.com/color"] {
        let app = key.replace(['.', '/'], "-");
        let image = "registry.example.com/app:1";
        deploy(
            &ns,
            &[
                workload("Deployment", &format!("{app}-a"), &format!("app={app} {key}=a"), image),
                workload("Deployment", &format!("{app}-b"), &format!("app={app} {key}=b"), image),
                service(&app, &format!("app={app} {key}=a")),
            ],
        )
        .await?;
        moves(&ns, &app, "--to b", &format!("app={app} {key}=b")).await.context(key)?;
    }
    Ok(())
}

/// A selector of three labels would be cut to two, or the wrong one of them moved.
#[tokio::test]
async fn the_other_labels_of_a_selector_are_kept() -> Result<()> {
    let ns = namespace("three-keys").await?;
    let image = "registry.example.com/api:1";
    deploy(
        &ns,
        &[
            workload("Deployment", "api-blue", "app=api tier=web version=blue", image),
            workload("Deployment", "api-green", "app=api tier=web version=green", image),
            workload("Deployment", "worker", "app=api tier=worker version=blue", image),
            service("api", "app=api tier=web version=blue"),
        ],
    )
    .await?;
    moves(&ns, "api", "--to green", "app=api tier=web version=green").await
}

/// Half of a color would be looked at, and the other half be down.
#[tokio::test]
async fn a_color_may_have_several_workloads() -> Result<()> {
    let ns = namespace("several").await?;
    let image = "registry.example.com/api:1";
    deploy(
        &ns,
        &[
            workload("Deployment", "api-blue-eu", "app=api version=blue zone=eu", image),
            workload("Deployment", "api-blue-us", "app=api version=blue zone=us", image),
            workload("Deployment", "api-green-eu", "app=api version=green zone=eu", image),
            workload("StatefulSet", "api-green-us", "app=api version=green zone=us", image),
            service("api", "app=api version=blue"),
        ],
    )
    .await?;
    let status = bluegreen(&ns, "status api -ojson").await?.ends(0)?.json()?;
    let sizes: Vec<usize> = status["services"][0]["colors"]
        .as_array()
        .context("colors")?
        .iter()
        .map(|color| color["workloads"].as_array().map_or(0, Vec::len))
        .collect();
    assert_eq!(sizes, [2, 2], "{status:#}");
    moves(&ns, "api", "--to green", "app=api version=green").await
}

/// StatefulSets would be left out, and the Service called one without colors.
#[tokio::test]
async fn stateful_sets_are_colors_too() -> Result<()> {
    let ns = namespace("stateful").await?;
    let image = "registry.example.com/db:1";
    deploy(
        &ns,
        &[
            workload("StatefulSet", "db-blue", "app=db slot=blue", image),
            workload("StatefulSet", "db-green", "app=db slot=green", image),
            service("db", "app=db slot=blue"),
        ],
    )
    .await?;
    moves(&ns, "db", "--to green", "app=db slot=green").await
}

/// A pipeline knows what it built, and not which color it went to.
#[tokio::test]
async fn an_image_tag_finds_its_color() -> Result<()> {
    let ns = namespace("by-image").await?;
    e2e::bluegreen::blue_green(&ns, 1).await?;
    moves(&ns, "api", "--to-image 1.5.0", "app=api version=green").await?;
    // A retried job finds it done, instead of toggling back.
    for _ in 0..2 {
        bluegreen(&ns, "switch api --to-image 1.5.0 --yes --verify-for=0").await?.ends(0)?;
    }
    assert_eq!(e2e::bluegreen::active(&ns, "api").await?, "green");
    Ok(())
}
