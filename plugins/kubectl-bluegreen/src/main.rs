//! `kubectl bluegreen`: parse, run, print, exit.

mod args;
mod candidates;
mod checks;
mod commands;
mod idle;
mod itinerary;
mod moving;
mod options;
mod plan;
mod refusal;
mod report;
mod routes_found;
mod run;
mod snapshot;
mod subject;
mod trouble;
mod verb;

use std::process::ExitCode;

use clap::Parser;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    ExitCode::from(verb::run(args::Cli::parse()).await.code())
}
