//! Completion of Deployments, asked of the cluster while the user presses Tab.

use clap::{Command, CommandFactory};
use clap_complete::engine::{ArgValueCandidates, CompletionCandidate};
use k8s_openapi::api::apps::v1::Deployment;
use release_cli::complete::{names, with_connection_values};
use release_cluster::read::ListQuery;
use release_core::kube::path::collection;

use crate::args::Cli;

/// Verbs whose first word is a Deployment.
const VERBS: [&str; 9] = ["plan", "run", "start", "status", "pause", "resume", "promote", "abort", "history"];

/// The command line, with the values that Tab offers.
#[must_use]
pub fn command() -> Command {
    let with = |verb: Command, word: &str| verb.mut_arg(word, |arg| arg.add(ArgValueCandidates::new(deployments)));
    let all = with_connection_values(Cli::command()).mut_subcommand("set-weight", |verb| with(verb, "words"));
    VERBS.iter().fold(all, |command, verb| command.mut_subcommand(verb, |verb| with(verb, "workload")))
}

/// Deployments of the namespace.
fn deployments() -> Vec<CompletionCandidate> {
    let query = ListQuery { cached: true, ..ListQuery::default() };
    names(|namespace| collection::<Deployment>(Some(namespace)), &query)
}

#[cfg(test)]
mod tests {
    /// A flag that was renamed would end every Tab in a panic.
    #[test]
    fn what_is_completed_is_there() {
        super::command().debug_assert();
    }
}
