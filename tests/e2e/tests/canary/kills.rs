//! A runner that is killed at each of its writes, before it is sent and after it took effect with its answer lost.

use anyhow::{Context, Result, ensure};
use e2e::LIMIT;
use e2e::canary::stage::{CRASHES, GOOD, SERVES, Stage};
use e2e::canary::watched::watched;
use e2e::common::kill_points::{HeldRun, Hold, kill_at};
use e2e::common::run::{Ended, said};
use futures::{StreamExt, TryStreamExt, stream};
use lab::api_proxy::{ApiProxy, Call, When};

/// Namespaces at a time.
const AT_ONCE: usize = 4;

/// Writes of a release; a heartbeat that is only renewed is none of its steps.
fn is_step(call: &Call) -> bool {
    call.is_write() && !call.path.contains("/selfsubject") && !call.path.contains("/leases/")
}

/// What is typed, what is typed after the kill, and where it ends.
#[derive(Clone, Copy)]
struct Story {
    tag: &'static str,
    exit: u8,
    again: &'static str,
    /// Exit codes of what is typed then: the release may have ended, or not have begun.
    exits: &'static [u8],
    ends_on: &'static str,
}

/// How many writes a release has that nobody kills.
async fn writes(story: Story) -> Result<Vec<String>> {
    let stage = Stage::of("canary-kill-none", 2).await?;
    let proxy = ApiProxy::start(stage.ns.lab()).await?;
    stage.start_through(proxy.kubeconfig(), &stage.release("run", story.tag))?.wait(LIMIT).await?.ends(story.exit)?;
    Ok(proxy.calls().iter().filter(|call| is_step(call)).map(Call::line).collect())
}

async fn killed(story: Story, nth: usize, when: When) -> Result<bool> {
    let stage = Stage::of(&format!("canary-kill-{nth}"), 2).await?;
    let words = stage.release("run", story.tag);
    let (there, seen) = watched(&stage, async {
        let killed = kill_at(async |_| {
            let proxy = ApiProxy::start(stage.ns.lab()).await?;
            let count = std::sync::atomic::AtomicUsize::new(0);
            let is_it =
                move |call: &Call| is_step(call) && count.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == nth;
            let hold = Hold::Cluster(proxy.hold(when, is_it));
            let running = stage.start_through(proxy.kubeconfig(), &words)?;
            Ok(HeldRun { proxy, hold, running })
        });
        let there = killed.await?.is_some();
        stage.heartbeat_is_stale().await;
        let again = if story.again == "run" { words.clone() } else { format!("{} api --yes", story.again) };
        let ended = stage.start(&again)?.wait(LIMIT).await?;
        ensure!(story.exits.contains(&ended.code), "`{again}` ended with {}\n{}", ended.code, said(&ended));
        Ok(there)
    })
    .await?;
    ensure!(seen.iter().all(|now| now.all >= 2), "fewer than 2 pods served: {seen:?}");
    let (tag, size, canary) = stage.stands().await?;
    // Killed at its last write, or before its first one.
    let ends: &[&str] = if story.again == "run" { &[story.ends_on] } else { &[story.ends_on, GOOD] };
    ensure!(ends.contains(&tag.as_str()) && size == 2 && canary.is_none(), "it stands at {tag}, {size}, {canary:?}");
    stage.is_alone(&tag).await?;
    Ok(there)
}

async fn everywhere(story: Story) -> Result<()> {
    let writes = writes(story).await?;
    ensure!(writes.len() >= 6, "{writes:#?}");
    let points: Vec<(usize, When)> = (0..writes.len()).flat_map(|n| [(n, When::Before), (n, When::After)]).collect();
    let runs = points.iter().map(|(nth, when)| {
        let what = format!("killed {when:?} write {nth}: {}", writes[*nth]);
        async move { killed(story, *nth, *when).await.context(what) }
    });
    let killed: Vec<bool> = stream::iter(runs).buffer_unordered(AT_ONCE).try_collect().await?;
    println!(
        "{} then {}: {} points, killed at {}",
        story.tag,
        story.again,
        points.len(),
        killed.iter().filter(|k| **k).count()
    );
    println!("{}", writes.join("\n"));
    ensure!(killed.iter().all(|there| *there), "a point was never reached");
    Ok(())
}

/// A laptop that is closed in the middle would leave users with half of two versions.
#[tokio::test]
async fn the_same_words_finish_a_release_that_was_killed_anywhere() -> Result<()> {
    everywhere(Story { tag: GOOD, exit: 0, again: "run", exits: &[0, 1], ends_on: GOOD }).await
}

#[tokio::test]
async fn an_abort_ends_a_release_that_was_killed_anywhere() -> Result<()> {
    everywhere(Story { tag: GOOD, exit: 0, again: "abort", exits: &[0, 1], ends_on: SERVES }).await
}

/// Also one that is on its way back.
#[tokio::test]
async fn the_same_words_finish_taking_back_that_was_killed_anywhere() -> Result<()> {
    everywhere(Story { tag: CRASHES, exit: 5, again: "run", exits: &[5], ends_on: SERVES }).await
}
