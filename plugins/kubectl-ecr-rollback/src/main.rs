//! `kubectl ecr-rollback`: parse, run, print, exit.

// Numbers come from annotations, clusters and registries: none may end a run in the middle of it.
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
mod built_for;
mod candidates;
mod checks;
mod commands;
mod contents;
mod decide;
mod document;
mod lifecycle;
mod listing;
mod look_again;
mod names;
mod options;
mod outage;
mod plan;
mod pods_now;
mod proposal;
mod record;
mod refusal;
mod repositories;
mod restore;
#[cfg(test)]
mod schemas;
mod selection;
mod snapshot;
mod tag_now;
mod typed;
mod verb;
mod which_containers;
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
