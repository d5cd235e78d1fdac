//! A Service that one Deployment runs, without a word of colors, gets its first color.

use anyhow::{Context, Result, ensure};
use e2e::bluegreen::admission::Policy;
use e2e::bluegreen::app::replicas;
use e2e::bluegreen::run::{bluegreen, bluegreen_as, start};
use e2e::bluegreen::{active, blue_green};
use e2e::common::pods::{annotate_pods, pods};
use e2e::common::run::{Ended, admin, said};
use e2e::{LIMIT, namespace};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::core::v1::Service;
use lab::fixtures::{Workload, autoscaler, budget};
use lab::{Namespace, eventually};
use serde_json::{Value, json};

const INIT: &str = "init web --yes --verify-for=1s";

fn web(replicas: u32) -> Workload {
    Workload::color("web", "registry.example.com/web:1.4.0").replicas(replicas)
}

async fn rolled_out(ns: &Namespace, workload: &Workload) -> Result<()> {
    ns.apply_all(&workload.objects()).await?;
    ns.rolled_out("deployment/web", LIMIT).await
}

async fn selector(ns: &Namespace) -> Result<Value> {
    Ok(json!(ns.api::<Service>().get("web").await?.spec.and_then(|spec| spec.selector)))
}

async fn refused(ns: &Namespace, words: &str) -> Result<Value> {
    let before = selector(ns).await?;
    let document = bluegreen(ns, &format!("{words} -ojson")).await?.ends(1)?.json()?;
    ensure!(
        document["writes"].as_array().is_none_or(|writes| writes.iter().all(|w| w["made"] == false)),
        "{document:#}"
    );
    assert_eq!(selector(ns).await?, before, "{document:#}");
    Ok(document)
}

/// Everybody's first case: whoever has one Deployment could not begin.
#[tokio::test]
async fn a_service_of_one_deployment_gets_its_first_color_and_can_be_released() -> Result<()> {
    let ns = namespace("init").await?;
    rolled_out(&ns, &web(3)).await?;
    ns.apply_all(&[autoscaler("web", 2, 6), budget("web", &json!({"app": "web"}), 1)]).await?;
    let planned = bluegreen(&ns, "init web --dry-run=client").await?.ends(0)?;
    for part in ["deploy/web-blue", "hpa/web-blue", "app=web -> app=web,version=blue", "replicas: 3 -> 0", "pdb/web"] {
        ensure!(said(&planned).contains(part), "{part}\n{}", said(&planned));
    }
    let headless = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web-headless"},
        "spec": {"clusterIP": "None", "selector": {"app": "web"}, "ports": [{"port": 80}]}});
    ns.apply(&headless).await?;
    let document = bluegreen(&ns, &format!("{INIT} -ojson")).await?.ends(0)?.json()?;
    ensure!(document["findings"].to_string().contains("init web-headless"), "{document:#}");
    assert_eq!((&document["color"], &document["trackKey"]), (&json!("blue"), &json!("version")), "{document:#}");
    assert_eq!(selector(&ns).await?, json!({"app": "web", "version": "blue"}));
    assert_eq!((replicas(&ns, "web").await?, replicas(&ns, "web-blue").await?), (0, 3));
    let scaled = ns.api::<HorizontalPodAutoscaler>().get("web-blue").await?;
    let scaled = scaled.spec.context("spec")?;
    assert_eq!((scaled.scale_target_ref.name.as_str(), scaled.min_replicas), ("web-blue", Some(2)));
    bluegreen(&ns, "init web-headless --yes --verify-for=1s").await?.ends(0)?;
    assert_eq!(active(&ns, "web-headless").await?, "blue");
    ns.kubectl(&["delete", "service", "web-headless"]).await?.ends(0)?;
    bluegreen(&ns, INIT).await?.ends(0)?.tells("nothing to do")?;
    bluegreen(&ns, "status web --wait-for converged").await?.ends(0)?;
    let deploy = "deploy web --image app=registry.example.com/web:1.5.0 --yes --verify-for=1s";
    bluegreen(&ns, deploy).await?.ends(0)?;
    assert_eq!(active(&ns, "web").await?, "green");
    bluegreen(&ns, "rollback web --yes").await?.ends(0)?;
    assert_eq!(active(&ns, "web").await?, "blue");
    Ok(())
}

/// Killed on its way, a Service would stay between two worlds.
#[tokio::test]
async fn what_was_begun_is_finished_by_the_same_words() -> Result<()> {
    let ns = namespace("init-again").await?;
    rolled_out(&ns, &web(2)).await?;
    let policy = Policy::deny(&ns, "web", "!('version' in object.spec.selector)", "not today").await?;
    let document = bluegreen(&ns, &format!("{INIT} -ojson")).await?.ends(1)?.json()?;
    assert_eq!(document["writes"][0]["made"], true, "{document:#}");
    assert_eq!((selector(&ns).await?, replicas(&ns, "web").await?), (json!({"app": "web"}), 2), "{document:#}");
    policy.remove().await?;
    eventually("the policy is gone", LIMIT, || async {
        let tried = bluegreen(&ns, "init web --dry-run=server").await?;
        Ok((tried.code == 0).then_some(()))
    })
    .await?;
    bluegreen(&ns, INIT).await?.ends(0)?;
    assert_eq!((active(&ns, "web").await?.as_str(), replicas(&ns, "web").await?), ("blue", 0));
    // Cut off before the last write.
    ns.patch::<Deployment>("web", json!({"spec": {"replicas": 2}})).await?;
    bluegreen(&ns, INIT).await?.ends(0)?;
    assert_eq!((active(&ns, "web").await?.as_str(), replicas(&ns, "web").await?), ("blue", 0));
    Ok(())
}

/// Pods that have a version already need no second workload.
#[tokio::test]
async fn pods_that_are_labelled_are_the_color() -> Result<()> {
    let ns = namespace("init-labelled").await?;
    let mut objects = web(2).objects();
    for object in objects.iter_mut().filter(|object| object["kind"] == "Deployment") {
        object["spec"]["template"]["metadata"]["labels"]["version"] = json!("v1");
    }
    ns.apply_all(&objects).await?;
    ns.rolled_out("deployment/web", LIMIT).await?;
    let other = refused(&ns, "init web --to blue --yes").await?;
    ensure!(other["next"].to_string().contains("--to v1"), "{other:#}");
    let document = bluegreen(&ns, &format!("{INIT} -ojson")).await?.ends(0)?.json()?;
    assert_eq!(document["writes"].as_array().map(Vec::len), Some(1), "{document:#}");
    assert_eq!((active(&ns, "web").await?.as_str(), replicas(&ns, "web").await?), ("v1", 2));
    Ok(())
}

/// Pods that never become ready would take the place of those that serve.
#[tokio::test]
async fn nothing_is_narrowed_to_pods_that_do_not_serve() -> Result<()> {
    let ns = namespace("init-unready").await?;
    rolled_out(&ns, &web(2)).await?;
    let rest = json!({"spec": {"template": {"metadata": {"annotations": {"lab.kubectl-release.dev/behavior": "never-ready"}}}}});
    let paused = json!({"spec": {"paused": true}});
    ns.patch::<Deployment>("web", paused).await?;
    ns.patch::<Deployment>("web", rest).await?;
    // What is not rolled out is not what runs.
    let document = refused(&ns, INIT).await?;
    ensure!(document["findings"].to_string().contains("paused"), "{document:#}");
    let words = "init web --yes --timeout=6s --force=paused,rollout-unfinished -ojson";
    let document = bluegreen(&ns, words).await?.ends(4)?.json()?;
    assert_eq!((selector(&ns).await?, replicas(&ns, "web").await?), (json!({"app": "web"}), 2), "{document:#}");
    ensure!(document["writes"][0]["undo"].to_string().contains("delete"), "{document:#}");
    Ok(())
}

/// The pods without the label would be gone before it shows that those with it fail.
#[tokio::test]
async fn a_narrowing_that_fails_is_taken_back() -> Result<()> {
    let ns = namespace("init-failed").await?;
    rolled_out(&ns, &web(2)).await?;
    let running = start(&ns, "init web --yes --verify-for=80s -ojson")?;
    eventually("it is narrowed", LIMIT, || async { Ok((active(&ns, "web").await? == "blue").then_some(())) }).await?;
    annotate_pods(&ns, "version=blue", &[("lab.kubectl-release.dev/behavior", "never-ready")]).await?;
    let document = running.wait(LIMIT).await?.ends(5)?.json()?;
    assert_eq!((selector(&ns).await?, replicas(&ns, "web").await?), (json!({"app": "web"}), 2), "{document:#}");
    Ok(())
}

/// Somebody puts the selector back (an upgrade of the chart, helm#3805): the old pods serve again, and would be taken down.
#[tokio::test]
async fn a_selector_that_is_put_back_meanwhile_keeps_its_pods() -> Result<()> {
    let ns = namespace("init-put-back").await?;
    rolled_out(&ns, &web(2)).await?;
    let running = start(&ns, "init web --yes --verify-for=60s -ojson")?;
    eventually("it is narrowed", LIMIT, || async { Ok((active(&ns, "web").await? == "blue").then_some(())) }).await?;
    ns.kubectl(&[
        "patch",
        "service",
        "web",
        "--type=json",
        "-p",
        r#"[{"op":"remove","path":"/spec/selector/version"}]"#,
    ])
    .await?;
    let document = running.wait(LIMIT).await?.ends(3)?.json()?;
    assert_eq!((selector(&ns).await?, replicas(&ns, "web").await?), (json!({"app": "web"}), 2), "{document:#}");
    Ok(())
}

/// What is no simple case would be made one by force.
#[tokio::test]
async fn what_is_not_run_by_one_deployment_is_refused_by_name() -> Result<()> {
    let ns = namespace("init-others").await?;
    rolled_out(&ns, &web(1)).await?;
    // Another version where the twin would be.
    let mut twin = Workload::color("web-blue", "registry.example.com/web:2.0.0").replicas(1).object();
    for labels in ["/spec/template/metadata/labels", "/spec/selector/matchLabels"] {
        let labels = twin.pointer_mut(labels).context("labels")?;
        *labels = json!({"app": "web", "version": "blue"});
    }
    ns.apply(&twin).await?;
    ns.rolled_out("deployment/web-blue", LIMIT).await?;
    assert_eq!(refused(&ns, "init web --yes").await?["reason"], "NameTaken");
    ns.kubectl(&["delete", "deployment", "web-blue"]).await?.ends(0)?;
    // A second one without a label.
    let mut second = Workload::color("worker", "registry.example.com/worker:1").replicas(1).object();
    for labels in ["/spec/template/metadata/labels", "/spec/selector/matchLabels"] {
        let labels = second.pointer_mut(labels).context("labels")?;
        *labels = json!({"app": "web", "part": "worker"});
    }
    ns.apply(&second).await?;
    ns.rolled_out("deployment/worker", LIMIT).await?;
    let several = refused(&ns, "init web --yes").await?;
    assert_eq!(several["reason"], "NotOneDeployment", "{several:#}");
    ensure!(several["message"].to_string().contains("deploy/worker"), "{several:#}");
    ns.kubectl(&["delete", "deployment", "worker"]).await?.ends(0)?;
    // A pod of nobody's.
    let pod = pods(&ns, "app=web").await?.into_iter().next().context("a pod")?;
    let name = pod.metadata.name.context("name")?;
    admin(&ns)
        .must(&["patch", "pod", &name, "--type=json", "-p", r#"[{"op":"remove","path":"/metadata/ownerReferences"}]"#])
        .await?;
    admin(&ns).must(&["label", "pod", &name, "pod-template-hash-"]).await?;
    assert_eq!(refused(&ns, "init web --yes").await?["reason"], "NotOneDeployment");
    bluegreen(&ns, "init web --track-key=app --yes").await?.ends(2)?;
    bluegreen(&ns, "init nobody --yes").await?.ends(1)?;
    Ok(())
}

/// Colors that are there would be mixed up with new ones.
#[tokio::test]
async fn a_service_with_colors_needs_no_first_one() -> Result<()> {
    let ns = namespace("init-colors").await?;
    blue_green(&ns, 1).await?;
    bluegreen(&ns, "init api --yes").await?.ends(0)?.tells("nothing to do")?;
    let document = bluegreen(&ns, "init api --track-key=track --yes -ojson").await?.ends(1)?.json()?;
    assert_eq!(document["reason"], "HasColors", "{document:#}");
    assert_eq!(active(&ns, "api").await?, "blue");
    Ok(())
}

/// A pipeline's role that may release may also begin.
#[tokio::test]
async fn the_deploy_role_is_enough() -> Result<()> {
    let ns = namespace("init-role").await?;
    rolled_out(&ns, &web(1)).await?;
    let user = e2e::common::permissions::bound_to(&ns, "bluegreen-deploy").await?;
    bluegreen_as(&ns.kubectl_as(user.kubeconfig), INIT).await?.ends(0)?;
    assert_eq!(active(&ns, "web").await?, "blue");
    Ok(())
}

/// Somebody gives it more pods while the labelled ones start: the Service would be left with fewer.
#[tokio::test]
async fn what_was_scaled_up_meanwhile_is_not_narrowed_to_fewer_pods() -> Result<()> {
    let ns = namespace("init-grown").await?;
    let slow = web(2).spec("minReadySeconds", 4);
    rolled_out(&ns, &slow).await?;
    let running = start(&ns, INIT)?;
    ns.wait_for::<Deployment>("web-blue", "it is made", LIMIT, |_| true).await?;
    admin(&ns).run(&["scale", "deployment/web", "--replicas=4"]).await?.ends(0)?;
    running.wait(LIMIT).await?.ends(3)?.tells("was scaled from 2 to 4")?;
    assert_eq!(selector(&ns).await?, json!({"app": "web"}));
    ns.rolled_out("deployment/web", LIMIT).await?;
    bluegreen(&ns, INIT).await?.ends(0)?;
    assert_eq!((replicas(&ns, "web-blue").await?, replicas(&ns, "web").await?), (4, 0));
    Ok(())
}
