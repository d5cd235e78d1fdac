//! Whether, when and by whom something is written: stuck rollouts, second commands, dry runs and
//! people at a terminal.

use anyhow::{Result, ensure};
use e2e::LIMIT;
use e2e::common::pods::{annotate_pods, is_waiting, pods};
use e2e::common::run::{Ended, said};
use e2e::common::terminal::{cursor_is_shown, on_terminal};
use e2e::ecr::case::{Case, RELEASES};
use lab::annotations::READY;
use lab::api_proxy::{ApiProxy, Call};
use lab::eventually;
use lab::fixtures::Behavior;
use lab::registry::Image;

/// The release that every pod still runs would be skipped, or the one that never came up kept.
#[tokio::test]
async fn a_stuck_rollout_goes_back_to_what_the_ready_pods_still_run() -> Result<()> {
    let case = Case::new("stuck").await?;
    let digests = case.push(&["1.0.3", "1.0.4"]).await?;
    case.push_on(3, Image::new("1.0.5").behavior(Behavior::CrashLoop)).await?;
    case.deploy(&["1.0.4"]).await?;
    case.set_image("1.0.5").await?;
    eventually("the new pod crashes", LIMIT, || async {
        let pods = pods(&case.ns, "app=api").await?;
        Ok(pods.iter().any(|pod| is_waiting(pod, "CrashLoopBackOff")).then_some(()))
    })
    .await?;
    let back = case.back("").await?.ends(0)?;
    for told in ["api:1.0.5 -> 1.0.4", "ready pods still run api:1.0.4", "rollout-in-progress"] {
        ensure!(back.stderr.contains(told), "nothing about {told:?}\n{}", said(&back));
    }
    case.asks_for("1.0.4").await?;
    case.runs(&digests[1]).await
}

fn writes_a_template(call: &Call) -> bool {
    call.is_write() && String::from_utf8_lossy(&call.body).contains("/spec/template")
}

/// Two people, or a job and a person, would go back two releases.
#[tokio::test]
async fn a_second_command_waits_for_the_first_ones_rollout() -> Result<()> {
    let case = Case::new("second").await?;
    case.push_on(1, Image::new("1.0.3")).await?;
    let slow = case.push_on(2, Image::new("1.0.4").behavior(Behavior::OnDemand)).await?;
    case.push_on(3, Image::new("1.0.5")).await?;
    case.apply(&case.app("1.0.5").replicas(1)).await?;
    let first = case.start_back("")?;
    eventually("the first has written", LIMIT, || async { Ok(case.record().await.ok()) }).await?;
    let proxy = ApiProxy::start(case.ns.lab()).await?;
    let second = case.ns.kubectl_as(proxy.kubeconfig()).start(&["ecr-rollback", "deploy/api", "--yes"])?;
    let reads = || proxy.calls().iter().filter(|call| call.is_about("/deployments/api")).count();
    eventually("the second watches", LIMIT, || async { Ok((reads() > 2).then_some(())) }).await?;
    annotate_pods(&case.ns, "app=api", &[(READY, "true")]).await?;

    let (first, second) = (first.wait(LIMIT).await?.ends(0)?, second.wait(LIMIT).await?.ends(0)?);
    ensure!(second.stderr.contains("begun at"), "{}", said(&second));
    assert_eq!(proxy.calls().iter().filter(|call| writes_a_template(call)).count(), 0);
    for ended in [&first, &second] {
        ensure!(!ended.stderr.contains("note: "), "a scare for nothing\n{}", said(ended));
    }
    assert_eq!(case.revision().await?.as_deref(), Some("2"), "one deployment and one rollback");
    assert_eq!(case.record().await?["result"], "done");
    case.runs(&slow).await
}

/// A job that doesn't wait could not be followed up, or its repetition would go back further.
#[tokio::test]
async fn what_was_begun_without_waiting_is_finished_by_the_same_command() -> Result<()> {
    let case = Case::released("no-wait").await?;
    case.back("--no-wait").await?.ends(0)?.tells("its rollout goes on")?;
    case.asks_for(RELEASES[4]).await?;
    ensure!(case.record().await?["result"].is_null(), "nobody knows yet how it ends");
    case.back("").await?.ends(0)?.tells("begun at")?;
    assert_eq!(case.record().await?["result"], "done");
    case.asks_for(RELEASES[4]).await?;
    case.back("").await?.ends(0)?.tells("nothing to do")?;
    Ok(())
}

/// Looking would be doing.
#[tokio::test]
async fn dry_runs_write_nothing_and_the_server_is_asked_only_when_wanted() -> Result<()> {
    let case = Case::released("dry-run").await?;
    let before = case.written().await?;
    for (mode, tries) in [("client", 0), ("server", 1)] {
        let proxy = ApiProxy::start(case.ns.lab()).await?;
        let user = case.ns.kubectl_as(proxy.kubeconfig());
        let flag = format!("--dry-run={mode}");
        let output = user.run(&["ecr-rollback", "deploy/api", "--yes", &flag]).await?.ends(0)?;
        ensure!(output.stdout.contains(RELEASES[4]) && output.stdout.contains("dry run"), "{}", said(&output));
        let tried: Vec<Call> = proxy.calls().into_iter().filter(writes_a_template).collect();
        assert_eq!(tried.len(), tries, "{mode}");
        ensure!(tried.iter().all(|call| call.query.contains("dryRun=All")), "{mode} wrote");
        assert_eq!(case.written().await?, before, "{mode}");
    }
    Ok(())
}

/// A pipeline would change production because nobody said no.
#[tokio::test]
async fn without_a_terminal_nothing_happens_unasked() -> Result<()> {
    let case = Case::released("unasked").await?;
    let before = case.written().await?;
    let waiting = case.ecr("deploy/api").await?.ends(6)?.tells("--yes")?.tells(RELEASES[4])?;
    ensure!(waiting.stdout.is_empty(), "{}", said(&waiting));
    let document = case.ecr("deploy/api -ojson").await?.ends(6)?.json()?;
    assert_eq!((&document["exitCode"], &document["workloads"][0]["changed"]), (&6.into(), &false.into()));
    assert_eq!(case.written().await?, before);
    Ok(())
}

/// What the last row of the list shows once all of it is there.
const LIST: &str = RELEASES[0];
const AGREE: &str = "[y/N]";
const DOWN: &str = "\u{1b}[B";

/// Enter would not take what is offered, or a no would be a yes.
#[tokio::test]
async fn at_a_terminal_a_person_picks_and_agrees() -> Result<()> {
    let case = Case::released("picker").await?;
    let before = case.written().await?;
    let words = "ecr-rollback deploy/api";
    let both = format!("{DOWN}{DOWN}");
    for (answers, code) in [
        (&[(LIST, "\u{3}")][..], 130),
        (&[(LIST, "\u{1b}")], 1),
        (&[(LIST, "\r"), (AGREE, "n")], 1),
        (&[(LIST, "\r"), (AGREE, "\r")], 1),
        (&[(LIST, "\r"), (AGREE, "\u{3}")], 130),
    ] {
        let output = on_terminal(&case.ns, words, answers, true).await?.ends(code)?;
        ensure!(cursor_is_shown(&output.stdout), "the cursor stays hidden after {answers:?}");
        assert_eq!(case.written().await?, before, "{answers:?}");
    }
    on_terminal(&case.ns, words, &[(LIST, &format!("{both}\r")), (AGREE, "y")], true).await?.ends(0)?;
    case.asks_for(RELEASES[2]).await?;
    case.release(RELEASES[5]).await?;
    on_terminal(&case.ns, words, &[(LIST, "\r"), (AGREE, "y")], true).await?.ends(0)?;
    case.asks_for(RELEASES[4]).await
}

/// A person would have to type the command anew, with a flag that they have never heard of.
#[tokio::test]
async fn at_a_terminal_what_is_not_decided_is_picked() -> Result<()> {
    let case = Case::new("undecided").await?;
    case.push(&["1.4.0", "1.5.0", "1.4.1", "1.5.1"]).await?;
    case.deploy(&["1.5.0", "1.5.1"]).await?;
    // Not even --yes decides between two releases.
    let answers = [("1.4.0", "\r")];
    on_terminal(&case.ns, "ecr-rollback deploy/api --yes", &answers, true).await?.ends(0)?;
    case.asks_for("1.5.0").await
}
