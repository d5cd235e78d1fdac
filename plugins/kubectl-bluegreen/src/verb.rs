//! From the parsed command line to a verb, and from its outcome to output and exit code.

use std::rc::Rc;
use std::time::Duration;

use kubectl_release::change::shell_quote;
use kubectl_release::error::{Exit, Failure, Outcome};
use kubectl_release::flags::{ConnectionFlags, DryRunFlag, Output};

use crate::args::{Cli, VerbArgs};
use crate::commands::{cleanup, completion, history, preflight, rollback, status, switch};
use crate::options;
use kubectl_release::report::Report;
use kubectl_release::run::{Run, Standing, interrupted};

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

/// What all verbs need before they start.
struct Setting {
    kind: &'static str,
    output: Output,
    dry_run: DryRunFlag,
    timeout: Duration,
}

fn setting(verb: &VerbArgs) -> Setting {
    let read = |kind, output| Setting { kind, output, dry_run: DryRunFlag::None, timeout: Duration::from_secs(300) };
    match verb {
        VerbArgs::Status(a) => Setting { timeout: a.timeout, ..read("Status", a.output.output) },
        VerbArgs::Preflight(a) => read("Preflight", a.output.output),
        VerbArgs::History(a) => read("History", a.output.output),
        VerbArgs::Switch(a) => {
            Setting { kind: "Switch", output: a.output.output, dry_run: a.write.dry_run, timeout: a.write.timeout }
        }
        VerbArgs::Rollback(a) => {
            Setting { kind: "Rollback", output: a.output.output, dry_run: a.write.dry_run, timeout: a.write.timeout }
        }
        VerbArgs::Cleanup(a) => {
            Setting { kind: "Cleanup", output: a.output.output, dry_run: a.write.dry_run, timeout: a.write.timeout }
        }
        VerbArgs::Completion | VerbArgs::Complete(_) | VerbArgs::Undo(_) | VerbArgs::Promote(_) => {
            read("", Output::Table)
        }
    }
}

async fn in_cluster(connection: &ConnectionFlags, verb: VerbArgs) -> Exit {
    let setting = setting(&verb);
    let mut report = Report { kind: setting.kind, dry_run: setting.dry_run.word(), ..Report::default() };
    let standing = Standing::new("interrupted; nothing was written".to_owned().into());
    let outcome = match Run::new(connection, setting.output, setting.dry_run, setting.timeout, Rc::clone(&standing)) {
        Err(failure) => Err(failure),
        Ok(run) => {
            report.context.clone_from(&run.cluster.context);
            report.namespace.clone_from(&run.cluster.namespace);
            tokio::select! {
                outcome = dispatch(&run, verb, &mut report) => outcome,
                () = interrupted() => Err(Failure::new(Exit::Interrupted, "Interrupted", standing.borrow().clone())),
            }
        }
    };
    kubectl_release::print::report(&report, setting.output, outcome.as_ref().err(), &ACTS);
    outcome.err().map_or(Exit::Done, |failure| failure.exit)
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
