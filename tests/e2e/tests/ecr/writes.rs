//! The API server refuses, is busy, or breaks off around the one write, its notes and the watch:
//! what is said is what is so, and nothing is written twice.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use e2e::common::calls::is_event;
use e2e::common::faults::{Fault, done_but, fault, refused};
use e2e::common::run::{Ended, admin};
use e2e::ecr::calls::{is_image_patch, is_read_of_workload, is_result_note, is_take_back};
use e2e::ecr::case::Case;
use e2e::ecr::claims::true_document;
use e2e::ecr::releases::{NEWEST, PREVIOUS, Releases, finished};
use futures::{StreamExt, TryStreamExt, stream};
use lab::Output;
use lab::api_proxy::{Action, ApiProxy, Call};
use lab::fixtures::Behavior;
use serde_json::Value;

/// Runs that go on at the same time.
const AT_ONCE: usize = 4;

/// Runs a rollback of a Deployment of its own with each fault.
async fn with_each(releases: &Releases, words: &str, faults: Vec<Fault>) -> Result<Vec<Value>> {
    let runs = faults.into_iter().enumerate().map(|(index, fault)| async move {
        let name = format!("api-{index}");
        releases.deploy(&releases.app(&name)).await?;
        let proxy = fault.proxy(&releases.ns).await?;
        let words = format!("deploy/{name} --yes --request-timeout=3s -ojson {words}");
        let output = finished(releases.start_through(proxy.kubeconfig(), &words)?).await.context(fault.name)?;
        judged(releases, &name, &fault, &output, &proxy).await.context(fault.name)
    });
    stream::iter(runs).buffered(AT_ONCE).try_collect().await
}

async fn judged(releases: &Releases, name: &str, fault: &Fault, output: &Output, proxy: &ApiProxy) -> Result<Value> {
    let told = || fault.told(output);
    fault.has_ended(output)?;
    let image = releases.image(name).await?;
    ensure!(image == fault.ends_on, "asks for {image}, not {}. {}", fault.ends_on, told());
    let there = |call: &&Call| is_image_patch(call) && !is_take_back(call) && call.upstream.is_some_and(|s| s < 300);
    let written = proxy.calls().iter().filter(there).count();
    ensure!(written <= 1, "written {written} times. {}", told());
    true_document(releases, name, output).await
}

/// A user would be told that a rollback failed which a passing refusal only delayed, or a pipeline
/// hang on one that does not pass.
#[tokio::test]
async fn a_refused_write_is_offered_again_or_given_up() -> Result<()> {
    let releases = Releases::pushed("ecr-refused").await?;
    let faults = vec![
        fault("409 once", |p| p.once(is_image_patch, Action::conflict()), 0, PREVIOUS),
        fault("409 for ever", |p| p.on(is_image_patch, Action::conflict()), 3, NEWEST),
        fault("429 twice", |p| p.on_times(2, is_image_patch, Action::too_many_requests(None)), 0, PREVIOUS),
        fault("429 for ever", |p| p.on(is_image_patch, Action::too_many_requests(None)), 1, NEWEST),
        fault("429 for an hour", |p| p.on(is_image_patch, Action::too_many_requests(Some(3600))), 1, NEWEST),
        fault("403", |p| p.on(is_image_patch, refused(403)), 1, NEWEST),
        fault("422", |p| p.on(is_image_patch, refused(422)), 1, NEWEST),
        fault("400", |p| p.on(is_image_patch, refused(400)), 1, NEWEST),
    ];
    with_each(&releases, "--timeout=30s", faults).await.map(drop)
}

/// A user would be told "failed" of a rollback that took place, or "done" of one that didn't; sent
/// again, it would go back two releases.
#[tokio::test]
async fn an_unclear_answer_is_cleared_up_by_reading_back() -> Result<()> {
    let releases = Releases::pushed("ecr-unclear").await?;
    let faults = vec![
        fault("500, not done", |p| p.once(is_image_patch, refused(500)), 1, NEWEST),
        fault("500, done", |p| p.once(is_image_patch, done_but(500)), 0, PREVIOUS),
        fault("504, not done", |p| p.once(is_image_patch, refused(504)), 1, NEWEST),
        fault("504, done", |p| p.once(is_image_patch, Action::timeout_after_commit()), 0, PREVIOUS),
        fault("409, done", |p| p.once(is_image_patch, done_but(409)), 0, PREVIOUS),
        fault("422, done", |p| p.once(is_image_patch, done_but(422)), 0, PREVIOUS),
        fault("reset, done", |p| p.once(is_image_patch, Action::ForwardThenReset), 0, PREVIOUS),
        fault("reset, not done", |p| p.once(is_image_patch, Action::Reset), 1, NEWEST),
        fault("disconnected", |p| p.once(is_image_patch, Action::Disconnect), 1, NEWEST),
        fault("silence", |p| p.once(is_image_patch, Action::Delay(Duration::from_secs(20))), 1, NEWEST),
    ];
    with_each(&releases, "--timeout=30s", faults).await.map(drop)
}

/// A user would get a guess where nobody can know, and act on it.
#[tokio::test]
async fn what_can_not_be_known_is_said_to_be_unknown() -> Result<()> {
    let releases = Releases::pushed("ecr-unknown").await?;
    let blind = |proxy: &ApiProxy| {
        proxy.once(is_read_of_workload, Action::Delay(Duration::ZERO));
        proxy.on(is_read_of_workload, refused(500));
        proxy.once(is_image_patch, Action::timeout_after_commit());
    };
    let said = with_each(&releases, "--timeout=30s", vec![fault("blind", blind, 1, PREVIOUS)]).await?;
    assert_eq!(said[0]["reason"], "Unclear", "{}", said[0]);
    assert!(said[0]["next"].as_str().is_some_and(|next| next.contains("rollout status")), "{}", said[0]);
    Ok(())
}

/// A finished rollback would be called failed because a note could not be left, or a moment's
/// silence of the API server would take back a rollout that goes well.
#[tokio::test]
async fn notes_and_single_looks_are_not_depended_on() -> Result<()> {
    let releases = Releases::pushed("ecr-notes").await?;
    let faults = vec![
        fault("no Event", |p| p.on(is_event, refused(403)), 0, PREVIOUS),
        fault("no result", |p| p.on(is_result_note, refused(500)), 0, PREVIOUS),
        fault("result, reset", |p| p.once(is_result_note, Action::ForwardThenReset), 0, PREVIOUS),
        fault("a first look that fails once", |p| p.once(is_read_of_workload, refused(500)), 0, PREVIOUS),
        fault("looks that fail for a while", blind_for_a_while, 0, PREVIOUS),
    ];
    with_each(&releases, "--timeout=30s", faults).await.map(drop)
}

/// With the API server gone, a run would go on for a minute beyond its time, and end with a word about a request.
#[tokio::test]
async fn a_watch_that_hears_nothing_ends_with_its_time_and_says_what_is_so() -> Result<()> {
    let releases = Releases::pushed("ecr-unseen").await?;
    let gone = |proxy: &ApiProxy| {
        proxy.once(is_read_of_workload, Action::Delay(Duration::ZERO));
        proxy.on(is_read_of_workload, refused(503));
    };
    let hangs = |proxy: &ApiProxy| {
        proxy.once(is_read_of_workload, Action::Delay(Duration::ZERO));
        proxy.on(is_read_of_workload, Action::Delay(Duration::from_secs(90)));
    };
    let faults = vec![fault("gone", gone, 4, PREVIOUS), fault("silent", hangs, 4, PREVIOUS)];
    for said in with_each(&releases, "--timeout=6s", faults).await? {
        assert_eq!(said["reason"], "Unseen", "{said}");
        assert!(said["next"].as_str().is_some_and(|next| next.contains("ecr-rollback")), "{said}");
    }
    Ok(())
}

fn blind_for_a_while(proxy: &ApiProxy) {
    proxy.once(is_read_of_workload, Action::Delay(Duration::ZERO));
    proxy.on_times(6, is_read_of_workload, refused(503));
}

/// A failed release would stay in production because the one answer to its taking back was lost.
#[tokio::test]
async fn a_failed_rollback_is_taken_back_through_trouble() -> Result<()> {
    let releases = Releases::with("ecr-back", Behavior::NeverReady).await?;
    let faults = vec![
        fault("409 once", |p| p.once(is_take_back, Action::conflict()), 5, NEWEST),
        fault("422 once", |p| p.once(is_take_back, refused(422)), 5, NEWEST),
        fault("500, not done", |p| p.once(is_take_back, refused(500)), 5, NEWEST),
        fault("504, done", |p| p.once(is_take_back, Action::timeout_after_commit()), 5, NEWEST),
        fault("reset, done", |p| p.once(is_take_back, Action::ForwardThenReset), 5, NEWEST),
        fault("403 for ever", |p| p.on(is_take_back, refused(403)), 1, PREVIOUS),
    ];
    let said = with_each(&releases, "--timeout=9s", faults).await?;
    let undo = said[5]["next"].as_str().unwrap_or_default();
    assert!(undo.contains("kubectl set image deploy"), "how to take it back by hand is not said: {}", said[5]);
    Ok(())
}

/// The API server compares what it has stored as Go writes it, `\u003c` for `<`: a reason with that in it would have every
/// later rollback refused.
#[tokio::test]
async fn no_character_of_a_reason_is_in_the_next_rollbacks_way() -> Result<()> {
    let case = Case::new("reason").await?;
    case.push(&["1.0.2", "1.0.3", "1.0.4"]).await?;
    case.deploy(&["1.0.2", "1.0.3", "1.0.4"]).await?;
    let reason = "p99 < 200ms & errors > 1%";
    for (more, tag) in [("--steps=1", "1.0.3"), ("--again", "1.0.2")] {
        let words = ["ecr-rollback", "deployment/api", "--yes", "--reason", reason, more];
        admin(&case.ns).run(&words).await?.ends(0)?;
        case.asks_for(tag).await?;
        ensure!(case.record().await?["result"] == "done", "its end was not noted");
    }
    Ok(())
}
