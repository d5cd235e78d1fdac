//! SIGKILL at every write, and two runs at once: nothing runs twice.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use e2e::LIMIT;
use e2e::bluegreen::active;
use e2e::bluegreen::run::{bluegreen, killed_at, start};
use e2e::common::run::Ended;
use futures::future::try_join_all;
use lab::api_proxy::{Call, When};
use lab::eventually;
use lab::fixtures::Job;

use super::{NEXT, TO_GREEN, jobs, with_jobs};

/// A call, by what it writes.
type Write = (&'static str, fn(&Call) -> bool);

/// The writes of a deploy with all hooks.
const WRITES: [Write; 6] = [
    ("the migration", |call| call.method == "POST" && call.is_about("/jobs") && call.line().contains("-made")),
    ("the color", |call| call.method == "PATCH" && call.is_about("/deployments/api-green")),
    ("the selector", |call| {
        call.method == "PATCH" && call.is_about("/services/api") && !call.line().contains("-notes")
    }),
    ("the result", |call| call.method == "PATCH" && call.is_about("/services/api") && call.line().contains("-notes")),
    ("the event", |call| call.is_write() && call.is_about("/events")),
    ("the removal", |call| call.method == "DELETE" && call.path.contains("/jobs/")),
];

/// A pipeline's machine goes away: a migration would run twice, or a release never end.
#[tokio::test]
async fn a_release_that_is_killed_goes_on_and_runs_nothing_twice() -> Result<()> {
    let words = format!("{NEXT} --migrate=cronjob/expand --before-switch=cronjob/smoke --after-switch=cronjob/warm");
    let points = WRITES.into_iter().flat_map(|write| [(write, When::Before), (write, When::After)]);
    let tried = points.map(|((name, write), when)| {
        let words = words.clone();
        async move {
            let jobs_of = ["expand", "smoke", "warm"].map(|name| Job::new(name).ends_after(Duration::from_secs(1)));
            let ns = with_jobs("hooks-kill", &jobs_of).await?;
            killed_at(&ns, &words, when, write).await.with_context(|| name)?;
            let before = jobs(&ns).await?;
            bluegreen(&ns, &words).await?.ends(0).with_context(|| format!("killed {when:?} {name}"))?;
            assert_eq!(active(&ns, "api").await?, "green");
            let after = jobs(&ns).await?;
            let again = after.iter().any(|(job, _)| job.ends_with("-2"));
            ensure!(!again, "killed {when:?} {name}: one was run again: {before:?}, then {after:?}");
            anyhow::Ok(())
        }
    });
    try_join_all(tried).await.map(drop)
}

/// Two pipelines release the same at the same time: the migration would run twice side by side.
#[tokio::test]
async fn two_runs_of_one_release_share_its_jobs() -> Result<()> {
    let ns = with_jobs("hooks-two", &[Job::new("expand").ends_after(Duration::from_secs(5))]).await?;
    let words = format!("{TO_GREEN} --before-switch=cronjob/expand");
    let mut both = (0..2).map(|_| start(&ns, &words)).collect::<Result<Vec<_>>>()?;
    eventually("a Job runs", LIMIT, || async { Ok((!jobs(&ns).await?.is_empty()).then_some(())) }).await?;
    assert_eq!(jobs(&ns).await?.len(), 1);
    let ended = [both.remove(0).wait(LIMIT).await?.code, both.remove(0).wait(LIMIT).await?.code];
    // Of two that write in the same moment one is told that the other was faster.
    ensure!(ended.contains(&0) && ended.iter().all(|code| [0, 3].contains(code)), "{ended:?}");
    assert_eq!(active(&ns, "api").await?, "green");
    Ok(())
}

/// Whoever finds a run that was cut off pastes what `status` says, and would call done what nobody has judged.
#[tokio::test]
async fn a_run_that_was_cut_off_is_not_finished_by_less() -> Result<()> {
    let ns = with_jobs("hooks-less", &[Job::new("warm").logs("it is warm")]).await?;
    let words = format!("{TO_GREEN} --after-switch=cronjob/warm");
    killed_at(&ns, &words, When::After, WRITES[2].1).await?;
    let status = bluegreen(&ns, "status api -ojson").await?.ends(0)?.json()?;
    let notes = status["services"][0]["notes"].as_array().cloned().unwrap_or_default();
    let unfinished = notes.iter().find(|note| note["id"] == "unfinished").context("it is not said")?;
    ensure!(unfinished["fix"].to_string().contains("rollback"), "{unfinished:#}");
    let less = bluegreen(&ns, "switch api --to green --yes --verify-for=0 -ojson").await?.ends(1)?.json()?;
    ensure!(less["findings"].to_string().contains("lesser-proof"), "{less:#}");
    ensure!(jobs(&ns).await?.is_empty(), "the hook has run");
    bluegreen(&ns, &words).await?.ends(0)?.tells("it is warm")?;
    bluegreen(&ns, "switch api --to green --yes").await?.ends(0)?.tells("nothing to do")?;
    Ok(())
}
