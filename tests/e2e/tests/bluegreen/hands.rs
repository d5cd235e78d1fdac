//! Hands beside ours: a Service that somebody else moved is told by whom and when, and a rollback knows what
//! is there to undo.

use anyhow::{Context, Result, ensure};
use e2e::bluegreen::app::moved_by_hand;
use e2e::bluegreen::run::{bluegreen, bluegreen_as, start};
use e2e::bluegreen::written::{record, versions};
use e2e::bluegreen::{active, blue_green};
use e2e::common::faults::refused;
use e2e::common::run::{Ended, admin, said};
use e2e::{LIMIT, namespace};
use lab::api_proxy::ApiProxy;
use lab::{Namespace, eventually};
use serde_json::{Value, json};

const SWITCH: &str = "switch api --to green --yes --verify-for=0";

async fn noted(ns: &Namespace) -> Result<Value> {
    let status = bluegreen(ns, "status api -ojson").await?.ends(0)?.json()?;
    let notes = status["services"][0]["notes"].as_array().context("notes")?;
    notes.iter().find(|note| note["id"] == "by-hand").cloned().with_context(|| format!("{status:#}"))
}

/// Whoever writes a kubeconfig may call themselves what they like: a name that only it knows is marked wherever
/// it is shown.
#[tokio::test]
async fn a_name_that_only_the_kubeconfig_knows_is_marked() -> Result<()> {
    let ns = namespace("kubeconfig-name").await?;
    blue_green(&ns, 1).await?;
    let proxy = ApiProxy::start(ns.lab()).await?;
    proxy.on(|call| call.path.contains("selfsubjectreviews"), refused(403));
    let user = ns.kubectl_as(proxy.kubeconfig());
    bluegreen_as(&user, "switch api --to green --yes --verify-for=0 --retain=0s").await?.ends(0)?;
    let by = record(&ns, "api").await?["by"].as_str().context("a name")?.to_owned();
    ensure!(by.ends_with(" (kubeconfig)"), "{by}");
    for words in ["status api", "history api", "status"] {
        bluegreen(&ns, words).await?.ends(0)?.tells(&by)?;
    }
    let notes = admin(&ns).must(&["get", "events", "-o", "jsonpath={.items[*].message}"]).await?;
    ensure!(notes.contains(&format!("by {by}")), "{notes}");
    bluegreen_as(&user, "cleanup api --yes").await?.ends(0)?;
    let status = bluegreen(&ns, "status api -ojson").await?.ends(0)?.json()?;
    assert_eq!(status["services"][0]["cleanup"]["by"], by.as_str(), "{status:#}");
    Ok(())
}

/// "By hand" names nobody, and the history ends with what is no longer so.
#[tokio::test]
async fn status_and_history_name_who_moved_it_and_when() -> Result<()> {
    let ns = namespace("hand-named").await?;
    blue_green(&ns, 1).await?;
    bluegreen(&ns, SWITCH).await?.ends(0)?;
    let before = bluegreen(&ns, "history api -ojson").await?.ends(0)?.json()?;
    ensure!(before["services"][0].get("byHand").is_none(), "{before:#}");
    moved_by_hand(&ns, "blue").await?;
    ensure!(noted(&ns).await?["message"].to_string().contains("kubectl-patch"));
    let status = bluegreen(&ns, "status api -ojson").await?.ends(0)?.json()?;
    let color = &status["services"][0]["colors"][0];
    assert_eq!((&color["state"], &color["by"]), (&json!("active"), &json!("kubectl-patch")), "{status:#}");
    let history = bluegreen(&ns, "history api -ojson").await?.ends(0)?.json()?;
    let made = &history["services"][0]["byHand"];
    assert_eq!((&made["from"], &made["to"]), (&json!("green"), &json!("blue")), "{history:#}");
    ensure!(made["manager"] == "kubectl-patch" && made["at"].is_string(), "{history:#}");
    bluegreen(&ns, "history api").await?.ends(0)?.tells("by hand")?;
    Ok(())
}

/// Who finds the release taken back already was told that there is nothing to do, and not why.
#[tokio::test]
async fn a_rollback_after_one_by_hand_says_so() -> Result<()> {
    let ns = namespace("hand-back").await?;
    blue_green(&ns, 1).await?;
    bluegreen(&ns, SWITCH).await?.ends(0)?;
    moved_by_hand(&ns, "blue").await?;
    let before = versions(&ns).await?;
    let document = bluegreen(&ns, "rollback api --yes -ojson").await?.ends(0)?.json()?;
    let service = &document["services"][0];
    assert_eq!((&service["state"], &service["changed"]), (&json!("movedByHand"), &json!(false)), "{document:#}");
    let shown = bluegreen(&ns, "rollback api --yes").await?.ends(0)?;
    ensure!(shown.stdout.contains("kubectl-patch") && !shown.stdout.contains("nothing to do"), "{}", said(&shown));
    ensure!(!shown.stderr.contains("forward again"), "{}", said(&shown));
    assert_eq!(versions(&ns).await?, before);
    Ok(())
}

/// The bad version is live again by somebody's hand; the rollback said "nothing to do", and called the way
/// back "forward again".
#[tokio::test]
async fn a_rollback_undoes_a_move_forward_by_hand() -> Result<()> {
    let ns = namespace("hand-forward").await?;
    blue_green(&ns, 1).await?;
    bluegreen(&ns, SWITCH).await?.ends(0)?;
    bluegreen(&ns, "rollback api --yes").await?.ends(0)?;
    moved_by_hand(&ns, "green").await?;
    bluegreen(&ns, "status api").await?.ends(0)?.tells("Back: kubectl bluegreen rollback api")?;
    let back = bluegreen(&ns, "rollback api --yes").await?.ends(0)?;
    ensure!(back.stderr.contains("kubectl-patch"), "{}", said(&back));
    assert_eq!(active(&ns, "api").await?, "blue");
    assert_eq!(record(&ns, "api").await?["from"], "green");
    Ok(())
}

/// The history called the end of the first run unknown, although it knew by whom it was overtaken.
#[tokio::test]
async fn a_run_that_was_overtaken_notes_by_whom() -> Result<()> {
    let ns = namespace("overtaken").await?;
    blue_green(&ns, 1).await?;
    for other in ["rollback", "hand"] {
        let running = start(&ns, "switch api --to green --yes --verify-for=60s")?;
        eventually("green is active", LIMIT, || async { Ok((active(&ns, "api").await? == "green").then_some(())) })
            .await?;
        match other {
            "rollback" => bluegreen(&ns, "rollback api --yes").await?.ends(0).map(drop)?,
            _ => moved_by_hand(&ns, "blue").await?,
        }
        running.wait(LIMIT).await?.ends(3)?;
        let history = bluegreen(&ns, "history api -ojson").await?.ends(0)?.json()?;
        let records = history["services"][0]["records"].as_array().context("records")?;
        let switch = records.iter().find(|record| record["verb"] == "switch").context("no switch")?;
        let result = switch["result"].as_str().unwrap_or_default();
        ensure!(result.starts_with("overtaken by"), "{history:#}");
        ensure!(result.contains(if other == "hand" { "kubectl-patch" } else { "a rollback by" }), "{history:#}");
    }
    Ok(())
}

/// The way back of three Services that were switched as one named one of them, which would part them.
#[tokio::test]
async fn the_way_back_after_a_set_names_all_of_it() -> Result<()> {
    let ns = namespace("set-back").await?;
    blue_green(&ns, 1).await?;
    let mut twin = e2e::bluegreen::app::api().service("blue");
    twin["metadata"]["name"] = json!("api-admin");
    ns.apply(&twin).await?;
    bluegreen(&ns, "switch api api-admin --to green --yes --verify-for=0").await?.ends(0)?;
    for service in ["api", "api-admin"] {
        let status = bluegreen(&ns, &format!("status {service}")).await?.ends(0)?;
        ensure!(status.stdout.contains("Back: kubectl bluegreen rollback api api-admin "), "{}", said(&status));
    }
    let alone = bluegreen(&ns, "rollback api --dry-run=client").await?.ends(0)?;
    ensure!(alone.stderr.contains("kubectl bluegreen rollback api api-admin "), "{}", said(&alone));
    let both = bluegreen(&ns, "rollback api api-admin --yes").await?.ends(0)?;
    ensure!(!both.stderr.contains("moved together"), "{}", said(&both));
    let status = bluegreen(&ns, "status api-admin").await?.ends(0)?;
    ensure!(status.stdout.contains("Forward: kubectl bluegreen switch api api-admin --to green"), "{}", said(&status));
    // One of them is gone its own way since: it is no part of the way back any more.
    bluegreen(&ns, "switch api api-admin --to green --yes --verify-for=0").await?.ends(0)?;
    bluegreen(&ns, "switch api-admin --to blue --yes --verify-for=0 --force=twin-service").await?.ends(0)?;
    let status = bluegreen(&ns, "status api").await?.ends(0)?;
    ensure!(status.stdout.contains("Back: kubectl bluegreen rollback api -n"), "{}", said(&status));
    let alone = bluegreen(&ns, "rollback api --dry-run=client").await?.ends(0)?;
    ensure!(!alone.stderr.contains("moved together"), "{}", said(&alone));
    Ok(())
}

/// Two applications that were released as one: the rollback of one of them left the other where it was, without
/// a word.
#[tokio::test]
async fn a_rollback_of_one_of_a_set_names_the_command_for_all_of_it() -> Result<()> {
    let ns = namespace("set-parted").await?;
    blue_green(&ns, 1).await?;
    let ready = |name| e2e::bluegreen::app::color(name, 1, lab::fixtures::Behavior::Ready);
    let web = lab::fixtures::App::new("web").key("version").color(ready("blue")).color(ready("green"));
    e2e::bluegreen::app::rolled_out(&ns, &web).await?;
    bluegreen(&ns, "switch api web --to green --yes --verify-for=0").await?.ends(0)?;
    let back = bluegreen(&ns, "rollback api --yes -ojson").await?.ends(0)?.json()?;
    let parted = e2e::common::run::finding(&back, "twin-service").with_context(|| format!("{back:#}"))?;
    ensure!(
        parted["fix"].as_str().is_some_and(|fix| fix.starts_with("kubectl bluegreen rollback api web")),
        "{back:#}"
    );
    bluegreen(&ns, "rollback api web --yes").await?.ends(0)?;
    assert_eq!((active(&ns, "api").await?, active(&ns, "web").await?), ("blue".into(), "blue".into()));
    Ok(())
}

/// The history forgot a move by hand as soon as a rollback had undone it: the records no longer told how the
/// Service got where it was.
#[tokio::test]
async fn a_move_by_hand_between_two_records_is_not_forgotten() -> Result<()> {
    let ns = namespace("hand-between").await?;
    blue_green(&ns, 1).await?;
    bluegreen(&ns, SWITCH).await?.ends(0)?;
    bluegreen(&ns, "rollback api --yes").await?.ends(0)?;
    let history = bluegreen(&ns, "history api -ojson").await?.ends(0)?.json()?;
    ensure!(history["services"][0].get("movedBetween").is_none(), "{history:#}");
    moved_by_hand(&ns, "green").await?;
    bluegreen(&ns, "rollback api --yes").await?.ends(0)?;
    let history = bluegreen(&ns, "history api -ojson").await?.ends(0)?.json()?;
    let between = &history["services"][0]["movedBetween"][0];
    assert_eq!((&between["from"], &between["to"]), (&json!("blue"), &json!("green")), "{history:#}");
    assert_eq!(between["before"], history["services"][0]["records"][0]["id"]);
    bluegreen(&ns, "history api").await?.ends(0)?.tells("by hand")?;
    Ok(())
}

/// A Service that goes was shown as one that stays.
#[tokio::test]
async fn a_service_that_is_being_deleted_is_told() -> Result<()> {
    let ns = namespace("hand-deleted").await?;
    blue_green(&ns, 1).await?;
    let held = json!({"metadata": {"finalizers": ["example.com/held"]}});
    ns.patch::<k8s_openapi::api::core::v1::Service>("api", held).await?;
    e2e::common::run::admin(&ns).run(&["delete", "service", "api", "--wait=false"]).await?.ends(0)?;
    let status = bluegreen(&ns, "status api -ojson").await?.ends(0)?.json()?;
    let notes = status["services"][0]["notes"].as_array().context("notes")?;
    ensure!(notes.iter().any(|note| note["id"] == "being-deleted"), "{status:#}");
    Ok(())
}

/// A run that takes itself back has two records, and what was moved before it was moved once.
#[tokio::test]
async fn a_move_by_hand_is_told_once() -> Result<()> {
    let ns = namespace("hand-once").await?;
    blue_green(&ns, 1).await?;
    bluegreen(&ns, SWITCH).await?.ends(0)?;
    moved_by_hand(&ns, "blue").await?;
    let running = start(&ns, "switch api --to green --yes --verify-for=60s")?;
    bluegreen(&ns, "status api --wait-for active=green --timeout 60s").await?.ends(0)?;
    e2e::common::pods::annotate_pods(&ns, "version=green", &[("lab.kubectl-release.dev/behavior", "never-ready")])
        .await?;
    running.wait(LIMIT).await?.ends(5)?;
    let history = bluegreen(&ns, "history api").await?.ends(0)?;
    assert_eq!(history.stdout.matches("by hand").count(), 1, "{}", said(&history));
    Ok(())
}
