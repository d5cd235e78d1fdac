//! `kubectl bluegreen`: parse, run, print, exit.

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
mod candidates;
mod checks;
mod cleanup;
mod cleanup_note;
mod commands;
mod compared;
mod contracted;
mod fingerprint;
mod finishing;
mod hand;
mod hooks;
mod idle;
mod left;
mod main_ingress;
mod moves;
mod names;
mod news;
mod options;
mod plan;
mod prepared;
mod record;
mod refusal;
mod report;
mod room;
mod routed_view;
mod service_view;
mod settings;
mod snapshot;
mod tested;
mod together;
mod verb;
mod vetting;

use std::process::ExitCode;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let end = match release_cli::usage::parse::<args::Cli>() {
        Ok(cli) => verb::run(cli).await,
        Err(end) => end,
    };
    ExitCode::from(end.code())
}
