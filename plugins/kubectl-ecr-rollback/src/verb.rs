//! From the parsed command line to a verb.

use release_cli::complete::print_candidates;
use release_cli::flags::{DryRunFlag, Output, WriteArgs};
use release_cli::run::{Setting, to_the_end};
use release_cli::{output, print};
use release_core::failure::Exit;

use crate::args::{Cli, VerbArgs};
use crate::commands::{history, lifecycle, rollback, unpin};
use crate::{candidates, options};

/// kubectl looks for `kubectl_complete-ecr_rollback` on PATH and passes the words typed.
const SHIM: &str = include_str!("../../../completions/kubectl_complete-ecr_rollback");

/// Runs what was typed.
pub async fn run(cli: Cli) -> Exit {
    let (connection, words) = (cli.connection, cli.rollback);
    match cli.verb {
        None => {
            let setting = writing(words.output.output, &words.write);
            let verb = async |run: &_, report: &mut _| rollback::run(run, &options::rollback(words)?, report).await;
            to_the_end(&connection, setting, verb).await
        }
        Some(VerbArgs::Unpin(args)) => {
            let setting = writing(args.output.output, &args.write);
            let verb = async |run: &_, report: &mut _| unpin::run(run, &options::unpin(args)?, report).await;
            to_the_end(&connection, setting, verb).await
        }
        Some(VerbArgs::History(args)) => {
            let setting = Setting { output: args.output.output, dry_run: DryRunFlag::None, timeout: args.timeout };
            to_the_end(&connection, setting, async |run, report| history::run(run, &args, report).await).await
        }
        Some(VerbArgs::Lifecycle(args)) => lifecycle::run(&connection, args.verb).await,
        Some(VerbArgs::Completion) => print_shim(),
        Some(VerbArgs::Complete(words)) => {
            // Completion asks the cluster from within its own runtime, on a thread of its own.
            let _ = std::thread::spawn(move || print_candidates(candidates::command(), &words.words)).join();
            Exit::Done
        }
    }
}

fn writing(output: Output, write: &WriteArgs) -> Setting {
    Setting { output, dry_run: write.dry_run, timeout: write.timeout }
}

fn print_shim() -> Exit {
    output::data(SHIM);
    output::talk("# save as kubectl_complete-ecr_rollback (executable) in a folder on PATH");
    print::written()
}
