//! Judging a policy repository by repository, and showing what came of it.

use std::cell::Cell;
use std::collections::BTreeMap;

use futures::future::{join, join_all};
use jiff::Timestamp;
use release_cli::progress::Progress;
use release_core::checks::finding::Finding;
use release_core::failure::{Failure, Outcome};
use release_core::registry::ecr_reference::EcrRepository;
use release_core::registry::index_manifest::IndexChildren;
use release_core::registry::lifecycle_policy::Policy;
use release_core::registry::manifest_content::ManifestContents;

use super::clusters::{self, Looked};
use super::policy_text;
use super::read::{self, AT_ONCE, Found, RegistryReader};
use super::session::Session;
use super::turns::Undone;
use crate::lifecycle::args::{ClustersArgs, PolicyArgs, RepositoriesArgs};
use crate::lifecycle::document::OutlookDocument;
use crate::lifecycle::outlook::{Contents, InForce, Outlook};
use crate::lifecycle::usage::Forced;
use crate::lifecycle::{options, text};

/// What is to be judged.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    pub repositories: &'a RepositoriesArgs,
    pub policy: &'a PolicyArgs,
    pub clusters: &'a ClustersArgs,
    /// What is given up.
    pub forced: &'a Forced,
}

/// Every repository judged, and who was asked for it.
#[derive(Debug)]
pub struct Judged {
    pub reader: RegistryReader,
    pub looked: Looked,
    /// By name, in the order of the options.
    pub outlooks: Vec<(String, Outcome<Outlook>)>,
    /// Where they are, by name.
    pub repositories: BTreeMap<String, EcrRepository>,
}

/// What is asked of every repository.
struct Judging<'a> {
    reader: &'a RegistryReader,
    looked: &'a Looked,
    /// The policy that was named; else each repository's own.
    policy: Option<&'a Policy>,
    /// Spare what is in use.
    protect: bool,
    forced: &'a Forced,
    /// Tells how far it is; nothing for a few repositories.
    progress: &'a Progress,
    judged: Cell<usize>,
    all: usize,
}

/// Reads clusters and repositories, and judges the policy that is asked for.
///
/// # Errors
/// Exit 1 where the policy, the registry or the list of repositories can't be read, exit 2 for words
/// that make no sense. A repository that can't be read fails alone.
pub async fn judge(session: &Session, question: &Question<'_>) -> Outcome<Judged> {
    let wanted = options::repositories(question.repositories)?;
    let policy = policy_text::policy(&options::source(question.policy))?;
    let registry = read::registry(&wanted, &session.connection).await?;
    let reader = RegistryReader::within(question.clusters.limit.timeout, registry);
    let clusters = clusters::look(&session.connection, &question.clusters.contexts, reader.turns.deadline());
    let (found, looked) = join(read::repositories(&reader, &wanted), clusters).await;
    let found = found?;
    let located = found.iter().filter_map(|(name, found)| Some((name.clone(), found.as_ref().ok()?.clone())));
    let repositories = located.collect();
    let judging = Judging {
        reader: &reader,
        looked: &looked,
        policy: policy.as_ref(),
        protect: question.clusters.keep_rollback_target,
        forced: question.forced,
        progress: &session.progress,
        judged: Cell::new(0),
        all: found.len(),
    };
    let outlooks = join_all(found.into_iter().map(|found| judge_found(&judging, found))).await;
    Ok(Judged { outlooks, reader, looked, repositories })
}

/// Reads a repository and judges the policy; ECR's own preview is asked for the very policy that is
/// shown.
async fn judge_found(judging: &Judging<'_>, (name, repository): Found) -> (String, Outcome<Outlook>) {
    let mut outlook = match repository {
        Err(failure) => Err(failure),
        Ok(repository) => {
            let read = async || judge_one(judging, &repository).await;
            judging.reader.turns.read(read, || judging.reader.late(&name)).await
        }
    };
    tell(judging);
    if let Ok(outlook) = &mut outlook {
        read::ask_ecr(&judging.reader.registry, outlook, judging.reader.turns.deadline()).await;
    }
    (name, outlook)
}

fn tell(judging: &Judging<'_>) {
    let judged = judging.judged.get().saturating_add(1);
    judging.judged.set(judged);
    if judged.is_multiple_of(AT_ONCE) {
        let throttled = judging.reader.registry.throttled();
        let throttled =
            if throttled.is_empty() { String::new() } else { format!("; ECR throttles {}", throttled.join(", ")) };
        judging.progress.step("looked at", &format!("{judged} of {} repositories{throttled}", judging.all));
    }
}

async fn judge_one(judging: &Judging<'_>, repository: &EcrRepository) -> Result<Outlook, Undone> {
    let registry = &judging.reader.registry;
    let (demand, known) = (&judging.looked.demand, (&IndexChildren::new(), &ManifestContents::new()));
    let contents = read::contents(registry, repository, demand, judging.policy, known).await?;
    let policy = match judging.policy {
        Some(named) => named,
        None => policy_in_force(&repository.name, &contents)?,
    };
    let mut outlook = Outlook::new(&repository.name, &contents, policy, judging.forced);
    if let Some(protection) = outlook.protection.take_if(|_| judging.protect) {
        outlook = Outlook::new(&repository.name, &contents, &protection.policy, judging.forced);
        outlook.protection = Some(protection);
    }
    Ok(outlook)
}

fn policy_in_force<'c>(name: &str, contents: &'c Contents) -> Outcome<&'c Policy> {
    match &contents.in_force {
        InForce::Policy(policy) => Ok(policy),
        InForce::None => {
            let message = format!("{name} has no lifecycle policy, and none was named");
            Err(Failure::failed("NoPolicy", message).next("name one with -f, or make one with --keep-tagged"))
        }
        InForce::Unreadable { problems, .. } => {
            let first = problems.first().map(ToString::to_string).unwrap_or_default();
            Err(Failure::failed("UnreadablePolicy", format!("the policy of {name} can't be read: {first}")))
        }
        InForce::Unknown(why) => {
            Err(Failure::failed("UnreadablePolicy", format!("the policy of {name} can't be read: {why}"))
                .next("allow ecr:GetLifecyclePolicy on the repository, or name a policy with -f"))
        }
    }
}

impl Judged {
    /// Account and region, for a person.
    #[must_use]
    pub fn location(&self) -> String {
        self.reader.registry.location().to_string()
    }

    /// One repository for a person: outlook, what was raised, objections.
    #[must_use]
    pub fn section(&self, session: &Session, outlook: &Outlook, findings: &[Finding]) -> String {
        let view = text::View { wide: session.wide(), now: Timestamp::now(), whole: self.looked.is_whole() };
        let mut lines = vec![text::outlook(outlook, &self.location(), view)];
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
