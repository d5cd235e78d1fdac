//! `lifecycle apply`: puts a policy in force, unless it would take what is in use.

use std::cell::RefCell;

use futures::{StreamExt, stream};
use release_aws::ecr::Registry;
use release_cli::confirm::agree;
use release_cli::report::Report;
use release_cli::table::table;
use release_core::checks::finding::{self, Finding};
use release_core::checks::weighing::blocking;
use release_core::failure::{Failure, Outcome};
use release_core::registry::lifecycle_policy::Action;

use super::put_progress::PutProgress;
use crate::lifecycle::args::ApplyArgs;
use crate::lifecycle::document::{AppliedRepository, ApplyMembers, RepositoryFailure};
use crate::lifecycle::objections::objections;
use crate::lifecycle::options::{self, ApplyOptions, apply_command};
use crate::lifecycle::outlook::Outlook;
use crate::lifecycle::words::images;
use crate::repositories::failures::ended;
use crate::repositories::judge::{Judged, Question, judge};
use crate::repositories::read::{AT_ONCE, in_force};
use crate::repositories::session::Session;

/// What becomes of one repository.
#[derive(Debug)]
enum Fate {
    /// The policy in force says the same.
    Unchanged,
    /// To be written, or only shown.
    Ready,
    /// Something in use would go.
    Refused,
    Applied,
    Failed(Failure),
}

impl Fate {
    fn word(&self, dry_run: bool) -> &'static str {
        match self {
            Self::Unchanged => "unchanged",
            Self::Ready if dry_run => "would apply",
            Self::Ready => "not applied",
            Self::Refused => "refused",
            Self::Applied => "applied",
            Self::Failed(_) => "failed",
        }
    }
}

/// One repository on its way.
#[derive(Debug)]
struct Job {
    name: String,
    /// Nothing where it can't be read.
    outlook: Option<Outlook>,
    findings: Vec<Finding>,
    fate: Fate,
}

/// Runs the verb.
///
/// # Errors
/// Exit 1 where something in use would go, a cluster can't be read, or a repository failed: the
/// other repositories are done all the same. Exit 2 for words that make no sense, exit 6 without a
/// terminal and `--yes`, exit 3 where somebody else changed the policy meanwhile.
pub async fn run(session: &Session, args: &ApplyArgs, report: &mut Report<ApplyMembers>) -> Outcome<()> {
    let options = options::apply(args)?;
    let question = Question { repositories: &args.repositories, policy: &args.policy, clusters: &args.clusters };
    let mut judged = judge(session, &question).await?;
    let outlooks = std::mem::take(&mut judged.outlooks);
    let mut jobs: Vec<Job> = outlooks.into_iter().map(|(name, outlook)| job(name, outlook, &options)).collect();
    let unread = judged.looked.findings(&judged.registry.location().to_string(), true, options.allow_in_use);
    show(session, &jobs, &judged, &unread);
    let to_do = jobs.iter().any(|job| matches!(job.fate, Fate::Ready | Fate::Refused));
    let unknown = to_do && blocking(&unread).count() > 0;
    report.findings.extend(unread);
    let written = if unknown {
        Err(Failure::failed("ClusterUnread", "what is in use can't be known; nothing was written")
            .next("name all clusters that use the repositories: --contexts A,B"))
    } else {
        write(session, &mut jobs, &judged.registry, &options).await
    };
    fill(report, &jobs, &judged, &options);
    written?;
    outcome(session, jobs, args)
}

fn job(name: String, outlook: Outcome<Outlook>, options: &ApplyOptions) -> Job {
    match outlook {
        Err(failure) => Job { name, outlook: None, findings: Vec::new(), fate: Fate::Failed(failure) },
        Ok(outlook) => {
            let findings = objections(&outlook, options.allow_in_use);
            let fate = if outlook.is_unchanged() {
                Fate::Unchanged
            } else if blocking(&findings).count() > 0 {
                Fate::Refused
            } else {
                Fate::Ready
            };
            Job { name, outlook: Some(outlook), findings, fate }
        }
    }
}

/// The plan, before anybody is asked.
fn show(session: &Session, jobs: &[Job], judged: &Judged, unread: &[Finding]) {
    for job in jobs.iter().filter(|job| !matches!(job.fate, Fate::Unchanged) || session.wide()) {
        if let Some(outlook) = &job.outlook {
            session.say(&format!("{}\n", judged.section(session, outlook, &job.findings)));
        }
    }
    session.say(&format!("clusters looked at: {}", judged.looked.names()));
    session.say(&finding::lines(unread, session.look(1)));
}

/// Asks, and puts all policies that are ready.
async fn write(session: &Session, jobs: &mut [Job], registry: &Registry, options: &ApplyOptions) -> Outcome<()> {
    let ready: Vec<&Outlook> =
        jobs.iter().filter(|job| matches!(job.fate, Fate::Ready)).filter_map(|job| job.outlook.as_ref()).collect();
    if ready.is_empty() || options.dry_run {
        return Ok(());
    }
    agree(&question(&ready), options.yes)?;
    let progress = RefCell::new(PutProgress::before(ready.len()));
    let puts = ready.iter().map(|outlook| put(session, registry, outlook, &progress));
    let puts: Vec<_> = stream::iter(puts).buffer_unordered(AT_ONCE).collect().await;
    for (name, done) in puts {
        if let Some(job) = jobs.iter_mut().find(|job| job.name == name) {
            job.fate = done.map_or_else(Fate::Failed, |()| Fate::Applied);
        }
    }
    Ok(())
}

fn question(ready: &[&Outlook]) -> String {
    let expire: usize = ready.iter().map(|outlook| outlook.count(Action::Expire)).sum();
    let archive: usize = ready.iter().map(|outlook| outlook.count(Action::Archive)).sum();
    let whose = match ready {
        [only] => only.repository.clone(),
        several => format!("{} repositories", several.len()),
    };
    let archived = if archive > 0 { format!(", {} archived", images(archive)) } else { String::new() };
    format!("Put the policy in force for {whose}? Within a day {} expire{archived}.", images(expire))
}

async fn put(
    session: &Session,
    registry: &Registry,
    outlook: &Outlook,
    progress: &RefCell<PutProgress>,
) -> (String, Outcome<()>) {
    let name = outlook.repository.clone();
    progress.borrow_mut().began(&name);
    session.stands(progress.borrow().in_words());
    let done = put_unless_changed(registry, outlook).await;
    progress.borrow_mut().ended(&name, done.is_ok());
    session.stands(progress.borrow().in_words());
    match &done {
        Ok(()) => session.progress.step("applied", &name),
        Err(error) => session.progress.step("failed", &format!("{name}: {error}")),
    }
    (name, done)
}

/// ECR takes no condition with a policy, so the one in force is read again just before: somebody may
/// have changed it while a person was asked.
async fn put_unless_changed(registry: &Registry, outlook: &Outlook) -> Outcome<()> {
    let name = outlook.repository.as_str();
    if in_force(registry, name).await.map_err(Failure::from)? != outlook.in_force {
        let message = format!("the policy of {name} was changed by somebody else; nothing was written to it");
        return Err(Failure::changed(message).next("look again: run the same command"));
    }
    registry.put_lifecycle_policy(name, &outlook.policy.to_text()).await.map_err(Failure::from)
}

fn fill(report: &mut Report<ApplyMembers>, jobs: &[Job], judged: &Judged, options: &ApplyOptions) {
    report.context = Some(judged.looked.read.join(","));
    let mut lines = Vec::new();
    for job in jobs {
        report.names.push(format!("repository/{}", job.name));
        let failure = if let Fate::Failed(failure) = &job.fate { Some(RepositoryFailure::from(failure)) } else { None };
        report.members.repositories.push(AppliedRepository {
            name: job.name.clone(),
            outlook: job.outlook.as_ref().map(|outlook| judged.document(outlook)),
            result: job.fate.word(options.dry_run),
            failure,
        });
        report.findings.extend(job.findings.iter().cloned());
        let word = if matches!(job.fate, Fate::Unchanged) {
            "unchanged, nothing to do"
        } else {
            job.fate.word(options.dry_run)
        };
        lines.push(format!("repository/{} lifecycle policy {word}", job.name));
    }
    report.text = if jobs.len() > 1 { summary(jobs, options) } else { lines.join("\n") };
}

fn summary(jobs: &[Job], options: &ApplyOptions) -> String {
    let row = |job: &Job| {
        let count = |n: fn(&Outlook) -> usize| job.outlook.as_ref().map(|o| n(o).to_string()).unwrap_or_default();
        vec![
            job.name.clone(),
            job.fate.word(options.dry_run).to_owned(),
            count(Outlook::staying),
            count(|o| o.count(Action::Expire)),
            count(|o| o.threatened().count()),
        ]
    };
    let rows: Vec<Vec<String>> = jobs.iter().map(row).collect();
    let words = ["applied", "would apply", "unchanged", "refused", "not applied", "failed"];
    let counts = words.iter().filter_map(|word| {
        let count = jobs.iter().filter(|job| job.fate.word(options.dry_run) == *word).count();
        (count > 0).then(|| format!("{count} {word}"))
    });
    let counts: Vec<String> = counts.collect();
    format!("{}\n{}", table(&["REPOSITORY", "RESULT", "STAY", "EXPIRE", "IN USE"], &rows), counts.join(", "))
}

/// Refusals and failures end in exit 1, once everything else is done.
fn outcome(session: &Session, jobs: Vec<Job>, args: &ApplyArgs) -> Outcome<()> {
    let mut failures = Vec::new();
    for Job { name, outlook, fate, .. } in jobs {
        match fate {
            Fate::Failed(failure) => failures.push((name, failure)),
            Fate::Refused => {
                let threatened = outlook.map_or(0, |outlook| outlook.threatened().count());
                let failure = refused(session, &name, threatened, args);
                failures.push((name, failure));
            }
            Fate::Unchanged | Fate::Ready | Fate::Applied => {}
        }
    }
    ended(failures)
}

fn refused(session: &Session, name: &str, threatened: usize, args: &ApplyArgs) -> Failure {
    let message = format!("{} in use would go from {name}; its policy was not changed", images(threatened));
    let failure = Failure::failed("InUse", message);
    if args.clusters.keep_rollback_target {
        return failure.next("--allow-expiring-in-use applies it all the same");
    }
    let command = apply_command(&args.repositories, &args.policy, &args.clusters).scope(&session.connection.scope());
    failure.try_next(command.arg("--keep-rollback-target"))
}
