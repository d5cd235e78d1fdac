//! A cleanup, whose writes are a note on the Service and the sizes of workloads.

use anyhow::{Context, Result, ensure};
use e2e::bluegreen::calls::{is_cleanup_note, is_resize};
use e2e::bluegreen::trial::Trial;
use e2e::common::calls::is_read;
use e2e::common::faults::{Fault, all_as_they_should, fault, refused};
use e2e::common::run::document;
use lab::api_proxy::Action;

use super::first_of_each;

const CLEANUP: &[&str] = &[
    "cleanup",
    "api",
    "--before-due",
    "--force=changed-since",
    "--yes",
    "--timeout=20s",
    "--request-timeout=5s",
    "-ojson",
];

/// A user would be told that a color is gone which still runs and costs, or the other way round.
#[tokio::test]
async fn a_cleanup_ends_with_the_truth() -> Result<()> {
    const FAULTS: [(Fault, i32); 11] = [
        (fault("note 409", |p| p.on(is_cleanup_note, Action::conflict()), 3, "green"), 2),
        (fault("note 500, not done", |p| p.on(is_cleanup_note, refused(500)), 1, "green"), 2),
        (fault("note 504, done", |p| p.once(is_cleanup_note, Action::timeout_after_commit()), 0, "green"), 0),
        (fault("size 403", |p| p.on(is_resize, refused(403)), 1, "green"), 2),
        (fault("size 409", |p| p.on(is_resize, Action::conflict()), 3, "green"), 2),
        (
            fault(
                "size 429 once, asking for 1 s",
                |p| p.once(is_resize, Action::too_many_requests(Some(1))),
                0,
                "green",
            ),
            0,
        ),
        (fault("size 500, not done", |p| p.on(is_resize, refused(500)), 1, "green"), 2),
        (fault("size reset, not done", |p| p.once(is_resize, Action::Reset), 1, "green"), 2),
        (fault("size 504, done", |p| p.once(is_resize, Action::timeout_after_commit()), 0, "green"), 0),
        (fault("size reset, done", |p| p.once(is_resize, Action::ForwardThenReset), 0, "green"), 0),
        (fault("each read 500 once", |p| first_of_each(p, is_read, refused(500)), 0, "green"), 0),
    ];
    let trial = Trial::on_green("fault-cleanup").await?;
    let mut results = Vec::new();
    for (cleanup, size) in FAULTS {
        results.push(ends_with_the_truth(&trial, &cleanup, size).await);
    }
    all_as_they_should(results)
}

async fn ends_with_the_truth(trial: &Trial, cleanup: &Fault, size: i32) -> Result<()> {
    let output = trial.run(CLEANUP, cleanup).await?;
    let told = || cleanup.told(&output);
    cleanup.has_ended(&output)?;
    ensure!(trial.setup.colors().await? == [cleanup.ends_on], "the Service moved. {}", told());
    let left = trial.setup.size("blue").await.with_context(told)?;
    ensure!(left == size, "wanted {size} replicas, are {left}. {}", told());
    let said = document(&output.stdout).with_context(told)?;
    let gone = said["services"][0]["gone"] == true;
    ensure!(said["exitCode"] == output.code && gone == (output.code == 0 && left == 0), "{}", told());
    Ok(())
}
