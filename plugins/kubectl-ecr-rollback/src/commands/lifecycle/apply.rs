//! `lifecycle apply`: puts a policy in force, unless it would take what is in use.

mod standing;

use std::cell::{Cell, RefCell};

use futures::future::join;
use futures::{StreamExt, stream};
use kubectl_release::confirm::agree;
use kubectl_release::error::{Failure, Outcome};
use kubectl_release::finding::{self, Finding, blocking};
use kubectl_release::lifecycle_policy::Action;
use kubectl_release::registry::Registry;
use kubectl_release::report::Report;
use kubectl_release::table::table;
use serde_json::json;
use tokio::time::Instant;

use super::clusters::{self, Looked};
use super::preview::{Asked, item, judge, section};
use super::read::{self, AT_ONCE};
use super::session::Session;
use super::show::ended;
use crate::lifecycle::args::ApplyArgs;
use crate::lifecycle::objections::{Weighing, images, objections};
use crate::lifecycle::options::{self, ApplyOptions};
use crate::lifecycle::outlook::Outlook;
use standing::Standing;

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
pub async fn run(session: &Session<'_>, args: &ApplyArgs, report: &mut Report) -> Outcome<()> {
    let options = options::apply(args)?;
    let wanted = options::repositories(&args.repositories)?;
    let policy = read::policy(&options::source(&args.policy))?;
    let registry = read::registry(&wanted, session.connection).await?;
    let clusters = clusters::look(session.connection, &args.clusters.contexts);
    let (found, looked) = join(read::repositories(&registry, &wanted), clusters).await;
    let deadline = Instant::now() + options.timeout;
    let protect = options.keep_rollback_target;
    let asked = Asked {
        registry: &registry,
        looked: &looked,
        policy: policy.as_ref(),
        protect,
        deadline,
        progress: &session.progress,
        judged: Cell::new(0),
    };
    let judged = stream::iter(found?).map(|found| judge(&asked, found)).buffered(AT_ONCE);
    let mut jobs: Vec<Job> = judged.map(|(name, outlook)| job(name, outlook, &options)).collect().await;
    let unread = looked.findings(&registry.place().to_string(), true, options.allow_in_use);
    show(session, &jobs, &registry, &looked, &unread);
    let to_do = jobs.iter().any(|job| matches!(job.fate, Fate::Ready | Fate::Refused));
    let unknown = to_do && blocking(&unread).count() > 0;
    report.findings.extend(unread);
    let written = if unknown {
        Err(Failure::failed("ClusterUnread", "what is in use can't be known; nothing was written")
            .next("name all clusters that use the repositories: --contexts A,B"))
    } else {
        write(session, &mut jobs, &registry, &options).await
    };
    fill(report, &jobs, &looked, &options);
    written?;
    outcome(jobs, args, &session.connection.to_repeat())
}

fn job(name: String, outlook: Outcome<Outlook>, options: &ApplyOptions) -> Job {
    match outlook {
        Err(failure) => Job { name, outlook: None, findings: Vec::new(), fate: Fate::Failed(failure) },
        Ok(outlook) => {
            let findings = objections(&outlook, Weighing { allow_in_use: options.allow_in_use });
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
fn show(session: &Session<'_>, jobs: &[Job], registry: &Registry, looked: &Looked, unread: &[Finding]) {
    for job in jobs.iter().filter(|job| !matches!(job.fate, Fate::Unchanged) || session.wide()) {
        if let Some(outlook) = &job.outlook {
            session.say(&format!("{}\n", section(session, outlook, registry, &job.findings)));
        }
    }
    session.say(&format!("clusters looked at: {}", looked.names()));
    session.say(&finding::lines(unread, session.look(1)));
}

/// Asks, and puts all policies that are ready.
async fn write(session: &Session<'_>, jobs: &mut [Job], registry: &Registry, options: &ApplyOptions) -> Outcome<()> {
    let ready: Vec<&Outlook> =
        jobs.iter().filter(|job| matches!(job.fate, Fate::Ready)).filter_map(|job| job.outlook.as_ref()).collect();
    if ready.is_empty() || options.dry_run {
        return Ok(());
    }
    agree(&question(&ready), options.yes)?;
    let standing = RefCell::new(Standing::before(ready.len()));
    let puts = ready.iter().map(|outlook| put(session, registry, outlook, &standing));
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
    session: &Session<'_>,
    registry: &Registry,
    outlook: &Outlook,
    standing: &RefCell<Standing>,
) -> (String, Outcome<()>) {
    let name = outlook.repository.clone();
    standing.borrow_mut().began(&name);
    session.stands(standing.borrow().in_words());
    let done = put_unless_changed(registry, outlook).await;
    standing.borrow_mut().ended(&name, done.is_ok());
    session.stands(standing.borrow().in_words());
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
    if read::in_force(registry, name).await.map_err(Failure::from)? != outlook.in_force {
        let message = format!("the policy of {name} was changed by somebody else; nothing was written to it");
        return Err(Failure::changed(message).next("look again: run the same command"));
    }
    registry.put_lifecycle_policy(name, &outlook.policy.to_text()).await.map_err(Failure::from)
}

fn fill(report: &mut Report, jobs: &[Job], looked: &Looked, options: &ApplyOptions) {
    report.context = looked.read.join(",");
    let mut lines = Vec::new();
    for job in jobs {
        report.names.push(format!("repository/{}", job.name));
        let mut value = job.outlook.as_ref().map_or_else(|| json!({"name": job.name}), |outlook| item(outlook, looked));
        value["result"] = json!(job.fate.word(options.dry_run));
        if let Fate::Failed(failure) = &job.fate {
            value["reason"] = json!(failure.reason);
            value["message"] = json!(failure.message);
        }
        report.items.push(value);
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
fn outcome(jobs: Vec<Job>, args: &ApplyArgs, connection: &str) -> Outcome<()> {
    let mut failures = Vec::new();
    for job in jobs {
        match job.fate {
            Fate::Failed(failure) => failures.push((job.name, failure)),
            Fate::Refused => {
                let threatened = job.outlook.as_ref().map_or(0, |outlook| outlook.threatened().count());
                let message =
                    format!("{} in use would go from {}; its policy was not changed", images(threatened), job.name);
                let flags = options::to_repeat(&args.repositories, &args.policy, &args.clusters);
                let next = format!("kubectl ecr-rollback lifecycle apply{flags}{connection} --keep-rollback-target");
                let failure = Failure::failed("InUse", message);
                let proposes = !args.clusters.keep_rollback_target;
                failures.push((
                    job.name,
                    if proposes {
                        failure.next(next)
                    } else {
                        failure.next("--allow-expiring-in-use applies it all the same")
                    },
                ));
            }
            Fate::Unchanged | Fate::Ready | Fate::Applied => {}
        }
    }
    ended(failures)
}
