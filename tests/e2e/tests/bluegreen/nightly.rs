//! Clean-up that nobody watches: what keeps a color for ever and what doesn't, and what a nightly run
//! tells.

use anyhow::{Context, Result, ensure};
use e2e::bluegreen::app::{api, color, left_blue, replicas, rolled_out};
use e2e::bluegreen::blue_green;
use e2e::bluegreen::run::{bluegreen, bluegreen_as};
use e2e::bluegreen::written::{RECORD, written_long_ago};
use e2e::common::permissions::{bound_to, documented};
use e2e::common::run::{Ended, said};
use e2e::namespace;
use k8s_openapi::api::batch::v1::CronJob;
use k8s_openapi::api::core::v1::Service;
use lab::fixtures::{App, Behavior};
use serde_json::{Value, json};

const NIGHTLY: &str = "cleanup --due --yes";

fn service(name: &str, selector: &Value) -> Value {
    json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name},
        "spec": {"selector": selector, "ports": [{"port": 80, "targetPort": "http"}]}})
}

/// A scrape of all pods would keep every old version running, and so would the Services by which testers
/// reach each color.
#[tokio::test]
async fn services_over_both_colors_and_of_one_color_don_t_keep_it() -> Result<()> {
    let ns = left_blue("kept-for-ever", 1).await?;
    ns.apply_all(&[
        service("api-metrics", &json!({"app": "api"})),
        service("api-blue", &json!({"app": "api", "version": "blue"})),
        service("api-green", &json!({"app": "api", "version": "green"})),
    ])
    .await?;
    let status = bluegreen(&ns, "status api -ojson").await?.ends(0)?.json()?;
    assert_eq!(status["services"][0]["colors"][1]["state"], "previous", "{status:#}");
    bluegreen(&ns, NIGHTLY).await?.ends(0)?;
    assert_eq!((replicas(&ns, "api-blue").await?, replicas(&ns, "api-green").await?), (0, 1));
    Ok(())
}

/// A tester's route to the old color would end at nothing.
#[tokio::test]
async fn a_colors_own_service_that_something_sends_to_keeps_it() -> Result<()> {
    let ns = left_blue("own-in-use", 1).await?;
    ns.apply(&service("api-blue", &json!({"app": "api", "version": "blue"}))).await?;
    let backend = json!({"service": {"name": "api-blue", "port": {"number": 80}}});
    ns.apply(&json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "old"},
        "spec": {"defaultBackend": backend}}))
        .await?;
    bluegreen(&ns, "cleanup api --yes").await?.ends(1)?.tells("ingress/old by service/api-blue")?;
    assert_eq!(replicas(&ns, "api-blue").await?, 1);
    Ok(())
}

/// A job in each namespace, or old versions that are paid for where nobody made one.
#[tokio::test]
async fn one_nightly_run_takes_down_what_is_due_in_every_namespace() -> Result<()> {
    let (one, other) = (left_blue("nightly-one", 1).await?, left_blue("nightly-other", 1).await?);
    // Whoever may list all Services and clean up in these two: the namespaces of other tests are theirs.
    let reader = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
        "metadata": {"name": one.name()}, "rules": [{"apiGroups": [""], "resources": ["services"], "verbs": ["list"]}]});
    let identity = bound_to(&one, "bluegreen-cleanup").await?;
    let user = format!("bluegreen-cleanup@{}", one.name());
    let subject = json!([{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}]);
    let binding = |kind: &str, role: &str, of: &str| {
        json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind, "metadata": {"name": one.name()},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": of, "name": role}, "subjects": subject})
    };
    one.apply_all(&[reader, binding("ClusterRoleBinding", one.name(), "ClusterRole")]).await?;
    other.apply_yaml(&documented("bluegreen-cleanup")?).await?;
    other.apply(&binding("RoleBinding", "bluegreen-cleanup", "Role")).await?;
    let cleaner = one.kubectl_as(identity.kubeconfig);
    let cleaned = || async { bluegreen_as(&cleaner, "cleanup --due -A --yes -ojson").await?.json() };
    let document = cleaned().await?;
    let entries = document["services"].as_array().context("services")?;
    for ns in [&one, &other] {
        let own = entries.iter().find(|entry| entry["namespace"] == ns.name()).context("not its namespace")?;
        assert_eq!((&own["name"], &own["gone"]), (&json!("api"), &json!(true)), "{own:#}");
        assert_eq!((replicas(ns, "api-blue").await?, replicas(ns, "api-green").await?), (0, 1));
    }
    bluegreen(&one, "cleanup api -A --yes").await?.ends(2)?;
    bluegreen(&one, "cleanup -A --yes").await?.ends(2)?;
    Ok(())
}

/// A manifest that can't be applied, or that may not do what it is for, is found out at night.
#[tokio::test]
async fn the_documented_cron_job_may_do_its_work() -> Result<()> {
    let ns = left_blue("nightly-job", 1).await?;
    let document = include_str!("../../../../docs/cleanup.md");
    let manifest =
        document.split("```yaml\n").nth(1).and_then(|rest| rest.split("\n```").next()).context("no manifest")?;
    ns.apply_yaml(&documented("bluegreen-cleanup")?).await?;
    for part in manifest.split("---\n") {
        ns.apply_yaml(&part.replace("namespace: shop", &format!("namespace: {}", ns.name()))).await?;
    }
    let job = ns.api::<CronJob>().get("bluegreen-cleanup").await?;
    let pod = job.spec.and_then(|spec| spec.job_template.spec).and_then(|job| job.template.spec).context("pod")?;
    let account = pod.service_account_name.context("service account")?;
    let words = pod.containers[0].args.clone().context("args")?.join(" ");
    let impersonated = format!("{words} --as=system:serviceaccount:{}:{account} -ojson", ns.name());
    bluegreen(&ns, &impersonated).await?.ends(0)?;
    assert_eq!((replicas(&ns, "api-blue").await?, replicas(&ns, "api-green").await?), (0, 1));
    Ok(())
}

/// The job was green for months, and the old version was paid for.
#[tokio::test]
async fn a_nightly_run_tells_what_it_kept_and_takes_down_the_rest() -> Result<()> {
    let ns = left_blue("nightly", 1).await?;
    let ready = |name| color(name, 1, Behavior::Ready);
    rolled_out(&ns, &App::new("web").key("version").color(ready("blue")).color(ready("green"))).await?;
    bluegreen(&ns, "switch web --to green --yes --verify-for=0 --retain=0s").await?.ends(0)?;
    ns.apply(&service("preview", &json!({"app": "api", "version": "blue"}))).await?;
    // What is tried first ends as what is done.
    bluegreen(&ns, &format!("{NIGHTLY} --dry-run=client")).await?.ends(1)?.tells("service/preview")?;
    bluegreen(&ns, &format!("{NIGHTLY} --dry-run=server")).await?.ends(1)?.tells("service/preview")?;
    assert_eq!((replicas(&ns, "api-blue").await?, replicas(&ns, "web-blue").await?), (1, 1));
    let document = bluegreen(&ns, &format!("{NIGHTLY} -ojson")).await?.ends(1)?.json()?;
    assert_eq!(document["reason"], "Kept", "{document:#}");
    let services = document["services"].as_array().context("services")?;
    let kept: Vec<_> = services.iter().filter(|entry| entry["verdict"] == "kept").collect();
    assert_eq!(kept.len(), 1, "{document:#}");
    assert_eq!((&kept[0]["name"], &kept[0]["reason"]), (&json!("api"), &json!("inUse")));
    let message = document["message"].as_str().unwrap_or_default();
    ensure!(message.contains("blue of service/api") && message.contains("service/preview"), "{document:#}");
    assert_eq!((replicas(&ns, "api-blue").await?, replicas(&ns, "web-blue").await?), (1, 0));
    let told = bluegreen(&ns, NIGHTLY).await?.ends(1)?;
    ensure!(told.stderr.contains("service/preview"), "{}", said(&told));
    ns.api::<Service>().delete("preview", &kube::api::DeleteParams::default()).await?;
    bluegreen(&ns, NIGHTLY).await?.ends(0)?;
    assert_eq!(replicas(&ns, "api-blue").await?, 0);
    Ok(())
}

/// One Service that can't be switched any more, or whose record was edited, would keep all others.
#[tokio::test]
async fn one_odd_service_is_told_and_keeps_nothing_else() -> Result<()> {
    let ns = left_blue("odd-one", 1).await?;
    ns.apply(&api().service("green")).await?;
    let mut odd = service("odd", &json!({"app": "api", "version": "green"}));
    let record = e2e::bluegreen::written::record(&ns, "api").await?.to_string();
    odd["metadata"]["annotations"] = json!({RECORD: record, "argo-rollouts.argoproj.io/managed-by-rollouts": "gone"});
    let mut edited = service("edited", &json!({"app": "other"}));
    edited["metadata"]["annotations"] = json!({RECORD: "{\"to\": 7}"});
    ns.apply_all(&[odd, edited]).await?;
    let document = bluegreen(&ns, &format!("{NIGHTLY} -ojson")).await?.ends(1)?.json()?;
    let entries = document["services"].as_array().context("services")?;
    for name in ["odd", "edited"] {
        let entry = entries.iter().find(|entry| entry["name"] == name).with_context(|| format!("{document:#}"))?;
        assert_eq!(entry["reason"], "notSwitchable", "{document:#}");
    }
    assert_eq!(replicas(&ns, "api-blue").await?, 0, "{document:#}");
    Ok(())
}

/// By one label alone every workload of the namespace looks like a color, and would be taken down.
#[tokio::test]
async fn along_a_selector_of_one_label_only_what_was_left_goes() -> Result<()> {
    let ns = namespace("one-label-cleanup").await?;
    let image = "registry.example.com/web:1";
    let workload = |name: &str| {
        let labels = json!({"app": name});
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": {
            "replicas": 1, "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": image,
                "ports": [{"name": "http", "containerPort": 8080}]}]}}}})
    };
    ns.apply_all(&[workload("web-blue"), workload("web-green"), workload("db")]).await?;
    ns.apply(&service("web", &json!({"app": "web-blue"}))).await?;
    for name in ["web-blue", "web-green", "db"] {
        ns.rolled_out(&format!("deployment/{name}"), e2e::LIMIT).await?;
    }
    let along = "--track-key app --yes";
    bluegreen(&ns, &format!("switch web --to web-green --verify-for=0 --retain=0s {along}")).await?.ends(0)?;
    bluegreen(&ns, &format!("cleanup web --before-due {along}")).await?.ends(1)?.tells("db stays")?;
    let sizes = [replicas(&ns, "web-blue").await?, replicas(&ns, "web-green").await?, replicas(&ns, "db").await?];
    assert_eq!(sizes, [0, 1, 1]);
    Ok(())
}

/// Moved there and back by hand, the Service looks as our record has it, and the color served a second ago.
#[tokio::test]
async fn a_color_that_a_hand_left_a_second_ago_is_kept() -> Result<()> {
    let ns = left_blue("nightly-to-and-fro", 1).await?;
    for color in ["blue", "green"] {
        e2e::bluegreen::app::moved_by_hand(&ns, color).await?;
    }
    let document = bluegreen(&ns, &format!("{NIGHTLY} -ojson")).await?.ends(1)?.json()?;
    assert_eq!(document["services"][0]["reason"], "movedByHand", "{document:#}");
    assert_eq!(replicas(&ns, "api-blue").await?, 1);
    Ok(())
}

/// The way back of a switch that is still being watched would go, however short its retention is.
#[tokio::test]
async fn a_color_that_a_running_switch_left_is_kept() -> Result<()> {
    let ns = namespace("nightly-running").await?;
    blue_green(&ns, 1).await?;
    let running = e2e::bluegreen::run::start(&ns, "switch api --to green --yes --verify-for=80s --retain=0s")?;
    bluegreen(&ns, "status api --wait-for active=green --timeout 60s").await?.ends(0)?;
    for words in [NIGHTLY, "cleanup api --yes"] {
        let document = bluegreen(&ns, &format!("{words} -ojson")).await?.ends(1)?.json()?;
        assert_eq!(document["services"][0]["reason"], "unfinished", "{document:#}");
    }
    assert_eq!(replicas(&ns, "api-blue").await?, 1);
    drop(running);
    Ok(())
}

/// A rollback that waits for the pods of a cold color would have them taken away.
#[tokio::test]
async fn a_color_that_was_brought_back_is_kept() -> Result<()> {
    let ns = left_blue("nightly-brought", 1).await?;
    bluegreen(&ns, NIGHTLY).await?.ends(0)?;
    assert_eq!(replicas(&ns, "api-blue").await?, 0);
    later_than_now().await?;
    e2e::common::run::admin(&ns).run(&["scale", "deploy/api-blue", "--replicas=1"]).await?.ends(0)?;
    let document = bluegreen(&ns, &format!("{NIGHTLY} -ojson")).await?.ends(1)?.json()?;
    let entry = &document["services"][0];
    ensure!(entry["reason"] == "changedSince" && entry["why"].to_string().contains("again"), "{document:#}");
    assert_eq!(replicas(&ns, "api-blue").await?, 1);
    bluegreen(&ns, "cleanup api --yes --force=changed-since").await?.ends(0)?;
    assert_eq!(replicas(&ns, "api-blue").await?, 0);
    Ok(())
}

/// The API server tells times in whole seconds.
async fn later_than_now() -> Result<()> {
    let second = jiff::Timestamp::now().as_second();
    let passes = async {
        while jiff::Timestamp::now().as_second() <= second {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    Ok(tokio::time::timeout(e2e::LIMIT, passes).await?)
}

/// "All its pods are gone", and one answers.
#[tokio::test]
async fn what_stays_beside_the_workloads_is_named() -> Result<()> {
    let ns = left_blue("nightly-stray", 1).await?;
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "debug", "labels": {"app": "api", "version": "blue"}},
        "spec": {"containers": [{"name": "app", "image": "registry.example.com/debug:1"}]}});
    ns.apply(&pod).await?;
    let document = bluegreen(&ns, "cleanup api --yes -ojson").await?.ends(0)?.json()?;
    let entry = &document["services"][0];
    ensure!(entry["gone"] == true && entry["others"].to_string().contains("pod/debug"), "{document:#}");
    let status = bluegreen(&ns, "status api -ojson").await?.ends(0)?.json()?;
    assert_eq!(status["services"][0]["colors"][1]["state"], "takenDown", "{status:#}");
    Ok(())
}

/// A load balancer's clients of the old color would be cut off.
#[tokio::test]
async fn a_colors_own_service_that_is_reached_from_outside_keeps_it() -> Result<()> {
    let ns = left_blue("own-exposed", 1).await?;
    let mut own = service("api-blue", &json!({"app": "api", "version": "blue"}));
    own["spec"]["type"] = json!("LoadBalancer");
    ns.apply(&own).await?;
    bluegreen(&ns, "cleanup api --yes").await?.ends(1)?.tells("service/api-blue")?;
    assert_eq!(replicas(&ns, "api-blue").await?, 1);
    Ok(())
}

/// Somebody put the Service back by hand: the job said that no record knows of the rest, and was green.
#[tokio::test]
async fn what_a_hand_left_is_told_until_somebody_takes_it_down() -> Result<()> {
    let ns = left_blue("nightly-hand", 1).await?;
    e2e::bluegreen::app::moved_by_hand(&ns, "blue").await?;
    let document = bluegreen(&ns, &format!("{NIGHTLY} -ojson")).await?.ends(1)?.json()?;
    let entry = &document["services"][0];
    assert_eq!((&entry["color"], &entry["reason"]), (&json!("green"), &json!("movedByHand")), "{document:#}");
    let message = document["message"].as_str().unwrap_or_default();
    ensure!(message.contains("kubectl-patch") && message.contains("switch blue -> green"), "{document:#}");
    let next = document["next"].as_str().context("no next step")?;
    ensure!(next.starts_with("kubectl bluegreen cleanup api --before-due"), "{next}");
    assert_eq!((replicas(&ns, "api-blue").await?, replicas(&ns, "api-green").await?), (1, 1));
    bluegreen(&ns, "cleanup api --before-due --yes").await?.ends(0)?;
    assert_eq!((replicas(&ns, "api-blue").await?, replicas(&ns, "api-green").await?), (1, 0));
    bluegreen(&ns, NIGHTLY).await?.ends(0)?;
    Ok(())
}

/// A color that a hand left a minute ago is the way back, whatever the record of an hour ago says of it.
#[tokio::test]
async fn what_a_hand_left_just_now_is_kept() -> Result<()> {
    let ns = left_blue("nightly-hand-now", 1).await?;
    // Now the history has a record of each color's end, whose retention is over.
    for words in ["rollback api --yes", "switch api --to green --yes --verify-for=0 --retain=0s"] {
        bluegreen(&ns, words).await?.ends(0)?;
    }
    let mut record = e2e::bluegreen::written::record(&ns, "api").await?;
    (record["retainSeconds"], record["at"]) = (json!(3600), json!("2026-01-01T00:00:00Z"));
    ns.annotate::<Service>("api", RECORD, Some(&record.to_string())).await?;
    written_long_ago(&ns, "api").await?;
    e2e::bluegreen::app::moved_by_hand(&ns, "blue").await?;
    let document = bluegreen(&ns, &format!("{NIGHTLY} -ojson")).await?.ends(0)?.json()?;
    let entry = &document["services"][0];
    assert_eq!((&entry["color"], &entry["reason"]), (&json!("green"), &json!("movedByHand")), "{document:#}");
    ensure!(entry["why"].as_str().is_some_and(|why| why.contains("kept for another")), "{document:#}");
    assert_eq!(replicas(&ns, "api-green").await?, 1);
    Ok(())
}

/// A hand may have been on any color since our record: which it left last, nobody knows.
#[tokio::test]
async fn after_a_hand_nothing_is_due_by_itself() -> Result<()> {
    let ns = namespace("nightly-third").await?;
    let app = ["blue", "green", "red"].iter().fold(api(), |app, name| app.color(color(name, 1, Behavior::Ready)));
    rolled_out(&ns, &app).await?;
    bluegreen(&ns, "switch api --to green --yes --verify-for=0 --retain=0s").await?.ends(0)?;
    e2e::bluegreen::app::moved_by_hand(&ns, "red").await?;
    bluegreen(&ns, NIGHTLY).await?.ends(1)?.tells("cleanup api --color green --before-due")?;
    let sizes = [replicas(&ns, "api-blue").await?, replicas(&ns, "api-green").await?, replicas(&ns, "api-red").await?];
    assert_eq!(sizes, [1, 1, 1]);
    Ok(())
}
