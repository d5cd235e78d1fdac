//! `kubectl canary`: parse, run, print, exit.

// Numbers come from annotations and clusters: none may end a run in the middle of it.
#![cfg_attr(
    not(test),
    deny(
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        clippy::cast_sign_loss
    )
)]

mod apply;
mod args;
mod around;
mod candidates;
mod checks;
mod commands;
mod facts;
mod lease;
mod look;
mod marker;
mod names;
mod options;
mod proposal;
mod record;
mod refusal;
mod report;
#[cfg(test)]
mod schemas;
mod standing;
mod status_text;
mod verb;
mod words;

use std::process::ExitCode;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let end = match release_cli::usage::parse::<args::Cli>() {
        Ok(cli) => verb::run(cli).await,
        Err(end) => end,
    };
    ExitCode::from(end.code())
}
