//! `kubectl bluegreen`: parse, run, print, exit.

mod apply;
mod args;
mod candidates;
mod checks;
mod commands;
mod hand;
mod idle;
mod left;
mod moves;
mod names;
mod options;
mod plan;
mod record;
mod refusal;
mod report;
mod service_view;
mod settings;
mod snapshot;
mod verb;

use std::process::ExitCode;

use clap::Parser;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    ExitCode::from(verb::run(args::Cli::parse()).await.code())
}
