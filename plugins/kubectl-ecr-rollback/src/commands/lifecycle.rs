//! `lifecycle`: show, preview and apply the lifecycle policies of repositories.

mod apply;
mod clusters;
mod preview;
mod read;
mod session;
mod show;

use kubectl_release::error::{Exit, Failure, Outcome};
use kubectl_release::flags::{ConnectionFlags, DryRunFlag};
use kubectl_release::report::{Report, Subject};
use kubectl_release::run::{Standing, interrupted};

use crate::lifecycle::args::LifecycleVerb;
use session::Session;

/// How commands begin that change something.
const ACTS: [&str; 1] = ["kubectl ecr-rollback lifecycle apply"];

/// Runs a verb until it ends or is interrupted, and prints its report. A kubeconfig is needed only
/// where a cluster is looked at.
pub async fn to_the_end(connection: &ConnectionFlags, verb: LifecycleVerb) -> Exit {
    let output = verb.output().output;
    let (kind, dry_run) = match &verb {
        LifecycleVerb::Show(_) => ("LifecycleShow", DryRunFlag::None),
        LifecycleVerb::Preview(_) => ("LifecyclePreview", DryRunFlag::None),
        LifecycleVerb::Apply(args) => ("LifecycleApply", args.dry_run),
    };
    let mut report = Report { kind, subject: Subject::Repository, dry_run: dry_run.word(), ..Report::default() };
    let standing = Standing::new("interrupted; nothing was written".to_owned().into());
    let session = Session::new(connection, output, std::rc::Rc::clone(&standing));
    let outcome = tokio::select! {
        outcome = run(&session, verb, &mut report) => outcome,
        () = interrupted() => Err(Failure::new(Exit::Interrupted, "Interrupted", standing.borrow().clone())),
    };
    kubectl_release::print::report(&report, output, outcome.as_ref().err(), &ACTS);
    outcome.err().map_or(Exit::Done, |failure| failure.exit)
}

async fn run(session: &Session<'_>, verb: LifecycleVerb, report: &mut Report) -> Outcome<()> {
    match verb {
        LifecycleVerb::Show(args) => show::run(session, &args, report).await,
        LifecycleVerb::Preview(args) => preview::run(session, &args, report).await,
        LifecycleVerb::Apply(args) => apply::run(session, &args, report).await,
    }
}
