//! From the parsed command line to a verb, and from its outcome to output and exit code.

use std::time::Duration;

use release_cli::complete::print_candidates;
use release_cli::flags::{DryRunFlag, OutputArgs, WriteArgs};
use release_cli::run::{Setting, to_the_end};
use release_cli::{output, print};
use release_core::failure::Exit;

use crate::apply::drive::Until;
use crate::args::{Cli, VerbArgs};
use crate::candidates;
use crate::commands::say::Said;
use crate::commands::{abort, history, plan, run as run_verb, say, set_weight, status};
use crate::report::{PauseMembers, PromoteMembers, ResumeMembers, RunMembers, StartMembers};

/// kubectl looks for `kubectl_complete-canary` on PATH and passes the words typed.
const SHIM: &str = include_str!("../../../completions/kubectl_complete-canary");
/// How long a verb may take that only reads.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs what was typed.
pub async fn run(cli: Cli) -> Exit {
    let connection = &cli.connection;
    match cli.verb {
        VerbArgs::Plan(args) => {
            to_the_end(connection, reading(&args.output), async |run, report| plan::run(run, &args, report).await).await
        }
        VerbArgs::Run(args) => {
            let verb =
                async |run: &_, report: &mut _| run_verb::run::<RunMembers>(run, &args, Until::End, report).await;
            to_the_end(connection, writing(&args.output, &args.write), verb).await
        }
        VerbArgs::Start(args) => {
            let until = Until::FirstWeight;
            let verb = async |run: &_, report: &mut _| run_verb::run::<StartMembers>(run, &args, until, report).await;
            to_the_end(connection, writing(&args.output, &args.write), verb).await
        }
        VerbArgs::SetWeight(args) => {
            let verb = async |run: &_, report: &mut _| set_weight::run(run, &args, report).await;
            to_the_end(connection, writing(&args.output, &args.write), verb).await
        }
        VerbArgs::Status(args) => {
            let setting = Setting { timeout: args.timeout, ..reading(&args.output) };
            to_the_end(connection, setting, async |run, report| status::run(run, &args, report).await).await
        }
        VerbArgs::Pause(args) => {
            let verb = async |run: &_, report: &mut _| say::run::<PauseMembers>(run, &args, Said::Pause, report).await;
            to_the_end(connection, writing(&args.output, &args.write), verb).await
        }
        VerbArgs::Resume(args) => {
            let verb =
                async |run: &_, report: &mut _| say::run::<ResumeMembers>(run, &args, Said::Resume, report).await;
            to_the_end(connection, writing(&args.output, &args.write), verb).await
        }
        other => last(connection, other).await,
    }
}

async fn last(connection: &release_cli::flags::ConnectionFlags, verb: VerbArgs) -> Exit {
    match verb {
        VerbArgs::Promote(args) => {
            let (word, said) = (args.word, Said::Promote { full: args.full });
            let verb = async |run: &_, report: &mut _| say::run::<PromoteMembers>(run, &word, said, report).await;
            to_the_end(connection, writing(&word.output, &word.write), verb).await
        }
        VerbArgs::Abort(args) => {
            let verb = async |run: &_, report: &mut _| abort::run(run, &args, report).await;
            to_the_end(connection, writing(&args.output, &args.write), verb).await
        }
        VerbArgs::History(args) => {
            let verb = async |run: &_, report: &mut _| history::run(run, &args, report).await;
            to_the_end(connection, reading(&args.output), verb).await
        }
        VerbArgs::Complete(words) => {
            // Completion asks the cluster from within its own runtime, on a thread of its own.
            let _ = std::thread::spawn(move || print_candidates(candidates::command(), &words.words)).join();
            Exit::Done
        }
        _ => print_shim(),
    }
}

fn reading(output: &OutputArgs) -> Setting {
    Setting { output: output.output, dry_run: DryRunFlag::None, timeout: PATIENCE }
}

fn writing(output: &OutputArgs, write: &WriteArgs) -> Setting {
    Setting { output: output.output, dry_run: write.dry_run, timeout: write.timeout }
}

fn print_shim() -> Exit {
    output::data(SHIM);
    output::talk("# save as kubectl_complete-canary (executable) in a folder on PATH");
    print::written()
}
