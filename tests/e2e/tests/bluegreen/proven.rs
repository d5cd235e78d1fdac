//! Nothing to do is proven, too; and what failed before is not done again by itself.

use anyhow::{Context, Result, ensure};
use e2e::bluegreen::admission::Policy;
use e2e::bluegreen::app::{blue_green, color, rolled_out, with_green};
use e2e::bluegreen::run::{bluegreen, start};
use e2e::bluegreen::setup::Setup;
use e2e::bluegreen::written::{record, versions};
use e2e::bluegreen::{active, app};
use e2e::common::pods::annotate_pods;
use e2e::common::run::{Ended, finding};
use e2e::{LIMIT, namespace};
use k8s_openapi::api::core::v1::Service;
use lab::fixtures::{App, Behavior, Workload};
use lab::{Namespace, eventually};
use serde_json::json;

const TO_GREEN: &str = "switch api --to green --yes --verify-for=0";
const BEHAVIOR: &str = "lab.kubectl-release.dev/behavior";

/// A retried job would say done where every connection is refused.
#[tokio::test]
async fn a_color_that_is_selected_and_not_served_is_not_done() -> Result<()> {
    let ns = namespace("selected-only").await?;
    blue_green(&ns, 1).await?;
    bluegreen(&ns, TO_GREEN).await?.ends(0)?;
    bluegreen(&ns, TO_GREEN).await?.ends(0)?;
    app::taken_down(&ns, "green").await?;
    let before = versions(&ns).await?;
    let document = bluegreen(&ns, &format!("{TO_GREEN} --timeout=10s -ojson")).await?.ends(1)?.json()?;
    assert_eq!(document["services"][0]["changed"], false, "{document:#}");
    assert_eq!(versions(&ns).await?, before);
    Ok(())
}

/// After a run that was cut off, the same words would say done without proof, and the history would
/// stay unknown for ever.
#[tokio::test]
async fn the_same_words_finish_what_was_cut_off() -> Result<()> {
    let setup = Setup::new("cut-off", &["api"]).await?;
    let words = &["switch", "api", "--to", "green", "--yes", "--verify-for=60s"];
    let running = setup.start(&setup.ns.lab().kubeconfig(), words)?;
    let ns = &setup.ns;
    bluegreen(ns, "status api --wait-for active=green --timeout 60s").await?.ends(0)?;
    running.kill().await?;
    assert_eq!(record(ns, "api").await?["result"], json!(null));
    let document = bluegreen(ns, "switch api --to green --yes --verify-for=1s -ojson").await?.ends(0)?.json()?;
    assert_eq!(record(ns, "api").await?["result"], "done", "{document:#}");
    assert_eq!(document["services"][0]["to"], "green");
    Ok(())
}

/// The same words typed by a second person while the first one's run goes on would answer at once.
#[tokio::test]
async fn the_same_words_join_a_run_that_goes_on() -> Result<()> {
    let ns = namespace("joined").await?;
    with_green(&ns, 1, Behavior::Ready).await?;
    ns.rolled_out("deployment/api-green", LIMIT).await?;
    let first = start(&ns, "switch api --to green --yes --verify-for=60s")?;
    bluegreen(&ns, "status api --wait-for active=green --timeout 60s").await?.ends(0)?;
    let second = start(&ns, "switch api --to green --yes --verify-for=60s")?;
    annotate_pods(&ns, "version=green", &[(BEHAVIOR, "never-ready")]).await?;
    // Whichever of them sees it first goes back; the other one finds that somebody did.
    let codes = [first.wait(LIMIT).await?.code, second.wait(LIMIT).await?.code];
    assert!(codes.contains(&5) && codes.iter().all(|code| [3, 5].contains(code)), "{codes:?}");
    assert_eq!(active(&ns, "api").await?, "blue");
    Ok(())
}

/// A pipeline that tries again would send users to what has just failed.
#[tokio::test]
async fn what_was_taken_back_is_not_tried_again_by_itself() -> Result<()> {
    let ns = namespace("failed-before").await?;
    failed_once(&ns).await?;
    let before = versions(&ns).await?;
    let refused = bluegreen(&ns, &format!("{TO_GREEN} -ojson")).await?.ends(1)?.json()?;
    assert_eq!(finding(&refused, "failed-before").context("nothing is said")?["severity"], "block");
    assert_eq!(versions(&ns).await?, before);
    bluegreen(&ns, &format!("{TO_GREEN} --force=failed-before")).await?.ends(0)?;
    Ok(())
}

/// What mends it would be refused for what it mends.
#[tokio::test]
async fn what_was_deployed_since_has_not_failed() -> Result<()> {
    let ns = namespace("mended").await?;
    failed_once(&ns).await?;
    let mended = Workload::color("green", "registry.example.com/api:1.5.1").replicas(1);
    rolled_out(&ns, &app::api().color(color("blue", 1, Behavior::Ready)).color(mended)).await?;
    bluegreen(&ns, TO_GREEN).await?.ends(0)?;
    assert_eq!(active(&ns, "api").await?, "green");
    Ok(())
}

/// A switch to green that fails in its hold, with green whole again afterwards.
async fn failed_once(ns: &Namespace) -> Result<()> {
    with_green(ns, 1, Behavior::Ready).await?;
    ns.rolled_out("deployment/api-green", LIMIT).await?;
    let running = start(ns, "switch api --to green --yes --verify-for=60s")?;
    bluegreen(ns, "status api --wait-for active=green --timeout 60s").await?.ends(0)?;
    annotate_pods(ns, "version=green", &[(BEHAVIOR, "never-ready")]).await?;
    running.wait(LIMIT).await?.ends(5)?;
    let labels = kube::api::ListParams::default().labels("version=green");
    ns.api::<k8s_openapi::api::core::v1::Pod>().delete_collection(&kube::api::DeleteParams::default(), &labels).await?;
    eventually("green is whole again", LIMIT, || async {
        let found = e2e::common::pods::pods(ns, "version=green").await?;
        Ok((found.len() == 1 && found.iter().all(e2e::common::pods::is_ready)).then_some(()))
    })
    .await?;
    ns.rolled_out("deployment/api-green", LIMIT).await
}

/// A pipeline would go on to the next step with every connection refused.
#[tokio::test]
async fn nothing_ready_is_not_converged() -> Result<()> {
    let ns = namespace("not-converged").await?;
    blue_green(&ns, 1).await?;
    ns.patch::<Service>("api", json!({"spec": {"publishNotReadyAddresses": true}})).await?;
    bluegreen(&ns, TO_GREEN).await?.ends(0)?;
    annotate_pods(&ns, "version=green", &[(BEHAVIOR, "never-ready")]).await?;
    eventually("green is unready", LIMIT, || async {
        let found = e2e::common::pods::pods(&ns, "version=green").await?;
        Ok(found.iter().all(|pod| !e2e::common::pods::is_ready(pod)).then_some(()))
    })
    .await?;
    bluegreen(&ns, "status api --wait-for converged --timeout 3s").await?.ends(4)?;
    bluegreen(&ns, TO_GREEN).await?.ends(1)?;
    bluegreen(&ns, "preflight api --to green").await?.ends(1)?;
    Ok(())
}

/// What never failed would be blocked because another Service of its set could not be written.
#[tokio::test]
async fn a_refusal_by_admission_is_no_failure_of_the_color() -> Result<()> {
    let setup = Setup::new("frozen-twin", &["api", "api-int"]).await?;
    let ns = &setup.ns;
    let policy = Policy::deny(ns, "api-int", "object.spec.selector.version == 'blue'", "freeze").await?;
    let words = "switch api api-int --to green --yes --verify-for=0";
    bluegreen(ns, words).await?.ends(5)?;
    policy.remove().await?;
    eventually("the freeze is over", LIMIT, || async {
        let tried = bluegreen(ns, "switch api-int --to green --dry-run=server --force=twin-service").await?;
        Ok((tried.code == 0).then_some(()))
    })
    .await?;
    bluegreen(ns, words).await?.ends(0)?;
    Ok(())
}

/// A label that somebody added keeps the Service from all pods: neither waiting nor going back helps.
#[tokio::test]
async fn a_label_that_was_added_is_named_and_taken_out() -> Result<()> {
    let ns = namespace("added-label").await?;
    blue_green(&ns, 1).await?;
    bluegreen(&ns, TO_GREEN).await?.ends(0)?;
    ns.patch::<Service>("api", json!({"spec": {"selector": {"env": "prod"}}})).await?;
    let status = bluegreen(&ns, "status api -ojson").await?.ends(0)?.json()?;
    assert!(status["services"][0]["notes"].to_string().contains("env=prod"), "{status:#}");
    let refused = bluegreen(&ns, "rollback api --yes -ojson").await?.ends(1)?.json()?;
    let next = refused["next"].as_str().context("no next step")?;
    let anywhere = ns.lab().kubectl(ns.lab().kubeconfig());
    assert!(anywhere.plugin("/bin/sh".as_ref(), &["-c", next]).status().await?.success(), "{next}");
    bluegreen(&ns, "rollback api --yes").await?.ends(0)?;
    assert_eq!(active(&ns, "api").await?, "blue");
    Ok(())
}

/// A chart that gives the application's label another value, or another name, leaves the Service empty: what puts it back
/// must not select pods of other applications (helm/charts#19916).
#[tokio::test]
async fn a_label_that_was_changed_is_named_and_put_back() -> Result<()> {
    let ns = namespace("changed-label").await?;
    blue_green(&ns, 1).await?;
    bluegreen(&ns, TO_GREEN).await?.ends(0)?;
    let whole = json!({"app": "api", "version": "green"});
    for now in
        [json!({"app": "apii", "version": "green"}), json!({"app.kubernetes.io/name": "api", "version": "green"})]
    {
        let replaced = json!([{"op": "replace", "path": "/spec/selector", "value": now}]).to_string();
        ns.kubectl(&["patch", "service", "api", "--type=json", "-p", &replaced]).await?;
        for words in ["rollback api --yes -ojson", "switch api --to blue --yes -ojson"] {
            let refused = bluegreen(&ns, words).await?.ends(1)?.json()?;
            let next = refused["next"].as_str().with_context(|| format!("no next step: {refused:#}"))?;
            ensure!(next.contains("kubectl patch service api"), "{now} {words}: {next}");
        }
        let status = bluegreen(&ns, "status api -ojson").await?.ends(0)?.json()?;
        ensure!(status["services"][0]["notes"].to_string().contains("foreign-label"), "{status:#}");
        let next = bluegreen(&ns, "rollback api --yes -ojson").await?.ends(1)?.json()?["next"].clone();
        let anywhere = ns.lab().kubectl(ns.lab().kubeconfig());
        let next = next.as_str().context("no next step")?;
        assert!(anywhere.plugin("/bin/sh".as_ref(), &["-c", next]).status().await?.success(), "{next}");
        let service = ns.kubectl(&["get", "service", "api", "-o", "json"]).await?;
        let service: serde_json::Value = serde_json::from_str(&service.stdout)?;
        assert_eq!(service["spec"]["selector"], whole);
    }
    Ok(())
}

/// A pipeline that follows `next` would release another version than the one it asked for.
#[tokio::test]
async fn an_image_that_nobody_runs_leads_to_no_other_color() -> Result<()> {
    let ns = namespace("no-such-image").await?;
    blue_green(&ns, 1).await?;
    let refused = bluegreen(&ns, "switch api --to-image 9.9.9 --yes -ojson").await?.ends(1)?.json()?;
    assert!(!refused["next"].as_str().unwrap_or_default().contains("switch"), "{refused:#}");
    Ok(())
}

/// A retried job would put a release live again that somebody went back from, without a word.
#[tokio::test]
async fn what_somebody_went_back_from_is_told() -> Result<()> {
    let ns = namespace("went-back").await?;
    blue_green(&ns, 1).await?;
    let job = "switch api --to green --yes --verify-for=0 -ojson";
    bluegreen(&ns, job).await?.ends(0)?;
    bluegreen(&ns, "rollback api --yes --reason carts-are-lost").await?.ends(0)?;
    let document = bluegreen(&ns, job).await?.ends(0)?.json()?;
    let found = finding(&document, "rolled-back").with_context(|| format!("{document:#}"))?;
    ensure!(found["message"].to_string().contains("carts-are-lost"), "{found:#}");
    Ok(())
}

/// Of a set that was taken back, only the color that failed is held against a retried job.
#[tokio::test]
async fn who_only_went_along_with_a_failure_is_not_to_blame() -> Result<()> {
    let ns = namespace("set-blame").await?;
    blue_green(&ns, 1).await?;
    let ready = |name| color(name, 1, Behavior::Ready);
    rolled_out(&ns, &App::new("web").key("version").color(ready("blue")).color(ready("green"))).await?;
    let words = "switch api web --to green --yes --verify-for=20s";
    let running = start(&ns, words)?;
    for name in ["api", "web"] {
        bluegreen(&ns, &format!("status {name} --wait-for active=green --timeout 60s")).await?.ends(0)?;
    }
    let behavior = |value: &'static str| [("lab.kubectl-release.dev/behavior", value)];
    annotate_pods(&ns, "app=web,version=green", &behavior("never-ready")).await?;
    running.wait(LIMIT).await?.ends(5)?;
    annotate_pods(&ns, "app=web,version=green", &behavior("ready")).await?;
    ns.rolled_out("deployment/web-green", LIMIT).await?;
    let document = bluegreen(&ns, "switch api web --to green --yes -ojson").await?.ends(1)?.json()?;
    let findings = document["findings"].as_array().context("findings")?;
    let blamed: Vec<_> = findings.iter().filter(|f| f["id"] == "failed-before").map(|f| f["service"].clone()).collect();
    assert_eq!(blamed, [json!("web")], "{document:#}");
    Ok(())
}
