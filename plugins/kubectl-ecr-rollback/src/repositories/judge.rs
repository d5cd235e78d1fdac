//! Judging a policy repository by repository, and showing what came of it.

use std::cell::Cell;

use futures::future::join;
use futures::{StreamExt, stream};
use jiff::Timestamp;
use release_aws::ecr::Registry;
use release_cli::progress::Progress;
use release_core::checks::finding::Finding;
use release_core::failure::{Failure, Outcome};
use release_core::registry::ecr_reference::EcrRepository;
use release_core::registry::lifecycle_policy::Policy;
use tokio::time::Instant;

use super::clusters::{self, Looked};
use super::policy_text;
use super::read::{self, AT_ONCE, Found};
use super::session::Session;
use crate::lifecycle::args::{ClustersArgs, PolicyArgs, RepositoriesArgs};
use crate::lifecycle::document::OutlookDocument;
use crate::lifecycle::outlook::{InForce, Outlook};
use crate::lifecycle::{options, text};

/// What is to be judged.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    pub repositories: &'a RepositoriesArgs,
    pub policy: &'a PolicyArgs,
    pub clusters: &'a ClustersArgs,
}

/// Every repository judged, and who was asked for it.
#[derive(Debug)]
pub struct Judged {
    pub registry: Registry,
    pub looked: Looked,
    /// By name, in the order of the options.
    pub outlooks: Vec<(String, Outcome<Outlook>)>,
}

/// What is asked of every repository.
struct Judging<'a> {
    registry: &'a Registry,
    looked: &'a Looked,
    /// The policy that was named; else each repository's own.
    policy: Option<&'a Policy>,
    /// Spare what is in use.
    protect: bool,
    deadline: Instant,
    /// Tells how far it is; nothing for a few repositories.
    progress: &'a Progress,
    judged: Cell<usize>,
}

/// Reads clusters and repositories, and judges the policy that is asked for.
///
/// # Errors
/// Exit 1 where the policy, the registry or the list of repositories can't be read, exit 2 for words
/// that make no sense. A repository that can't be read fails alone.
pub async fn judge(session: &Session, question: &Question<'_>) -> Outcome<Judged> {
    let deadline = Instant::now() + question.clusters.timeout;
    let wanted = options::repositories(question.repositories)?;
    let policy = policy_text::policy(&options::source(question.policy))?;
    let registry = read::registry(&wanted, &session.connection).await?;
    let clusters = clusters::look(&session.connection, &question.clusters.contexts);
    let (found, looked) = join(read::repositories(&registry, &wanted), clusters).await;
    let judging = Judging {
        registry: &registry,
        looked: &looked,
        policy: policy.as_ref(),
        protect: question.clusters.keep_rollback_target,
        deadline,
        progress: &session.progress,
        judged: Cell::new(0),
    };
    let outlooks = stream::iter(found?).map(|found| judge_found(&judging, found)).buffered(AT_ONCE).collect().await;
    Ok(Judged { outlooks, registry, looked })
}

/// Reads a repository and judges the policy; ECR's own preview is asked for the very policy that is
/// shown.
async fn judge_found(judging: &Judging<'_>, (name, repository): Found) -> (String, Outcome<Outlook>) {
    let outlook = match repository {
        Err(failure) => Err(failure),
        Ok(repository) => judge_one(judging, &repository).await,
    };
    judging.judged.set(judging.judged.get() + 1);
    if judging.judged.get().is_multiple_of(AT_ONCE) {
        judging.progress.step("looked at", &format!("{} repositories", judging.judged.get()));
    }
    (name, outlook)
}

async fn judge_one(judging: &Judging<'_>, repository: &EcrRepository) -> Outcome<Outlook> {
    let contents = read::contents(judging.registry, repository, &judging.looked.demand, judging.policy).await?;
    let policy = match (judging.policy, &contents.in_force) {
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
    if let Some(protection) = outlook.protection.take_if(|_| judging.protect) {
        outlook = Outlook::new(&repository.name, &contents, &protection.policy);
        outlook.protection = Some(protection);
    }
    read::ask_ecr(judging.registry, &mut outlook, judging.deadline).await;
    Ok(outlook)
}

impl Judged {
    /// One repository for a person: outlook, what was raised, objections.
    #[must_use]
    pub fn section(&self, session: &Session, outlook: &Outlook, findings: &[Finding]) -> String {
        let view = text::View { wide: session.wide(), now: Timestamp::now() };
        let mut lines = vec![text::outlook(outlook, &self.registry.location().to_string(), view)];
        lines.extend(text::protection(outlook));
        lines.push(session.plain(findings));
        lines.retain(|line| !line.is_empty());
        lines.join("\n")
    }

    /// One repository in the document.
    #[must_use]
    pub fn document(&self, outlook: &Outlook) -> OutlookDocument {
        OutlookDocument::new(outlook, self.looked.documents())
    }
}
