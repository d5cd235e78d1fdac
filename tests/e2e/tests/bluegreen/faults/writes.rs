//! The one write that moves the Service is refused, delayed, lost, or done without a word.

use std::time::Duration;

use anyhow::Result;
use e2e::bluegreen::calls::{is_move, is_read_of_service};
use e2e::bluegreen::trial::{SWITCH, Trial};
use e2e::common::faults::{Fault, fault, refused};
use lab::api_proxy::{Action, Answer};

/// A user would be told that a switch failed which an ordinary passing refusal only delayed, or
/// would watch a pipeline hang on one that does not pass.
#[tokio::test]
async fn a_refusal_is_answered_by_trying_again_or_giving_up() -> Result<()> {
    const FAULTS: [Fault; 10] = [
        fault("409 once", |p| p.once(is_move, Action::conflict()), 0, "green"),
        fault("409 for ever", |p| p.on(is_move, Action::conflict()), 3, "blue"),
        fault("429 once", |p| p.once(is_move, Action::too_many_requests(None)), 0, "green"),
        fault("429 three times", |p| p.on_times(3, is_move, Action::too_many_requests(None)), 0, "green"),
        fault("429 for ever", |p| p.on(is_move, Action::too_many_requests(None)), 1, "blue"),
        fault("429 for ever, asking for 1 s", |p| p.on(is_move, Action::too_many_requests(Some(1))), 1, "blue"),
        fault("429 asking for an hour", |p| p.on(is_move, Action::too_many_requests(Some(3600))), 1, "blue"),
        fault("403", |p| p.on(is_move, refused(403)), 1, "blue"),
        fault("422 without a reason of ours", |p| p.on(is_move, refused(422)), 1, "blue"),
        fault("400", |p| p.on(is_move, refused(400)), 1, "blue"),
    ];
    Trial::on_blue("fault-refusal").await?.with_each(SWITCH, &FAULTS).await
}

/// A busy API server that says when to come again would be asked again at once, by everybody.
#[tokio::test]
async fn a_busy_server_is_left_alone_for_as_long_as_it_asks() -> Result<()> {
    let trial = Trial::on_blue("fault-busy").await?;
    let busy = fault("429 once, asking for 1 s", |p| p.once(is_move, Action::too_many_requests(Some(1))), 0, "green");
    let ended = trial.with(SWITCH, &busy).await?;
    let moves: Vec<_> = ended.proxy.calls().into_iter().filter(is_move).collect();
    assert_eq!(moves.len(), 2);
    assert!(moves[1].at - moves[0].at >= Duration::from_secs(1), "{:?}", moves[1].at - moves[0].at);
    Ok(())
}

/// A user would be told "failed" of a switch that took place, or "done" of one that didn't.
#[tokio::test]
async fn an_unclear_answer_is_cleared_up_by_reading_back() -> Result<()> {
    const FAULTS: [Fault; 12] = [
        fault("500, not done", |p| p.once(is_move, refused(500)), 1, "blue"),
        fault("503 for ever, not done", |p| p.on(is_move, refused(503)), 1, "blue"),
        fault("504, not done", |p| p.once(is_move, refused(504)), 1, "blue"),
        fault("504, done", |p| p.once(is_move, Action::timeout_after_commit()), 0, "green"),
        fault(
            "500, done",
            |p| p.once(is_move, Action::ForwardThenRespond(Answer::status(500, "InternalError", "etcd"))),
            0,
            "green",
        ),
        fault(
            "409, done",
            |p| p.once(is_move, Action::ForwardThenRespond(Answer::status(409, "Conflict", "again"))),
            0,
            "green",
        ),
        fault("no JSON, done", |p| p.once(is_move, Action::ForwardThenRespond(not_json())), 0, "green"),
        fault("reset, done", |p| p.once(is_move, Action::ForwardThenReset), 0, "green"),
        fault("reset, not done", |p| p.once(is_move, Action::Reset), 1, "blue"),
        fault("disconnected, not done", |p| p.once(is_move, Action::Disconnect), 1, "blue"),
        fault("reset, done, reading back once 500", reset_and_500_once, 0, "green"),
        fault("silence, not done", |p| p.once(is_move, Action::Delay(Duration::from_secs(30))), 1, "blue"),
    ];
    Trial::on_blue("fault-unclear").await?.with_each(SWITCH, &FAULTS).await
}

fn reset_and_500_once(proxy: &lab::api_proxy::ApiProxy) {
    proxy.on_times(1, is_read_of_service, Action::Delay(Duration::ZERO));
    proxy.on_times(1, is_read_of_service, refused(500));
    proxy.once(is_move, Action::ForwardThenReset);
}

fn not_json() -> Answer {
    let mut answer = Answer::status(200, "", "");
    answer.body = "<html>a gateway's page</html>".into();
    answer
}

/// A user would get a guess where nobody can know, and act on it.
#[tokio::test]
async fn what_cannot_be_known_is_said_to_be_unknown() -> Result<()> {
    let trial = Trial::on_blue("fault-unknown").await?;
    let blind = fault(
        "504, done, and reading back fails for ever",
        |proxy| {
            proxy.once(is_read_of_service, Action::Delay(Duration::ZERO));
            proxy.on(is_read_of_service, refused(500));
            proxy.once(is_move, Action::timeout_after_commit());
        },
        1,
        "green",
    );
    let ended = trial.with(SWITCH, &blind).await?;
    assert_eq!(ended.said["reason"], "Unclear");
    assert!(ended.said["next"].as_str().is_some_and(|next| next.contains("status")), "{}", ended.said);
    Ok(())
}
