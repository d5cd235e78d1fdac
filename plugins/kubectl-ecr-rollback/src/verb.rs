//! From the parsed command line to a verb.

use std::time::Duration;

use kubectl_release::error::{Exit, Outcome};
use kubectl_release::flags::{DryRunFlag, Output};
use kubectl_release::report::{Report, Subject};
use kubectl_release::run::{Run, Setting, to_the_end};

use crate::args::{Cli, RollbackArgs, VerbArgs};
use crate::commands::{completion, history, lifecycle, rollback, unpin};
use crate::options;

/// How commands begin that change something.
const ACTS: [&str; 4] = [
    "kubectl ecr-rollback deploy/",
    "kubectl ecr-rollback sts/",
    "kubectl ecr-rollback ds/",
    "kubectl ecr-rollback unpin",
];

/// Runs what was typed.
pub async fn run(cli: Cli) -> Exit {
    let connection = cli.connection;
    let setting = setting(cli.verb.as_ref(), &cli.rollback);
    match cli.verb {
        Some(VerbArgs::Completion) => print_shim(),
        Some(VerbArgs::Complete(words)) => {
            // Completion asks the cluster from within its own runtime, on a thread of its own.
            let _ = std::thread::spawn(move || completion::print_candidates(&words.words)).join();
            Exit::Done
        }
        Some(VerbArgs::Lifecycle(args)) => lifecycle::to_the_end(&connection, args.verb).await,
        verb => {
            let words = cli.rollback;
            to_the_end(&connection, setting, async |run, report| dispatch(run, verb, words, report).await).await
        }
    }
}

fn print_shim() -> Exit {
    print!("{}", completion::SHIM);
    eprintln!("# save as kubectl_complete-ecr_rollback (executable) in a folder on PATH");
    Exit::Done
}

fn setting(verb: Option<&VerbArgs>, rollback: &RollbackArgs) -> Setting {
    let (kind, output, write) = match verb {
        None => ("ImageRollback", rollback.output.output, Some(&rollback.write)),
        Some(VerbArgs::Unpin(a)) => ("ImageUnpin", a.output.output, Some(&a.write)),
        Some(VerbArgs::History(a)) => ("ImageHistory", a.output.output, None),
        Some(VerbArgs::Lifecycle(_) | VerbArgs::Completion | VerbArgs::Complete(_)) => ("", Output::Table, None),
    };
    Setting {
        kind,
        subject: Subject::Workload,
        output,
        dry_run: write.map_or(DryRunFlag::None, |w| w.dry_run),
        timeout: write.map_or(Duration::from_secs(300), |w| w.timeout),
        acts: &ACTS,
    }
}

async fn dispatch(run: &Run, verb: Option<VerbArgs>, rollback: RollbackArgs, report: &mut Report) -> Outcome<()> {
    match verb {
        None => rollback::run(run, &options::rollback(rollback)?, report).await,
        Some(VerbArgs::History(args)) => history::run(run, &args, report).await,
        Some(VerbArgs::Unpin(args)) => {
            let (name, containers, carry) = options::unpin(args)?;
            unpin::run(run, &name, &containers, &carry, report).await
        }
        Some(VerbArgs::Lifecycle(_) | VerbArgs::Completion | VerbArgs::Complete(_)) => Ok(()),
    }
}
