//! Completion: the shim that kubectl looks for, and the candidates it asks us for.

use clap::CommandFactory;
use kubectl_release::complete;

use crate::args::Cli;

/// kubectl looks for `kubectl_complete-ecr_rollback` on PATH and passes the words typed.
pub const SHIM: &str = include_str!("../../../../completions/kubectl_complete-ecr_rollback");

/// Prints a candidate a line for the last of `words`.
pub fn print_candidates(words: &[String]) {
    complete::print_candidates(Cli::command(), words);
}
