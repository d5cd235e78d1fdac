//! Taking down the color that was left: late enough, never the wrong one, and really.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use e2e::bluegreen::app::{api, color, replicas};
use e2e::bluegreen::run::{bluegreen, start};
use e2e::bluegreen::written::versions;
use e2e::bluegreen::{active, app, blue_green};
use e2e::common::pods::{all_waiting, annotate_pods, gone, pods};
use e2e::common::run::{Ended, said};
use e2e::{LIMIT, namespace};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{PersistentVolumeClaim, Pod};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use kube::ResourceExt;
use kube::api::ListParams;
use lab::fixtures::{App, Behavior, autoscaler, budget};
use lab::{Namespace, eventually};
use serde_json::json;

/// Blue and green with so many pods each, and green active.
async fn switched(test: &str, replicas: u32, flags: &str) -> Result<Namespace> {
    let ns = namespace(test).await?;
    blue_green(&ns, replicas).await?;
    bluegreen(&ns, &format!("switch api --to green --yes --verify-for=0 {flags}")).await?.ends(0)?;
    Ok(ns)
}

/// A nightly cleanup job would take the way back from a release that is minutes old.
#[tokio::test]
async fn not_before_its_retention_has_passed() -> Result<()> {
    let ns = switched("retained", 1, "").await?;
    let before = versions(&ns).await?;
    let document = bluegreen(&ns, "cleanup api --yes -ojson").await?.ends(1)?.json()?;
    assert_eq!(document["services"][0]["verdict"], "kept", "{document:#}");
    bluegreen(&ns, "cleanup --due --yes").await?.ends(0)?;
    assert_eq!(versions(&ns).await?, before);
    let next = document["next"].as_str().context("no next step")?;
    ensure!(next.contains("--before-due"), "{next}");
    bluegreen(&ns, "cleanup api --before-due --yes").await?.ends(0)?;
    assert_eq!((replicas(&ns, "api-blue").await?, replicas(&ns, "api-green").await?), (0, 1));
    Ok(())
}

/// Pods would be called gone that still run and still serve.
#[tokio::test]
async fn done_means_that_the_pods_are_gone() -> Result<()> {
    let ns = namespace("really-gone").await?;
    let slow = Behavior::SlowTermination(Duration::from_secs(3));
    let app = api().color(color("blue", 2, slow)).color(color("green", 2, Behavior::Ready));
    app::rolled_out(&ns, &app).await?;
    bluegreen(&ns, "switch api --to green --yes --verify-for=0 --retain=0s").await?.ends(0)?;
    bluegreen(&ns, "cleanup api --yes").await?.ends(0)?;
    assert_eq!(pods(&ns, "version=blue").await?.len(), 0);
    Ok(())
}

/// One job for thirty Services would need a list of them, or take down what is not due.
#[tokio::test]
async fn due_takes_down_what_is_due_and_nothing_else() -> Result<()> {
    let ns = switched("due", 1, "--retain=0s").await?;
    let ready = |name| color(name, 1, Behavior::Ready);
    let other = App::new("web").key("version").color(ready("blue")).color(ready("green"));
    app::rolled_out(&ns, &other).await?;
    bluegreen(&ns, "switch web --to green --yes --verify-for=0").await?.ends(0)?;
    bluegreen(&ns, "cleanup --due --yes").await?.ends(0)?;
    assert_eq!((replicas(&ns, "api-blue").await?, replicas(&ns, "web-blue").await?), (0, 1));
    let before = versions(&ns).await?;
    bluegreen(&ns, "cleanup --due --yes").await?.ends(0)?;
    assert_eq!(versions(&ns).await?, before, "a second run has nothing to do");
    Ok(())
}

/// After a rollback, the color that was left is the new one; the old one has the traffic.
#[tokio::test]
async fn the_active_color_is_never_taken_down() -> Result<()> {
    let ns = switched("active", 1, "--retain=0s").await?;
    bluegreen(&ns, "rollback api --yes").await?.ends(0)?;
    assert_eq!(active(&ns, "api").await?, "blue");
    bluegreen(&ns, "cleanup api --before-due --yes").await?.ends(0)?;
    assert_eq!((replicas(&ns, "api-blue").await?, replicas(&ns, "api-green").await?), (1, 0));
    bluegreen(&ns, "cleanup api --before-due --delete --yes").await?.ends(0)?;
    ensure!(ns.api::<Deployment>().get_opt("api-green").await?.is_none(), "green is still there");
    assert_eq!(replicas(&ns, "api-blue").await?, 1);
    Ok(())
}

/// A preview, or a mesh route, would lose all its endpoints.
#[tokio::test]
async fn a_color_that_somebody_else_sends_to_is_kept() -> Result<()> {
    let ns = switched("still-used", 1, "--retain=0s").await?;
    let mut preview = api().service("blue");
    preview["metadata"]["name"] = json!("preview");
    ns.apply(&preview).await?;
    let before = versions(&ns).await?;
    for words in ["cleanup api --yes", "cleanup api --before-due --yes", "cleanup api --before-due --delete --yes"] {
        bluegreen(&ns, words).await?.ends(1)?.tells("service/preview")?;
    }
    assert_eq!(versions(&ns).await?, before);
    Ok(())
}

/// The other color's budget would be broken by a scale-down, which Kubernetes doesn't stop.
#[tokio::test]
async fn it_waits_for_a_budget_and_goes_on_once_it_holds() -> Result<()> {
    let ns = switched("budget", 2, "--retain=0s").await?;
    // Both colors' pods: four now, two afterwards.
    ns.apply(&budget("api-budget", &json!({"app": "api"}), 3)).await?;
    let observed = |b: &PodDisruptionBudget| b.status.as_ref().is_some_and(|s| s.current_healthy == 4);
    ns.wait_for::<PodDisruptionBudget>("api-budget", "four healthy pods", LIMIT, observed).await?;
    let ended = bluegreen(&ns, "cleanup api --yes --timeout=2s").await?.ends(4)?;
    ensure!(ended.stderr.contains("api-budget"), "{}", said(&ended));
    assert_eq!(replicas(&ns, "api-blue").await?, 2);

    let running = start(&ns, "cleanup api --yes --timeout=80s")?;
    app::scale(&ns, "api-green", 3).await?;
    running.wait(LIMIT).await?.ends(0)?;
    assert_eq!((replicas(&ns, "api-blue").await?, replicas(&ns, "api-green").await?), (0, 3));
    Ok(())
}

/// The person would wait for a pod without learning what holds it.
#[tokio::test]
async fn what_holds_a_pod_is_named() -> Result<()> {
    let ns = switched("held", 1, "--retain=0s").await?;
    let pod = pods(&ns, "version=blue").await?.remove(0).name_any();
    finalizers(&ns, &pod, &["example.com/backup"]).await?;
    // The second run finds the workload at zero already, and the pod still there.
    for words in ["cleanup api --yes --timeout=4s", "cleanup api --yes --timeout=1s"] {
        let ended = bluegreen(&ns, words).await?.ends(4)?;
        for word in [pod.as_str(), "example.com/backup"] {
            ensure!(ended.stderr.contains(word), "{word}\n{}", said(&ended));
        }
    }
    finalizers(&ns, &pod, &[]).await?;
    gone(&ns, "version=blue").await?;
    bluegreen(&ns, "cleanup api --yes").await?.ends(0)?;
    Ok(())
}

async fn finalizers(ns: &Namespace, pod: &str, names: &[&str]) -> Result<()> {
    ns.patch::<Pod>(pod, json!({"metadata": {"finalizers": names}})).await.map(drop)
}

/// The data of the version that was left would be gone, and with it the way back.
#[tokio::test]
async fn volume_claims_of_a_stateful_set_stay() -> Result<()> {
    let ns = namespace("volumes").await?;
    let app =
        api().color(color("blue", 2, Behavior::Ready).stateful()).color(color("green", 2, Behavior::Ready).stateful());
    let mut objects = app.objects();
    for set in &mut objects[1..] {
        set["spec"]["volumeClaimTemplates"] = json!([{"metadata": {"name": "data"}, "spec": {
            "accessModes": ["ReadWriteOnce"], "storageClassName": "none",
            "resources": {"requests": {"storage": "1Gi"}}}}]);
    }
    volumes_for(&ns, &["data-api-blue-0", "data-api-blue-1", "data-api-green-0", "data-api-green-1"]).await?;
    ns.apply_all(&objects).await?;
    for name in ["blue", "green"] {
        ns.rolled_out(&format!("statefulset/api-{name}"), LIMIT).await?;
    }
    bluegreen(&ns, "switch api --to green --yes --verify-for=0 --retain=0s").await?.ends(0)?;
    bluegreen(&ns, "cleanup api --yes").await?.ends(0)?;
    assert_eq!(claims(&ns).await?, 4);
    bluegreen(&ns, "rollback api --yes").await?.ends(0)?;
    assert_eq!(active(&ns, "api").await?, "blue");
    bluegreen(&ns, "cleanup api --before-due --delete --yes").await?.ends(0)?;
    assert_eq!(claims(&ns).await?, 4);
    Ok(())
}

/// The lab provisions no volumes: each claim gets one made by hand.
async fn volumes_for(ns: &Namespace, claims: &[&str]) -> Result<()> {
    for claim in claims {
        let volume = json!({
            "apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": format!("{}-{claim}", ns.name())},
            "spec": {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "storageClassName": "none",
                "hostPath": {"path": "/tmp"}, "claimRef": {"namespace": ns.name(), "name": claim}},
        });
        ns.apply(&volume).await?;
    }
    Ok(())
}

async fn claims(ns: &Namespace) -> Result<usize> {
    let listed = ns.api::<PersistentVolumeClaim>().list(&ListParams::default()).await?;
    Ok(listed.items.iter().filter(|claim| claim.metadata.deletion_timestamp.is_none()).count())
}

/// A way back that was announced would not be one, or leave an autoscaler's floor raised for good.
#[tokio::test]
async fn a_rollback_brings_it_back_and_the_next_cleanup_takes_it_down_again() -> Result<()> {
    let ns = switched("and-back", 2, "--retain=0s").await?;
    ns.apply(&autoscaler("api-blue", 1, 5)).await?;
    bluegreen(&ns, "cleanup api --yes").await?.ends(0)?;
    bluegreen(&ns, "status api").await?.ends(0)?.tells("taken down")?;
    bluegreen(&ns, "rollback api --yes").await?.ends(0)?;
    assert_eq!((active(&ns, "api").await?.as_str(), replicas(&ns, "api-blue").await?), ("blue", 2));
    assert_eq!(floor(&ns).await?, Some(2));
    bluegreen(&ns, "switch api --to green --yes --verify-for=0 --retain=0s").await?.ends(0)?;
    bluegreen(&ns, "cleanup api --yes").await?.ends(0)?;
    assert_eq!((replicas(&ns, "api-blue").await?, floor(&ns).await?), (0, Some(1)));
    Ok(())
}

async fn floor(ns: &Namespace) -> Result<Option<i32>> {
    use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
    let hpa = ns.api::<HorizontalPodAutoscaler>().get("api-blue").await?;
    Ok(hpa.spec.and_then(|spec| spec.min_replicas))
}

/// A cleanup that meets a switch to the very color would leave the Service without pods.
#[tokio::test]
async fn a_switch_that_came_first_keeps_its_color() -> Result<()> {
    let ns = switched("raced", 1, "--retain=0s").await?;
    let proxy = lab::api_proxy::ApiProxy::start(ns.lab()).await?;
    let hold = proxy.hold(lab::api_proxy::When::Before, |call| call.is_write() && call.is_about("/services/api"));
    let running = ns.kubectl_as(proxy.kubeconfig()).start(&["bluegreen", "cleanup", "api", "--yes"])?;
    hold.arrived(LIMIT).await?;
    bluegreen(&ns, "rollback api --yes").await?.ends(0)?;
    hold.release();
    running.wait(LIMIT).await?.ends(3)?;
    assert_eq!((active(&ns, "api").await?.as_str(), replicas(&ns, "api-blue").await?), ("blue", 1));
    eventually("blue serves", LIMIT, || async { Ok((pods(&ns, "version=blue").await?.len() == 1).then_some(())) }).await
}

/// In an outage, the nightly job would take the only color down that could still serve.
#[tokio::test]
async fn the_way_back_from_a_color_in_trouble_stays() -> Result<()> {
    let ns = switched("way-back", 2, "--retain=0s").await?;
    annotate_pods(&ns, "version=green", &[("lab.kubectl-release.dev/behavior", "crash-loop")]).await?;
    all_waiting(&ns, "version=green", "CrashLoopBackOff").await?;
    let document = bluegreen(&ns, "cleanup --due --yes -ojson").await?.ends(1)?.json()?;
    assert_eq!(document["services"][0]["reason"], "wayBack", "{document:#}");
    bluegreen(&ns, "cleanup api --yes").await?.ends(1)?.tells("rollback")?;
    assert_eq!(replicas(&ns, "api-blue").await?, 2);
    Ok(())
}

/// The way back would be taken away a second before it is needed.
#[tokio::test]
async fn what_a_move_that_is_being_proven_left_stays_whoever_is_in_a_hurry() -> Result<()> {
    let ns = namespace("cleanup-hurry").await?;
    blue_green(&ns, 1).await?;
    let running = start(&ns, "switch api --to green --yes --verify-for=15s --retain=0s")?;
    bluegreen(&ns, "status api --wait-for active=green --timeout 60s").await?.ends(0)?;
    for words in ["cleanup api --before-due --yes -ojson", "cleanup api --before-due --delete --yes -ojson"] {
        let document = bluegreen(&ns, words).await?.ends(1)?.json()?;
        ensure!(document.to_string().contains("unfinished"), "{document:#}");
    }
    assert_eq!(replicas(&ns, "api-blue").await?, 1);
    running.wait(LIMIT).await?.ends(0)?;
    bluegreen(&ns, "cleanup api --yes").await?.ends(0)?;
    assert_eq!(replicas(&ns, "api-blue").await?, 0);
    Ok(())
}
