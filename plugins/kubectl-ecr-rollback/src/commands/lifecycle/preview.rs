//! `lifecycle preview`: what a policy would take, who uses it, and what ECR itself says.

use std::cell::Cell;

use futures::future::join;
use futures::{StreamExt, stream};
use jiff::Timestamp;
use kubectl_release::error::{Failure, Outcome};
use kubectl_release::finding::{self, Finding, blocking};
use kubectl_release::image::ecr::EcrRepository;
use kubectl_release::lifecycle_policy::Policy;
use kubectl_release::progress::Progress;
use kubectl_release::registry::Registry;
use kubectl_release::report::Report;
use serde_json::Value;
use tokio::time::Instant;

use super::clusters::{self, Looked};
use super::read::{self, AT_ONCE, Found};
use super::session::Session;
use super::show::ended;
use crate::lifecycle::args::PreviewArgs;
use crate::lifecycle::objections::{Weighing, objections};
use crate::lifecycle::outlook::{InForce, Outlook};
use crate::lifecycle::{document, options, text};

/// What is asked of every repository.
#[derive(Debug)]
pub struct Asked<'a> {
    pub registry: &'a Registry,
    pub looked: &'a Looked,
    /// The policy that was named; else each repository's own.
    pub policy: Option<&'a Policy>,
    /// Spare what is in use.
    pub protect: bool,
    pub deadline: Instant,
    /// Tells how far it is; nothing for a few repositories.
    pub progress: &'a Progress,
    pub judged: Cell<usize>,
}

/// Runs the verb.
///
/// # Errors
/// Exit 1 where a repository can't be read; the others are shown all the same.
pub async fn run(session: &Session<'_>, args: &PreviewArgs, report: &mut Report) -> Outcome<()> {
    let deadline = Instant::now() + args.clusters.timeout;
    let wanted = options::repositories(&args.repositories)?;
    let policy = read::policy(&options::source(&args.policy))?;
    let registry = read::registry(&wanted, session.connection).await?;
    let clusters = clusters::look(session.connection, &args.clusters.contexts);
    let (found, looked) = join(read::repositories(&registry, &wanted), clusters).await;
    let protect = args.clusters.keep_rollback_target;
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
    let judged: Vec<(String, Outcome<Outlook>)> = judged.collect().await;
    let several = judged.len();
    let mut parts = Vec::new();
    let mut failures = Vec::new();
    for (name, outlook) in judged {
        report.names.push(format!("repository/{name}"));
        match outlook {
            Ok(outlook) => {
                let findings = objections(&outlook, Weighing::default());
                parts.push(section(session, &outlook, &registry, &findings));
                report.items.push(item(&outlook, &looked));
                report.findings.extend(findings);
            }
            Err(failure) => failures.push((name, failure)),
        }
    }
    report.context = looked.read.join(",");
    let unread = looked.findings(&registry.place().to_string(), false, false);
    let next = next_command(args, &report.findings, &session.connection.to_repeat());
    parts.push(foot(session, &looked, &unread, several, &next));
    report.findings.extend(unread);
    report.text = parts.join("\n\n");
    ended(failures)
}

/// Reads a repository and judges the policy; ECR's own preview is asked for the very policy that is
/// shown.
pub async fn judge(asked: &Asked<'_>, (name, repository): Found) -> (String, Outcome<Outlook>) {
    let outlook = match repository {
        Err(failure) => Err(failure),
        Ok(repository) => judge_one(asked, &repository).await,
    };
    asked.judged.set(asked.judged.get() + 1);
    if asked.judged.get().is_multiple_of(AT_ONCE) {
        asked.progress.step("looked at", &format!("{} repositories", asked.judged.get()));
    }
    (name, outlook)
}

async fn judge_one(asked: &Asked<'_>, repository: &EcrRepository) -> Outcome<Outlook> {
    let contents = read::contents(asked.registry, repository, &asked.looked.demand, asked.policy).await?;
    let policy = match (asked.policy, &contents.in_force) {
        (Some(named), _) => named,
        (None, InForce::Policy(policy)) => policy,
        (None, InForce::None) => {
            let message = format!("{} has no lifecycle policy, and none was named", repository.name);
            return Err(Failure::failed("NoPolicy", message).next("name one with -f, or make one with --keep-tagged"));
        }
        (None, InForce::Unreadable(problems)) => {
            let first = problems.first().map(ToString::to_string).unwrap_or_default();
            let message = format!("the policy of {} can't be read: {first}", repository.name);
            return Err(Failure::failed("UnreadablePolicy", message));
        }
    };
    let mut outlook = Outlook::new(&repository.name, &contents, policy);
    if let Some(protection) = outlook.protection.take_if(|_| asked.protect) {
        outlook = Outlook::new(&repository.name, &contents, &protection.policy);
        outlook.protection = Some(protection);
    }
    read::ask_ecr(asked.registry, &mut outlook, asked.deadline).await;
    Ok(outlook)
}

/// One repository for a person: outlook, what was raised, objections.
pub fn section(session: &Session<'_>, outlook: &Outlook, registry: &Registry, findings: &[Finding]) -> String {
    let look = text::Look { wide: session.wide(), now: Timestamp::now() };
    let mut lines = vec![text::outlook(outlook, &registry.place().to_string(), look)];
    lines.extend(text::protection(outlook));
    let plain = finding::Look { colored: false, ..session.look(1) };
    lines.push(finding::lines(findings, plain));
    lines.retain(|line| !line.is_empty());
    lines.join("\n")
}

/// One repository in the document.
pub fn item(outlook: &Outlook, looked: &Looked) -> Value {
    let mut item = document::outlook(outlook);
    item["clusters"] = looked.document();
    item
}

fn foot(session: &Session<'_>, looked: &Looked, unread: &[Finding], repositories: usize, next: &str) -> String {
    let noted = finding::lines(unread, finding::Look { colored: false, ..session.look(1) });
    let total = if repositories > 1 { format!("{repositories} repositories; ") } else { String::new() };
    let mut lines = vec![format!("{total}clusters looked at: {}", looked.names()), noted, next.to_owned()];
    lines.retain(|line| !line.is_empty());
    lines.join("\n")
}

/// The command that applies what was previewed, without hurting anybody.
fn next_command(args: &PreviewArgs, findings: &[Finding], connection: &str) -> String {
    if !args.policy.is_named() {
        return String::new();
    }
    let flags = options::to_repeat(&args.repositories, &args.policy, &args.clusters);
    let protect = args.clusters.keep_rollback_target || blocking(findings).count() > 0;
    let protected = if protect { " --keep-rollback-target" } else { "" };
    format!("Apply: kubectl ecr-rollback lifecycle apply{flags}{connection}{protected}")
}
