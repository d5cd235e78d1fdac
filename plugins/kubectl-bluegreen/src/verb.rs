//! From the parsed command line to a verb, and from its outcome to output and exit code.

use std::time::Duration;

use kubectl_release::change::shell_quote;
use kubectl_release::error::{Exit, Failure, Outcome};
use kubectl_release::flags::{ConnectionFlags, DryRunFlag, Output};

use crate::args::{Cli, VerbArgs};
use crate::commands::{cleanup, completion, history, preflight, rollback, status, switch};
use crate::options;
use kubectl_release::report::{Report, Subject};
use kubectl_release::run::{Run, Setting, to_the_end};

/// How commands begin that change something.
const ACTS: [&str; 3] = ["kubectl bluegreen switch", "kubectl bluegreen rollback", "kubectl bluegreen cleanup"];

/// Runs what was typed.
pub async fn run(cli: Cli) -> Exit {
    let connection = cli.connection;
    match cli.verb {
        VerbArgs::Completion => print_shim(),
        VerbArgs::Complete(words) => {
            // Completion asks the cluster from within its own runtime, on a thread of its own.
            let _ = std::thread::spawn(move || completion::print_candidates(&words.words)).join();
            Exit::Done
        }
        VerbArgs::Undo(typed) => unknown("undo", "rollback", &typed.words),
        VerbArgs::Promote(typed) => unknown("promote", "switch", &typed.words),
        verb => in_cluster(&connection, verb).await,
    }
}

fn print_shim() -> Exit {
    print!("{}", completion::SHIM);
    eprintln!("# save as kubectl_complete-bluegreen (executable) in a folder on PATH");
    Exit::Done
}

fn unknown(word: &str, meant: &str, words: &[String]) -> Exit {
    let words: String = words.iter().map(|word| format!(" {}", shell_quote(word))).collect();
    let failure = Failure::usage(format!("unknown verb \"{word}\"")).next(format!("kubectl bluegreen {meant}{words}"));
    kubectl_release::print::failure(&failure, &ACTS);
    failure.exit
}

fn setting(verb: &VerbArgs) -> Setting {
    let (kind, output, write) = match verb {
        VerbArgs::Status(a) => ("Status", a.output.output, None),
        VerbArgs::Preflight(a) => ("Preflight", a.output.output, None),
        VerbArgs::History(a) => ("History", a.output.output, None),
        VerbArgs::Switch(a) => ("Switch", a.output.output, Some(&a.write)),
        VerbArgs::Rollback(a) => ("Rollback", a.output.output, Some(&a.write)),
        VerbArgs::Cleanup(a) => ("Cleanup", a.output.output, Some(&a.write)),
        VerbArgs::Completion | VerbArgs::Complete(_) | VerbArgs::Undo(_) | VerbArgs::Promote(_) => {
            ("", Output::Table, None)
        }
    };
    let waits = if let VerbArgs::Status(a) = verb { a.timeout } else { Duration::from_secs(300) };
    Setting {
        kind,
        subject: Subject::Service,
        output,
        dry_run: write.map_or(DryRunFlag::None, |w| w.dry_run),
        timeout: write.map_or(waits, |w| w.timeout),
        acts: &ACTS,
    }
}

async fn in_cluster(connection: &ConnectionFlags, verb: VerbArgs) -> Exit {
    to_the_end(connection, setting(&verb), async |run, report| dispatch(run, verb, report).await).await
}

async fn dispatch(run: &Run, verb: VerbArgs, report: &mut Report) -> Outcome<()> {
    match verb {
        VerbArgs::Status(args) => status::run(run, &args, report).await,
        VerbArgs::Preflight(args) => preflight::run(run, &options::preflight(args)?, report).await,
        VerbArgs::Switch(args) => switch::run(run, &options::switch(args, &run.suffix)?, report).await,
        VerbArgs::Rollback(args) => rollback::run(run, &options::rollback(args)?, report).await,
        VerbArgs::History(args) => history::run(run, &args.service, report).await,
        VerbArgs::Cleanup(args) => cleanup::run(run, &args, report).await,
        VerbArgs::Completion | VerbArgs::Complete(_) | VerbArgs::Undo(_) | VerbArgs::Promote(_) => Ok(()),
    }
}
