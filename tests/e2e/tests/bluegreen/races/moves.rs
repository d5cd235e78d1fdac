//! Two moves at once, or a move and any other writer.

use std::time::Duration;

use anyhow::Result;
use e2e::LIMIT;
use e2e::bluegreen::calls::is_move;
use e2e::bluegreen::setup::Setup;
use e2e::bluegreen::trial::Trial;
use e2e::common::faults::BOUND;
use e2e::common::run::document;
use k8s_openapi::api::core::v1::Service;
use kube::ResourceExt;
use kube::api::{Patch, PatchParams};
use lab::Output;
use lab::api_proxy::{Action, ApiProxy, Call, When};
use serde_json::{Value, json};

const TO_GREEN: &[&str] = &["switch", "api", "--to", "green", "--yes", "--verify-for=0", "--timeout=30s", "-ojson"];
const TO_BLUE: &[&str] = &["switch", "api", "--to", "blue", "--yes", "--verify-for=0", "--timeout=30s", "-ojson"];
const BACK: &[&str] = &["rollback", "api", "--yes", "--timeout=30s", "-ojson"];
const RECORD: &str = "kubectl-release.dev/bluegreen";
const HISTORY: &str = "kubectl-release.dev/bluegreen-history";

async fn service(setup: &Setup) -> Result<Service> {
    Ok(setup.ns.api::<Service>().get("api").await?)
}

fn records(service: &Service) -> usize {
    let history = service.annotations().get(HISTORY).and_then(|raw| serde_json::from_str::<Vec<Value>>(raw).ok());
    history.map_or(0, |history| history.len()) + usize::from(service.annotations().contains_key(RECORD))
}

/// Two people who press the button at once would both be told "done", and the record would name
/// one of them for what the other did.
#[tokio::test]
async fn of_two_switches_at_once_exactly_one_wins() -> Result<()> {
    let setup = Setup::new("race-switches", &["api"]).await?;
    for (round, (verb, to)) in [(TO_GREEN, "green"), (TO_BLUE, "blue")].into_iter().cycle().take(8).enumerate() {
        let before = records(&service(&setup).await?);
        let first = setup.stopped_before(verb, is_move).await?;
        let second = setup.stopped_before(verb, is_move).await?;
        // Every other round the second is let go on first.
        let (first, second) = if round % 2 == 0 { (first, second) } else { (second, first) };
        let (first, second) = tokio::try_join!(first.go_on(), second.go_on())?;
        let mut codes = [first.code, second.code];
        codes.sort_unstable();
        assert_eq!(
            codes,
            [0, 3],
            "round {round}:\n{}\n{}\n{}\n{}",
            first.stdout,
            first.stderr,
            second.stdout,
            second.stderr
        );
        let loser = document(if first.code == 3 { &first.stdout } else { &second.stdout })?;
        assert_eq!(
            (&loser["reason"], &loser["exitCode"], &loser["services"][0]["changed"]),
            (&json!("Changed"), &json!(3), &json!(false))
        );
        assert!(loser["message"].as_str().is_some_and(|text| text.contains(to)), "{loser}");
        assert_eq!(setup.colors().await?, [to]);
        assert_eq!(records(&service(&setup).await?), before + 1, "round {round}: one of them is recorded");
    }
    Ok(())
}

/// Two people who switch to different versions would both be told "done", and one of them be wrong.
#[tokio::test]
async fn of_a_switch_and_a_rollback_at_once_exactly_one_wins() -> Result<()> {
    let setup = Setup::new("race-opposite", &["api"]).await?;
    setup.must(TO_GREEN).await?;
    let trial = Trial::of(setup).await?;
    for first_is_back in [true, false] {
        trial.put_back().await?;
        let setup = &trial.setup;
        let back = setup.stopped_before(BACK, is_move).await?;
        // Green is active: someone else's switch to blue is what the rollback competes with.
        let switch = setup.stopped_before(TO_BLUE, is_move).await?;
        let (winner, loser) = if first_is_back { (back, switch) } else { (switch, back) };
        let (winner, loser) = (winner.go_on().await?, loser.go_on().await?);
        assert_eq!((winner.code, loser.code), (0, 3), "{}\n{}", winner.stdout, loser.stdout);
        assert_eq!(setup.colors().await?, ["blue"]);
        let verb = if first_is_back { "rollback" } else { "switch" };
        let service = service(setup).await?;
        assert_eq!(document(&service.annotations()[RECORD])?["verb"], verb);
    }
    Ok(())
}

/// What happens between our read and our write, and what the Service must look like afterwards.
async fn overtaken(setup: &Setup, patch: Value) -> Result<(Output, Value, Value)> {
    let about = setup.stopped_before(TO_GREEN, is_move).await?;
    let theirs = setup.ns.patch::<Service>("api", patch).await?;
    let output = about.go_on().await?;
    let said = document(&output.stdout)?;
    let content = |service: &Service| json!([service.spec, service.metadata.annotations, service.metadata.labels]);
    let (theirs, now) = (content(&theirs), content(&service(setup).await?));
    Ok((output, said, json!([theirs, now])))
}

/// Someone else's change, made a moment before ours, would be gone without a trace.
#[tokio::test]
async fn what_someone_else_writes_meanwhile_is_not_overwritten() -> Result<()> {
    let setup = Setup::new("race-writers", &["api"]).await?;
    setup.must(TO_GREEN).await?;
    setup.must(BACK).await?;
    let record = document(&service(&setup).await?.annotations()[RECORD])?;
    let mut newer = record.clone();
    newer["reason"] = json!("edited");
    let mut older = newer.clone();
    older["at"] = json!("2020-01-01T00:00:00Z");
    let trial = Trial::of(setup).await?;
    for (what, patch) in [
        ("the same move, by kubectl", json!({"spec": {"selector": {"version": "green"}}})),
        ("one more label in the selector", json!({"spec": {"selector": {"tier": "web"}}})),
        ("a color of nobody's", json!({"spec": {"selector": {"version": "purple"}}})),
        ("a record with another reason", json!({"metadata": {"annotations": {RECORD: newer.to_string()}}})),
        ("an older record", json!({"metadata": {"annotations": {RECORD: older.to_string()}}})),
        ("garbage for a record", json!({"metadata": {"annotations": {RECORD: "garbage"}}})),
        ("no record", json!({"metadata": {"annotations": {RECORD: null}}})),
        ("a cleanup's note", json!({"metadata": {"annotations": {"kubectl-release.dev/bluegreen-cleanup": "{}"}}})),
    ] {
        setup_as_it_was(&trial).await?;
        let (output, said, seen) = overtaken(&trial.setup, patch).await?;
        assert_eq!((output.code, &said["reason"]), (3, &json!("Changed")), "{what}: {said}\n{}", output.stderr);
        assert_eq!(seen[0], seen[1], "{what}: theirs and now");
        assert!(said["message"].as_str().is_some_and(|text| text.contains("service/api")), "{what}: {said}");
    }
    Ok(())
}

/// A merge patch doesn't take out labels that a test put in.
async fn setup_as_it_was(trial: &Trial) -> Result<()> {
    let whole = json!({"spec": {"selector": {"tier": null, "app": "api", "version": "blue"}}});
    trial.setup.ns.patch::<Service>("api", whole).await?;
    trial.put_back().await
}

/// A switch would fail now and then for no reason, because some controller wrote a status or a
/// label at that moment.
#[tokio::test]
async fn what_has_nothing_to_do_with_it_is_no_false_alarm() -> Result<()> {
    let trial = Trial::of(Setup::new("race-unrelated", &["api"]).await?).await?;
    for (what, patch) in [
        ("a label", json!({"metadata": {"labels": {"team": "web"}}})),
        ("the first annotation", json!({"metadata": {"annotations": {"example.com/seen": "yes"}}})),
        ("another annotation", json!({"metadata": {"annotations": {"example.com/seen": "again"}}})),
        ("no annotation any more", json!({"metadata": {"annotations": null}})),
        ("another setting", json!({"spec": {"sessionAffinity": "ClientIP"}})),
    ] {
        let about = trial.setup.stopped_before(TO_GREEN, is_move).await?;
        let theirs = trial.setup.ns.patch::<Service>("api", patch).await?;
        let output = about.go_on().await?;
        assert_eq!(output.code, 0, "{what}: {}\n{}", output.stdout, output.stderr);
        assert_eq!(trial.setup.colors().await?, ["green"], "{what}");
        let now = service(&trial.setup).await?;
        assert_eq!(now.metadata.labels, theirs.metadata.labels, "{what}: theirs is still there");
        assert!(theirs.annotations().iter().all(|(key, value)| now.annotations().get(key) == Some(value)), "{what}");
        trial.put_back().await?;
    }
    Ok(())
}

/// The same for a load balancer's controller, which writes nothing but the status.
#[tokio::test]
async fn a_status_written_meanwhile_is_no_false_alarm() -> Result<()> {
    let setup = Setup::new("race-status", &["api"]).await?;
    let about = setup.stopped_before(TO_GREEN, is_move).await?;
    let status = json!({"status": {"conditions": [{"type": "Programmed", "status": "True", "reason": "Done",
        "message": "", "lastTransitionTime": "2026-01-01T00:00:00Z"}]}});
    let services = setup.ns.api::<Service>();
    services.patch_status("api", &PatchParams::default(), &Patch::Merge(status)).await?;
    let output = about.go_on().await?;
    assert_eq!(output.code, 0, "{}\n{}", output.stdout, output.stderr);
    assert_eq!(setup.colors().await?, ["green"]);
    Ok(())
}

/// A user whose GitOps puts the selector back at once would wait five minutes for endpoints that
/// never come, or be told that a move failed which somebody else undid.
#[tokio::test]
async fn a_revert_before_convergence_is_told_apart() -> Result<()> {
    let setup = Setup::new("race-revert", &["api"]).await?;
    let trial = Trial::of(setup).await?;
    let verified = ["switch", "api", "--to", "green", "--yes", "--verify-for=5s", "--timeout=30s", "-ojson"];
    for (seen_to_converge, verb) in [(true, verified.as_slice()), (false, TO_GREEN)] {
        trial.put_back().await?;
        let proxy = ApiProxy::start(trial.setup.ns.lab()).await?;
        let hold = proxy.hold(When::After, is_move);
        if !seen_to_converge {
            // What is watched is told from the beginning; a list tells only how things are.
            proxy.on(Call::is_watch, Action::fail(403, "Forbidden", "no watching"));
        }
        let running = trial.setup.start(proxy.kubeconfig(), verb)?;
        hold.arrived(LIMIT).await?;
        trial.setup.ns.patch::<Service>("api", json!({"spec": {"selector": {"version": "blue"}}})).await?;
        trial.setup.settled().await?;
        hold.release();
        let output = running.wait(BOUND).await?;
        let said = document(&output.stdout)?;
        assert_eq!((output.code, &said["reason"]), (3, &json!("Changed")), "{said}");
        assert_eq!(said["services"][0]["changed"], false, "{said}");
        assert!(output.elapsed < Duration::from_secs(15), "{:?}", output.elapsed);
    }
    Ok(())
}
