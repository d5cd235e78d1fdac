//! StatefulSets and DaemonSets whose pods a controller doesn't replace by itself.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Result, ensure};
use e2e::LIMIT;
use e2e::common::pods::{is_ready, is_waiting, pods};
use e2e::common::run::{Ended, admin, finding, said};
use e2e::ecr::case::Case;
use e2e::namespace;
use lab::api_proxy::{Action, ApiProxy};
use lab::fixtures::Behavior;
use lab::registry::Image;
use lab::{annotations, eventually};
use serde_json::{Value, json};

/// Three pods of which the last has been given a release that never comes up.
async fn stuck(test: &str, bad: Behavior) -> Result<(Case, String)> {
    let case = Case::of("statefulset", "db", namespace(test).await?).await?;
    let digests = case.push(&["1.0.3", "1.0.4"]).await?;
    case.push_on(5, Image::new("1.0.5").behavior(bad)).await?;
    case.apply(&case.app("1.0.4").replicas(3)).await?;
    case.set_image("1.0.5").await?;
    eventually("the last pod fails", LIMIT, || async {
        let reasons = ["ImagePullBackOff", "ErrImagePull", "CrashLoopBackOff"];
        let pods = pods(&case.ns, "app=db").await?;
        Ok(pods.iter().any(|pod| reasons.iter().any(|reason| is_waiting(pod, reason))).then_some(()))
    })
    .await?;
    Ok((case, digests[1].clone()))
}

/// The rollback would wait for a pod that no controller ever replaces, be taken back to the bad image, and
/// call the good one bad.
#[tokio::test]
async fn a_pod_that_is_never_replaced_is_named() -> Result<()> {
    let (case, good) = stuck("never-replaced", Behavior::ImagePullError).await?;
    let plan = case.plan("").await?;
    ensure!(finding(&plan, "stuck-pods").is_some(), "{plan:#}");
    let output = case.back("--timeout=6s -ojson").await?.ends(4)?;
    let document = output.json()?;
    ensure!(document["reason"] == "StuckPods", "{}", said(&output));
    ensure!(document["next"].as_str().is_some_and(|n| n.contains("kubectl delete pod db-2")), "{}", said(&output));
    case.asks_for("1.0.4").await?;
    let record = case.record().await?;
    ensure!(record["result"] == "unfinished" && record["failure"].is_null(), "{record}");
    case.kubectl(&["delete", "pod", "db-2"]).await?;
    case.back("").await?.ends(0)?.tells("begun at")?;
    case.runs(&good).await?;
    assert_eq!(case.record().await?["result"], "done");
    Ok(())
}

/// "done", while the one pod that was replaced isn't there: the counts are still those of the pod before it.
#[tokio::test]
async fn what_a_partition_lets_move_has_to_be_ready_itself() -> Result<()> {
    let case = Case::of("statefulset", "db", namespace("counts-lag").await?).await?;
    case.push_on(1, Image::new("1.0.3").behavior(Behavior::ReadyAfter(Duration::from_secs(4)))).await?;
    case.push_on(2, Image::new("1.0.4")).await?;
    let partition = json!({"rollingUpdate": {"partition": 1}});
    let app =
        |tag: &str| case.app(tag).spec("podManagementPolicy", "Parallel").spec("updateStrategy", partition.clone());
    case.apply(&app("1.0.3")).await?;
    case.apply(&app("1.0.4")).await?;
    // Counts that come late, as they do on a busy API server.
    let proxy = ApiProxy::start(case.ns.lab()).await?;
    let counted = |document: &mut Value| {
        let wanted = document["spec"]["replicas"].clone();
        if document["status"]["observedGeneration"] != document["metadata"]["generation"] {
            return;
        }
        for count in ["readyReplicas", "availableReplicas", "updatedReplicas", "currentReplicas"] {
            document["status"][count] = wanted.clone();
        }
    };
    proxy.on(|call| !call.is_write() && call.path.ends_with("/statefulsets/db"), Action::rewrite(counted));
    let words = ["ecr-rollback", "statefulset/db", "--yes", "--force=stuck-pods", "--timeout=60s"];
    let output = case.ns.kubectl_as(proxy.kubeconfig()).run(&words).await?.ends(0)?;
    let all = pods(&case.ns, "app=db").await?;
    let last = all.iter().find(|pod| pod.metadata.name.as_deref() == Some("db-1"));
    ensure!(last.is_some_and(is_ready), "{}", said(&output));
    Ok(())
}

/// A person who does what the run says would have to start it again.
#[tokio::test]
async fn it_goes_on_once_the_pod_is_deleted() -> Result<()> {
    let (case, good) = stuck("deleted-meanwhile", Behavior::CrashLoop).await?;
    let run = case.start_back("")?;
    eventually("it is written", LIMIT, || async { Ok(case.record().await.ok()) }).await?;
    case.kubectl(&["delete", "pod", "db-2"]).await?;
    run.wait(LIMIT).await?.ends(0)?;
    case.runs(&good).await
}

/// All pods are ready and run this digest.
async fn all_run(case: &Case, labels: &str, digest: &str) -> Result<()> {
    eventually("all pods run it", LIMIT, || async {
        let are_ready = pods(&case.ns, labels).await?.iter().all(is_ready);
        let running = case.running().await?;
        Ok((are_ready && running == BTreeSet::from([digest.to_owned()])).then_some(()))
    })
    .await
}

/// "Done" would be said while every pod runs what was to be left.
async fn waits_for_deletions(kind: &'static str) -> Result<()> {
    let case = Case::of(kind, "agent", namespace(kind).await?).await?;
    let digests = case.push(&["1.0.3", "1.0.4"]).await?;
    let app = case.app("1.0.3").spec("updateStrategy", json!({"type": "OnDelete"}));
    case.ns.apply_all(&app.objects()).await?;
    all_run(&case, "app=agent", &digests[0]).await?;
    case.set_image("1.0.4").await?;
    case.kubectl(&["delete", "pod", "-l", "app=agent"]).await?;
    all_run(&case, "app=agent", &digests[1]).await?;
    case.back("").await?.ends(1)?.tells("--no-wait")?;
    for words in ["--force=on-delete --timeout=4s -ojson", "--timeout=4s -ojson"] {
        let output = case.back(words).await?.ends(4)?;
        let document = output.json()?;
        ensure!(document["reason"] == "OnDelete", "{}", said(&output));
        ensure!(
            document["next"].as_str().is_some_and(|n| n.contains("kubectl delete pod agent-")),
            "{}",
            said(&output)
        );
        assert_eq!(case.record().await?["result"], "unfinished");
        case.asks_for("1.0.3").await?;
        case.runs(&digests[1]).await?;
    }
    case.kubectl(&["delete", "pod", "-l", "app=agent"]).await?;
    case.back("").await?.ends(0)?;
    all_run(&case, "app=agent", &digests[0]).await?;
    assert_eq!(case.record().await?["result"], "done");
    Ok(())
}

#[tokio::test]
async fn stateful_sets_that_update_on_delete_wait_for_it() -> Result<()> {
    waits_for_deletions("statefulset").await
}

#[tokio::test]
async fn daemon_sets_that_update_on_delete_wait_for_it() -> Result<()> {
    waits_for_deletions("daemonset").await
}

fn counts(document: &Value) -> Vec<u64> {
    let pods = document["workloads"][0]["pods"].as_array().into_iter().flatten();
    pods.filter_map(|of| of["pods"].as_u64()).collect()
}

/// A canary's partition would make "rolled back" of one pod in three, and nobody look at the others.
#[tokio::test]
async fn what_a_partition_keeps_is_said() -> Result<()> {
    let case = Case::of("statefulset", "db", namespace("partition").await?).await?;
    case.push(&["1.0.2", "1.0.3", "1.0.4"]).await?;
    case.apply(&case.app("1.0.4").replicas(3)).await?;
    let partition = |n: u32| format!(r#"{{"spec":{{"updateStrategy":{{"rollingUpdate":{{"partition":{n}}}}}}}}}"#);
    case.kubectl(&["patch", "statefulset/db", "-p", &partition(3)]).await?;
    let refused = case.back("-ojson").await?.ends(1)?.json()?;
    ensure!(finding(&refused, "partition").is_some_and(|f| f["severity"] == "block"), "{refused:#}");
    case.kubectl(&["patch", "statefulset/db", "-p", &partition(2)]).await?;
    let back = case.back("-ojson").await?.ends(0)?.json()?;
    assert_eq!(counts(&back), [1, 2], "{back:#}");
    let again = case.back("").await?.ends(0)?.tells("db-0, db-1")?;
    ensure!(!again.stdout.contains("nothing to do"), "{}", said(&again));
    let again = case.back("-ojson").await?.ends(0)?.json()?;
    assert_eq!((counts(&again), &again["workloads"][0]["changed"]), (vec![1, 2], &json!(false)), "{again:#}");
    case.kubectl(&["patch", "statefulset/db", "-p", &partition(0)]).await?;
    case.ns.rolled_out("statefulset/db", LIMIT).await?;
    case.back("").await?.ends(0)?.tells("nothing to do")?;
    Ok(())
}

/// "Nothing to do" would be said while two pods of three still run what was fled from, whose own new pods may fail yet.
#[tokio::test]
async fn what_goes_on_once_a_partition_is_lifted_is_watched() -> Result<()> {
    let case = Case::of("statefulset", "db", namespace("lifted").await?).await?;
    let image = Image::new("1.0.3").behavior(Behavior::ReadyAfter(Duration::from_secs(6)));
    let good = case.push_on(1, image).await?;
    case.push_on(2, Image::new("1.0.4")).await?;
    let partition = |n: u32| format!(r#"{{"spec":{{"updateStrategy":{{"rollingUpdate":{{"partition":{n}}}}}}}}}"#);
    case.apply(&case.app("1.0.4").replicas(3)).await?;
    case.kubectl(&["patch", "statefulset/db", "-p", &partition(2)]).await?;
    case.back("").await?.ends(0)?;
    let record = case.record().await?;
    case.kubectl(&["patch", "statefulset/db", "-p", &partition(0)]).await?;
    // Who doesn't wait is told that it isn't over, and who names the image means the same.
    case.back("--no-wait").await?.ends(0)?.tells("is on its way to")?;
    case.back("--to-tag=1.0.3 --timeout=2s").await?.ends(4)?.tells("its rollout goes on")?;
    let watched = case.back("").await?.ends(0)?;
    ensure!(!watched.stdout.contains("so far") && watched.stdout.contains("rolled back to"), "{}", said(&watched));
    case.runs(&good).await?;
    ensure!(pods(&case.ns, "app=db").await?.iter().all(is_ready), "{}", said(&watched));
    assert_eq!(case.record().await?, record, "it was done, and stays so");
    case.back("").await?.ends(0)?.tells("nothing to do")?;
    Ok(())
}

/// A release that was gone back to, and whose next pods fail, would be taken back to the one that was fled from.
#[tokio::test]
async fn what_fails_after_it_was_done_is_told_and_left() -> Result<()> {
    let case = Case::new("fails-later").await?;
    case.push(&["1.0.2", "1.0.3"]).await?;
    case.deploy(&["1.0.2", "1.0.3"]).await?;
    case.back("").await?.ends(0)?;
    let behaves = json!({"spec": {"template": {"metadata": {"annotations": {annotations::BEHAVIOR: "crash-loop"}}}}});
    case.kubectl(&["patch", "deployment/api", "-p", &behaves.to_string()]).await?;
    let failed = case.back("--timeout=60s").await?.ends(1)?;
    ensure!(!failed.stdout.contains("nothing to do"), "{}", said(&failed));
    case.asks_for("1.0.2").await?;
    assert_eq!(case.record().await?["result"], "done");
    Ok(())
}

/// Who means it could not prepare a rollback, or be told that it was done.
#[tokio::test]
async fn a_partition_that_keeps_all_is_overridden_by_its_name() -> Result<()> {
    let case = Case::of("statefulset", "db", namespace("keeps-all").await?).await?;
    case.push(&["1.0.3", "1.0.4"]).await?;
    let kept = json!({"type": "RollingUpdate", "rollingUpdate": {"partition": 5}});
    case.apply(&case.app("1.0.4").spec("updateStrategy", kept)).await?;
    let back = case.back("--force=partition").await?.ends(0)?.tells("0 of 2 pods")?;
    ensure!(back.stdout.contains("db-0, db-1"), "{}", said(&back));
    case.asks_for("1.0.3").await
}

/// "Taken back", while a pod of the bad image stays for ever and nobody says what to do (kubernetes#67250).
#[tokio::test]
async fn what_a_take_back_waits_for_in_vain_is_named() -> Result<()> {
    let case = Case::of("statefulset", "db", e2e::namespace("back-stuck").await?).await?;
    case.push_on(1, Image::new("1.0.3").behavior(Behavior::ImagePullError)).await?;
    let good = case.push_on(2, Image::new("1.0.4")).await?;
    case.deploy(&["1.0.4"]).await?;
    let document = case.back("--from=registry --timeout=90s -ojson").await?.ends(5)?.json()?;
    let next = document["next"].as_str().unwrap_or_default().to_owned();
    ensure!(next.contains("kubectl delete pod db-"), "{document:#}");
    let words: Vec<&str> = next.split(' ').skip(1).collect();
    admin(&case.ns).run(&words).await?.ends(0)?;
    case.ns.rolled_out(&case.resource(), LIMIT).await?;
    case.runs(&good).await
}
