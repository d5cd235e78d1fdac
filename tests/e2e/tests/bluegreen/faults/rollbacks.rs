//! A rollback, in the middle of an outage, with an API server that is part of it.

use std::time::Duration;

use anyhow::Result;
use e2e::bluegreen::calls::{is_move, is_optional_read};
use e2e::bluegreen::trial::Trial;
use e2e::common::calls::is_read;
use e2e::common::faults::{Fault, fault, refused};
use lab::api_proxy::Action;

use super::first_of_each;

const ROLLBACK: &[&str] = &["rollback", "api", "--yes", "--timeout=30s", "--request-timeout=5s", "-ojson"];

/// A user at three in the morning would not get back to the version that works, or be told so
/// when it isn't so.
#[tokio::test]
async fn a_rollback_ends_with_the_truth() -> Result<()> {
    const FAULTS: [Fault; 12] = [
        fault("409 once", |p| p.once(is_move, Action::conflict()), 0, "blue"),
        fault("409 for ever", |p| p.on(is_move, Action::conflict()), 3, "green"),
        fault("429 once, asking for 1 s", |p| p.once(is_move, Action::too_many_requests(Some(1))), 0, "blue"),
        fault("500, not done", |p| p.once(is_move, refused(500)), 1, "green"),
        fault("504, done", |p| p.once(is_move, Action::timeout_after_commit()), 0, "blue"),
        fault("reset, done", |p| p.once(is_move, Action::ForwardThenReset), 0, "blue"),
        fault("reset, not done", |p| p.once(is_move, Action::Reset), 1, "green"),
        fault("each read 500 once", |p| first_of_each(p, is_read, refused(500)), 0, "blue"),
        fault("other reads 403", |p| p.on(is_optional_read, refused(403)), 0, "blue"),
        fault("other reads 500", |p| p.on(is_optional_read, refused(500)), 0, "blue"),
        fault(
            "other reads never answered",
            |p| p.on(is_optional_read, Action::Delay(Duration::from_secs(120))),
            0,
            "blue",
        ),
        fault("2 s a call", |p| p.on(|_| true, Action::Delay(Duration::from_secs(2))), 0, "blue"),
    ];
    Trial::on_green("fault-rollback").await?.with_each(ROLLBACK, &FAULTS).await
}

/// A user would wait half a minute for reads that a rollback can do without.
#[tokio::test]
async fn a_rollback_gives_other_reads_two_seconds() -> Result<()> {
    let deaf = fault(
        "other reads never answered",
        |p| p.on(is_optional_read, Action::Delay(Duration::from_secs(120))),
        0,
        "blue",
    );
    let ended = Trial::on_green("fault-rollback-fast").await?.with(ROLLBACK, &deaf).await?;
    let calls = ended.proxy.calls();
    let (first, written) = (calls[0].at, calls.iter().find(|call| is_move(call)).map(|call| call.at));
    let until_written = written.map(|at| at - first).unwrap_or_default();
    assert!(until_written < Duration::from_secs(5), "{until_written:?} to the write");
    Ok(())
}
