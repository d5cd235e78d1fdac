//! `kubectl ecr-rollback`: parse, run, print, exit.

mod args;
#[allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "asks the cluster while the user presses Tab"
)]
mod candidates;
mod checks;
#[allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "verbs load, ask, apply and watch"
)]
mod commands;
mod lifecycle;
mod listing;
mod options;
mod placement;
mod plan;
mod record;
mod refusal;
#[allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "writes, watches and takes back"
)]
mod rolling;
mod snapshot;
mod typed;
#[allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "prints and ends the process"
)]
mod verb;

use std::process::ExitCode;

use clap::Parser;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    ExitCode::from(verb::run(args::Cli::parse()).await.code())
}
