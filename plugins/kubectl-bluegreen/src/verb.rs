//! From the parsed command line to a verb, and from its outcome to output and exit code.

use std::time::Duration;

use release_cli::flags::{CompleteArgs, ConnectionFlags, DryRunFlag, NotifyArgs, OutputArgs, WriteArgs};
use release_cli::news::Telling;
use release_cli::report::{Members, Report};
use release_cli::run::{Run, Setting, to_the_end, to_the_end_and_tell};
use release_cli::{output, print};
use release_cluster::connection::Connection;
use release_core::command::{Command, Own};
use release_core::failure::{Exit, Failure, Outcome};
use release_core::release::notice::Deed;

use crate::args::{CleanupArgs, Cli, DeployArgs, RollbackArgs, SwitchArgs, VerbArgs};
use crate::candidates;
use crate::commands::{cleanup, completion, deploy, history, init, preflight, preview, rollback, status, switch};
use crate::names::service_names;
use crate::options::document::{self, FilledIn, overruled};

/// How long a verb may wait that has no flag for it.
const PATIENCE: Duration = Duration::from_secs(300);

/// Runs what was typed.
pub async fn run(cli: Cli) -> Exit {
    let own = Own { program: "kubectl bluegreen".into(), flags: repeated(&cli.verb) };
    let connection = &ConnectionFlags { own, ..cli.connection };
    match cli.verb {
        VerbArgs::Completion => print_shim(),
        VerbArgs::Schema => print_schema(),
        VerbArgs::Complete(words) => print_candidates(words),
        VerbArgs::Undo(typed) => unknown(connection, "undo", "rollback", &typed.words),
        VerbArgs::Promote(typed) => unknown(connection, "promote", "switch", &typed.words),
        VerbArgs::Status(args) => {
            let setting = Setting { timeout: args.timeout, ..reading(&args.output) };
            to_the_end(connection, setting, async |run, report| status::run(run, &args, report).await).await
        }
        VerbArgs::Preflight(args) => {
            let setting = reading(&args.output);
            to_the_end(connection, setting, async |run, report| preflight::run(run, args, report).await).await
        }
        VerbArgs::History(args) => {
            let setting = reading(&args.output);
            to_the_end(connection, setting, async |run, report| history::run(run, &args, report).await).await
        }
        VerbArgs::Init(args) => {
            let setting = writing(&args.output, &args.write);
            to_the_end(connection, setting, async |run, report| init::run(run, args, report).await).await
        }
        VerbArgs::Preview(args) => {
            let setting = writing(&args.output, &args.write);
            to_the_end(connection, setting, async |run, report| preview::run(run, args, report).await).await
        }
        VerbArgs::Deploy(args) => deploy(connection, args).await,
        VerbArgs::Switch(args) => switch(connection, args).await,
        VerbArgs::Rollback(args) => rollback(connection, args).await,
        VerbArgs::Cleanup(args) => cleanup(connection, args).await,
    }
}

/// A deploy by its words and its documents.
async fn deploy(connection: &ConnectionFlags, args: DeployArgs) -> Exit {
    let release = match document::filled_in(args) {
        Ok(release) => release,
        Err(failure) => return release_cli::usage::refuse(&failure),
    };
    let services: Vec<String> = release.parts.iter().flat_map(|part| part.args.services.clone()).collect();
    // What they share, every one of them has.
    let Some(FilledIn { args, namespace, .. }) = release.parts.first() else { return Exit::Usage };
    let (args, namespace) = (args.clone(), namespace.clone());
    let mut connection = connection.clone();
    // To kubectl `-n ""` says nothing.
    let typed = connection.namespace.take().filter(|name| !name.is_empty());
    release.parts.iter().flat_map(|part| &part.notes).for_each(output::talk);
    if let Some((typed, said)) = typed.as_ref().zip(namespace.as_ref()).filter(|(typed, said)| typed != said) {
        output::talk(overruled("metadata.namespace", said, &format!("--namespace={typed}")));
    }
    connection.namespace = typed.or(namespace);
    // Flags that the document stood for are said again in every command to paste.
    connection.own.flags = args.track.again();
    let setting = writing(&args.output, &args.write);
    let telling = telling(Deed::Deploy, &args.notify, &services, &args.write);
    let verb = async |run: &_, report: &mut _| deploy::run(run, release, report).await;
    told(&connection, setting, telling, verb).await
}

async fn switch(connection: &ConnectionFlags, args: SwitchArgs) -> Exit {
    let setting = writing(&args.output, &args.write);
    let telling = telling(Deed::Switch, &args.notify, &args.services.services, &args.write);
    let verb = async |run: &_, report: &mut _| switch::run(run, args, report).await;
    told(connection, setting, telling, verb).await
}

async fn rollback(connection: &ConnectionFlags, args: RollbackArgs) -> Exit {
    let setting = writing(&args.output, &args.write);
    let telling = telling(Deed::Rollback, &args.notify, &args.services.services, &args.write);
    let verb = async |run: &_, report: &mut _| rollback::run(run, args, report).await;
    told(connection, setting, telling, verb).await
}

async fn cleanup(connection: &ConnectionFlags, args: CleanupArgs) -> Exit {
    let setting = writing(&args.output, &args.write);
    let telling = telling(Deed::Cleanup, &args.notify, &args.services, &args.write);
    let verb = async |run: &_, report: &mut _| cleanup::run(run, &args, report).await;
    told(connection, setting, telling, verb).await
}

/// Who is told of a verb, and what is known of it so far.
fn telling(verb: Deed, notify: &NotifyArgs, services: &[String], write: &WriteArgs) -> Outcome<Telling> {
    // What is no name is refused by the verb.
    let services = service_names(services).unwrap_or_default();
    Ok(Telling { wanted: notify.wanted()?, verb, services, reason: write.reason.clone() })
}

/// Runs a verb that others are told of.
async fn told<M: Members>(
    connection: &ConnectionFlags,
    setting: Setting,
    telling: Outcome<Telling>,
    verb: impl AsyncFnOnce(&Run, &mut Report<M>) -> Outcome<()>,
) -> Exit {
    match telling {
        Ok(telling) => to_the_end_and_tell(connection, setting, telling, verb).await,
        Err(failure) => release_cli::usage::refuse(&failure),
    }
}

/// A track key that was typed has to be typed again: nobody remembers it for whoever pastes a command.
fn repeated(verb: &VerbArgs) -> Vec<String> {
    let track = match verb {
        VerbArgs::Status(args) => &args.track,
        VerbArgs::Preflight(args) => &args.track,
        VerbArgs::Deploy(args) => &args.track,
        VerbArgs::Preview(args) => &args.track,
        VerbArgs::Switch(args) => &args.track,
        VerbArgs::Rollback(args) => &args.track,
        VerbArgs::Cleanup(args) => &args.track,
        VerbArgs::History(args) => &args.track,
        _ => return Vec::new(),
    };
    track.again()
}

fn reading(output: &OutputArgs) -> Setting {
    Setting { output: output.output, dry_run: DryRunFlag::None, timeout: PATIENCE }
}

fn writing(output: &OutputArgs, write: &WriteArgs) -> Setting {
    Setting { output: output.output, dry_run: write.dry_run, timeout: write.timeout }
}

fn print_schema() -> Exit {
    output::json(&release_core::release::document::schema(), true);
    print::written()
}

fn print_shim() -> Exit {
    output::data(completion::SHIM);
    output::talk("# save as kubectl_complete-bluegreen (executable) in a folder on PATH");
    print::written()
}

/// Completion asks the cluster from within its own runtime, on a thread of its own.
fn print_candidates(typed: CompleteArgs) -> Exit {
    let print = move || release_cli::complete::print_candidates(candidates::command(), &typed.words);
    let _ = std::thread::spawn(print).join();
    Exit::Done
}

/// Flags before the verb are kept; those behind it are among its words.
fn unknown(flags: &ConnectionFlags, word: &str, meant: &str, words: &[String]) -> Exit {
    let connection = Connection::from(flags);
    let namespace = connection.namespace.as_deref();
    let scope = namespace.map_or_else(|| connection.scope(), |name| connection.scope().in_namespace(name));
    let command = Command::new("kubectl bluegreen").arg(meant).args(words).scope(&scope);
    release_cli::usage::refuse(&Failure::usage(format!("unknown verb \"{word}\"")).try_next(command))
}
