//! `lifecycle apply`: puts a policy in force, unless it would take what is in use.

use std::time::Duration;

use release_cli::confirm::agree;
use release_cli::report::Report;
use release_cli::table::table;
use release_core::checks::finding::{self, Finding};
use release_core::checks::ids::{self, CheckId};
use release_core::checks::weighing::blocking;
use release_core::command::Command;
use release_core::failure::{Failure, Outcome};
use release_core::registry::lifecycle_policy::Action;
use tokio::time::Instant;

use super::put::{Ready, put_all};
use super::refused::{Asked, Refused, blocking_ids, open_ways};
use crate::lifecycle::args::ApplyArgs;
use crate::lifecycle::document::{AppliedRepository, ApplyMembers, RepositoryFailure};
use crate::lifecycle::objections::objections;
use crate::lifecycle::options::{self, ApplyOptions};
use crate::lifecycle::outlook::Outlook;
use crate::lifecycle::usage::Forced;
use crate::lifecycle::words::images;
use crate::repositories::again::Again;
use crate::repositories::failures::ended;
use crate::repositories::judge::{Judged, Question, judge};
use crate::repositories::session::Session;

/// However long reading took, what is ready is put.
const LEAST_FOR_WRITING: Duration = Duration::from_secs(30);

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

impl Job {
    fn refused(&self) -> Option<Refused<'_>> {
        let outlook = self.outlook.as_ref().filter(|_| matches!(self.fate, Fate::Refused))?;
        Some(Refused { outlook, findings: &self.findings })
    }
}

/// Runs the verb.
///
/// # Errors
/// Exit 1 where something in use would go, a cluster can't be read, or a repository failed: the
/// other repositories are done all the same. Exit 2 for words that make no sense, exit 6 without a
/// terminal and `--yes`, exit 3 where somebody else changed the policy meanwhile, exit 4 where
/// repositories could not be read in time.
pub async fn run(session: &Session, args: &ApplyArgs, report: &mut Report<ApplyMembers>) -> Outcome<()> {
    let options = options::apply(args)?;
    let forced = &options.forced;
    let question =
        Question { repositories: &args.repositories, policy: &args.policy, clusters: &args.clusters, forced };
    let began = Instant::now();
    let mut judged = judge(session, &question).await?;
    let left = args.clusters.limit.timeout.saturating_sub(began.elapsed());
    let outlooks = std::mem::take(&mut judged.outlooks);
    let mut jobs: Vec<Job> = outlooks.into_iter().map(|(name, outlook)| job(name, outlook, &options)).collect();
    let mut unread = judged.looked.findings(&judged.location(), true);
    options.weigh(&mut unread);
    show(session, &jobs, &judged, &unread);
    let to_do = jobs.iter().any(|job| matches!(job.fate, Fate::Ready | Fate::Refused));
    let written = match unknown(&unread).filter(|_| to_do) {
        Some(failure) => Err(failure),
        None => {
            let location = judged.location();
            let again = Again::new(&session.connection, &args.clusters.contexts, &options, &location);
            write(session, &mut jobs, &judged, &again, left).await
        }
    };
    report.findings.extend(unread);
    fill(report, &jobs, &judged, &options);
    written?;
    let refused: Vec<Refused<'_>> = jobs.iter().filter_map(Job::refused).collect();
    let others_failed = jobs.iter().any(|job| matches!(job.fate, Fate::Failed(_)));
    let asked = Asked { session, judged: &judged, args, options: &options };
    let open = open_ways(&asked, &refused, others_failed).await;
    outcome(jobs, &open, (&options, args.policy.is_repeatable()))
}

/// That nothing can be written because of what could not be read.
fn unknown(unread: &[Finding]) -> Option<Failure> {
    let ids = blocking_ids(unread);
    let next = if ids.contains(&ids::CLUSTER_UNREAD) {
        "name all clusters that use the repositories: --contexts A,B".to_owned()
    } else {
        format!("--force={} applies it all the same", joined(&ids))
    };
    let failure = Failure::failed("ClusterUnread", "what is in use can't be known; nothing was written");
    (!ids.is_empty()).then(|| failure.next(next))
}

fn job(name: String, outlook: Outcome<Outlook>, options: &ApplyOptions) -> Job {
    match outlook {
        Err(failure) => Job { name, outlook: None, findings: Vec::new(), fate: Fate::Failed(failure) },
        Ok(outlook) => {
            let mut findings = objections(&outlook, &options.forced);
            options.weigh(&mut findings);
            // That a policy is in force already makes it no better.
            let fate = if blocking(&findings).count() > 0 {
                Fate::Refused
            } else if outlook.is_unchanged() {
                Fate::Unchanged
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

/// Asks, and puts all policies that are ready; what ECR throttles is put again for so long as is
/// `left` of the time.
async fn write(session: &Session, jobs: &mut [Job], judged: &Judged, again: &Again<'_>, left: Duration) -> Outcome<()> {
    let outlooks = jobs.iter().filter(|job| matches!(job.fate, Fate::Ready)).filter_map(|job| job.outlook.as_ref());
    let ready = |outlook| Some(Ready { outlook, repository: judged.repositories.get(&outlook.repository)? });
    let ready: Vec<Ready<'_>> = outlooks.filter_map(ready).collect();
    if ready.is_empty() || again.options.dry_run {
        return Ok(());
    }
    agree(&question(&ready.iter().map(|ready| ready.outlook).collect::<Vec<_>>()), again.options.yes)?;
    let puts = put_all(session, &judged.reader.registry, again, &ready, left.max(LEAST_FOR_WRITING)).await;
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

fn fill(report: &mut Report<ApplyMembers>, jobs: &[Job], judged: &Judged, options: &ApplyOptions) {
    report.context = Some(judged.looked.contexts().join(","));
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
fn outcome(jobs: Vec<Job>, open: &[Command], (options, repeatable): (&ApplyOptions, bool)) -> Outcome<()> {
    let mut failures = Vec::new();
    for job in jobs {
        if let Some(refused) = job.refused() {
            let failure = refused.failure(options, open, repeatable);
            failures.push((job.name, failure));
        } else if let Fate::Failed(failure) = job.fate {
            failures.push((job.name, failure));
        }
    }
    ended(failures)
}

fn joined(ids: &[CheckId]) -> String {
    Forced::default().and(ids).typed()
}
