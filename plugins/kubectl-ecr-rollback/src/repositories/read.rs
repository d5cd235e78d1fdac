//! RegistryReader repositories: which there are, what is in them, and which policy is in force.

use std::time::Duration;

use futures::future::{join_all, try_join};
use jiff::Timestamp;
use release_aws::connect::Address;
use release_aws::ecr::{PreviewAction, PreviewedImage, Registry, RepositoryInfo, connect};
use release_aws::error::RegistryError;
use release_aws::trouble::Trouble;
use release_cluster::connection::Connection;
use release_cluster::wait::later;
use release_core::duration::short_duration;
use release_core::failure::{Exit, Failure, Outcome};
use release_core::registry::ecr_reference::{EcrRepository, partition_of};
use release_core::registry::index_manifest::IndexChildren;
use release_core::registry::lifecycle_policy::{Action, Policy, parse};
use release_core::registry::manifest_content::{ManifestContent, ManifestContents};
use release_core::registry::push_history::{ImageStatus, PushedImage, is_index};
use release_core::text::printable;
use tokio::time::{Instant, timeout_at};
use wildmatch::WildMatch;

use super::turns::{Turns, Undone};
use crate::lifecycle::compare::Answer;
use crate::lifecycle::demand::Demand;
use crate::lifecycle::options::{Named, Repositories};
use crate::lifecycle::outlook::{Contents, InForce, Outlook, needs_children, needs_targets};
use crate::lifecycle::row::Theirs;
use crate::lifecycle::targets::unproven_targets;
use crate::lifecycle::usage::RollbackContainer;
use crate::lifecycle::uses::{self, Uses};

/// Repositories that are worked on at the same time.
pub const AT_ONCE: usize = 8;

/// How many times more manifests are asked for each time: mostly the first one tells.
const GROWTH: usize = 4;

/// A repository, or why it can't be read; by name.
pub type Found = (String, Outcome<EcrRepository>);

/// The registry that the options name.
///
/// # Errors
/// Exit 1 where no region is known or the connection can't be set up.
pub async fn registry(wanted: &Repositories, connection: &Connection) -> Outcome<Registry> {
    let address = Address {
        account: wanted.account.clone(),
        region: wanted.region.clone(),
        fips: wanted.fips,
        dual_stack: wanted.dual_stack,
    };
    connect(&address, connection.request_timeout, connection.log).await
}

/// A registry that is read in turns, and how long that may take in all.
#[derive(Debug)]
pub struct RegistryReader {
    pub registry: Registry,
    pub turns: Turns,
    /// What was typed, for whoever has to give it longer.
    limit: Duration,
}

impl RegistryReader {
    /// Begins now.
    #[must_use]
    pub fn within(limit: Duration, registry: Registry) -> Self {
        Self { registry: registry.for_many(), turns: Turns::new(AT_ONCE, later(limit)), limit }
    }

    /// That something was not read in time, and whether ECR is the reason.
    #[must_use]
    pub fn late(&self, what: &str) -> Failure {
        let message = format!("{what} could not be read within {}", short_duration(self.limit));
        let throttled = self.registry.throttled();
        let failure = if throttled.is_empty() {
            Failure::new(Exit::OutOfTime, "OutOfTime", message)
        } else {
            Failure::new(Exit::OutOfTime, "Throttled", format!("{message}: ECR throttles {}", throttled.join(", ")))
        };
        failure.next("give it longer with --timeout, or ask for fewer repositories at once")
    }
}

/// The repositories that the options name, in their order, or all by name.
///
/// # Errors
/// Exit 1 where all were asked for and they can't be listed, or none matches the filter; exit 4 where
/// that took too long.
pub async fn repositories(reader: &RegistryReader, wanted: &Repositories) -> Outcome<Vec<Found>> {
    let registry = &reader.registry;
    if !wanted.names.is_empty() {
        let found = join_all(wanted.names.iter().map(|named| find(reader, named))).await;
        let mut once: Vec<Found> = Vec::new();
        for (name, repository) in found {
            if !once.iter().any(|(other, _)| *other == name) {
                once.push((name, repository));
            }
        }
        return Ok(once);
    }
    let filter = wanted.name_filter.as_deref().map(WildMatch::new);
    let list = async || Ok(registry.repositories().await?);
    let all = reader.turns.read(list, || reader.late("the list of repositories")).await?;
    let matching = all.iter().filter(|info| filter.as_ref().is_none_or(|filter| filter.matches(&info.name)));
    let found: Vec<Found> = matching.map(|info| (info.name.clone(), Ok(located(registry, info)))).collect();
    if found.is_empty() {
        let message = format!("none of {} repositories in {} is meant", all.len(), registry.location());
        return Err(Failure::failed("NoSuchRepository", message));
    }
    Ok(found)
}

/// What is typed is what is meant; only where there is none of that name it is read as we print it.
async fn find(reader: &RegistryReader, named: &Named) -> Found {
    let registry = &reader.registry;
    let ask = async || {
        let found = match (registry.repository(&named.name).await, &named.or) {
            (Err(RegistryError { trouble: Trouble::NoSuchRepository, .. }), Some(or)) => registry.repository(or).await,
            (found, _) => found,
        };
        Ok(found?)
    };
    let found = reader.turns.read(ask, || reader.late(&named.name)).await;
    let name = found.as_ref().map_or_else(|_| named.name.clone(), |info| info.name.clone());
    (name, found.map(|info| located(registry, &info)))
}

/// A stand-in for ECR may give addresses of its own form.
fn located(registry: &Registry, info: &RepositoryInfo) -> EcrRepository {
    let host = info.uri.split('/').next().unwrap_or_default().to_owned();
    EcrRepository::of(&info.uri).unwrap_or_else(|_| EcrRepository {
        account: info.registry_id.clone(),
        region: registry.location().region.clone(),
        partition: partition_of(&registry.location().region),
        fips: false,
        dual_stack: false,
        host,
        name: info.name.clone(),
    })
}

/// The policy in force; also where ECR won't tell it to us, which is said then.
///
/// # Errors
/// See [`RegistryError`].
pub async fn in_force(registry: &Registry, name: &str) -> Result<InForce, RegistryError> {
    match registry.lifecycle_policy(name).await {
        Ok(None) => Ok(InForce::None),
        Ok(Some(text)) => Ok(match parse(&text) {
            Ok(policy) => InForce::Policy(policy),
            Err(problems) => InForce::Unreadable { text, problems },
        }),
        Err(error) if is_withheld(&error) => Ok(InForce::Unknown(in_a_word(&error))),
        Err(error) => Err(error),
    }
}

/// The registry is there and talks to us, and doesn't give this one answer.
fn is_withheld(error: &RegistryError) -> bool {
    matches!(
        error.trouble,
        Trouble::AccessDenied { .. } | Trouble::Unsupported | Trouble::Garbled(_) | Trouble::Service { .. }
    )
}

/// Everything in a repository; `policy` is the one to judge, else the one in force. What indexes are made of that
/// are `known` is not asked for again: a digest's manifest never changes.
///
/// # Errors
/// What ECR says, and whether it is only that it throttles.
pub async fn contents(
    registry: &Registry,
    repository: &EcrRepository,
    demand: &Demand,
    policy: Option<&Policy>,
    (known, read): (&IndexChildren, &ManifestContents),
) -> Result<Contents, Undone> {
    let name = repository.name.as_str();
    let (images, in_force) = try_join(registry.images(name), in_force(registry, name)).await?;
    let now = Timestamp::now();
    let (children, read) = (IndexChildren::new(), read.clone());
    let uses = Uses::default();
    let mut contents = Contents { images, children, contents: read, children_unread: None, in_force, uses, now };
    let judged = policy.or(contents.in_force.policy());
    if judged.is_some_and(|policy| needs_children(policy, &contents.images, now)) {
        (contents.children, contents.children_unread) = children_of(registry, name, &contents.images, known).await?;
    }
    if judged.is_some_and(|policy| needs_targets(policy, &contents.images, &contents.children, now)) {
        contents.contents = contents_of_targets(registry, repository, demand, &contents).await?;
    }
    let Contents { images, children, contents: read, .. } = &contents;
    contents.uses = uses::uses(repository, demand, images, (children, read), now);
    Ok(contents)
}

/// What the manifests are of that rollbacks would go to: what describes an image would be kept in its place. What can't
/// be read may be one.
async fn contents_of_targets(
    registry: &Registry,
    repository: &EcrRepository,
    demand: &Demand,
    contents: &Contents,
) -> Result<ManifestContents, Undone> {
    let mut read = contents.contents.clone();
    let containers: Vec<&RollbackContainer> = demand.containers_of(repository).collect();
    let mut at_once = 1;
    loop {
        let asked = unproven_targets(&containers, &contents.images, (&contents.children, &read), at_once);
        if asked.is_empty() {
            return Ok(read);
        }
        match registry.contents_of(&repository.name, &asked).await {
            Ok(found) => read.extend(found),
            Err(error) if error.trouble == Trouble::Throttled => return Err(error.into()),
            Err(_) => read.extend(asked.into_iter().map(|digest| (digest, ManifestContent::Unknown))),
        }
        at_once = at_once.saturating_mul(GROWTH);
    }
}

/// What the indexes are made of, and why that is not known of all of them.
async fn children_of(
    registry: &Registry,
    name: &str,
    images: &[PushedImage],
    known: &IndexChildren,
) -> Result<(IndexChildren, Option<String>), Undone> {
    // An archived index can't be read, and holds nothing.
    let indexes = images.iter().filter(|image| is_index(image) && image.status == ImageStatus::Active);
    let (there, unknown): (Vec<&str>, Vec<&str>) =
        indexes.map(|image| image.digest.as_str()).partition(|digest| known.contains_key(*digest));
    let there = there.into_iter().filter_map(|digest| Some((digest.to_owned(), known.get(digest)?.clone())));
    let mut children: IndexChildren = there.collect();
    let asked: Vec<String> = unknown.iter().map(|digest| (*digest).to_owned()).collect();
    match registry.index_children(name, &asked).await {
        Ok(read) => children.extend(read),
        Err(error) if error.trouble == Trouble::Throttled => return Err(error.into()),
        Err(error) => return Ok((children, Some(in_a_word(&error)))),
    }
    // ECR answers all the same where it can't give one out: its key is gone, what it was pulled from is.
    let missing = unknown.iter().filter(|digest| !children.contains_key(**digest)).count();
    let why = (missing > 0).then(|| format!("ECR did not give out {missing} of {} manifests", asked.len()));
    Ok((children, why))
}

/// Asks ECR's own preview, and takes its answer in. Waiting for it takes nobody's turn.
pub async fn ask_ecr(registry: &Registry, outlook: &mut Outlook, deadline: Instant) {
    let answer = previewed(registry, &outlook.repository, &outlook.policy, deadline).await;
    outlook.compare_with(answer);
}

/// What ECR's own preview says to a policy.
pub async fn previewed(registry: &Registry, repository: &str, policy: &Policy, deadline: Instant) -> Answer {
    let text = policy.to_text();
    let listed = async {
        loop {
            match registry.preview(repository, Some(&text), deadline).await {
                Err(error) if error.trouble == Trouble::Throttled => {}
                other => return other,
            }
        }
    };
    match timeout_at(deadline, listed).await {
        Err(_) => Answer::None("OutOfTime".into()),
        Ok(Err(error)) => Answer::None(in_a_word(&error)),
        Ok(Ok(listed)) => Answer::Listed(listed.into_iter().map(theirs).collect()),
    }
}

fn theirs(image: PreviewedImage) -> Theirs {
    let action = match image.action {
        PreviewAction::Expire => Action::Expire,
        PreviewAction::Transition => Action::Archive,
    };
    Theirs { digest: image.digest, rule: image.rule, action }
}

/// `AccessDenied`, or ECR's own code for what has no word of ours.
fn in_a_word(error: &RegistryError) -> String {
    match &error.trouble {
        Trouble::Service { code, .. } => printable(code),
        _ => error.reason().to_owned(),
    }
}
