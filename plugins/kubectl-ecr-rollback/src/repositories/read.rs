//! Reading repositories: which there are, what is in them, and which policy is in force.

use futures::future::try_join;
use futures::{StreamExt, stream};
use jiff::Timestamp;
use release_aws::connect::Address;
use release_aws::ecr::{PreviewAction, Registry, RepositoryInfo, connect};
use release_aws::error::RegistryError;
use release_aws::trouble::Trouble;
use release_cluster::connection::Connection;
use release_core::failure::{Failure, Outcome};
use release_core::registry::ecr_reference::{EcrRepository, partition_of};
use release_core::registry::index_manifest::IndexChildren;
use release_core::registry::lifecycle_policy::{Action, Policy, parse};
use release_core::registry::push_history::{ImageStatus, PushedImage, is_index};
use release_core::text::printable;
use tokio::time::Instant;
use wildmatch::WildMatch;

use crate::lifecycle::compare::Answer;
use crate::lifecycle::options::{Named, Repositories};
use crate::lifecycle::outlook::{Contents, InForce, Outlook, needs_children};
use crate::lifecycle::row::Theirs;
use crate::lifecycle::uses::{Demand, uses};

/// Repositories that are worked on at the same time.
pub const AT_ONCE: usize = 8;

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

/// The repositories that the options name, in their order, or all by name.
///
/// # Errors
/// Exit 1 where all were asked for and they can't be listed, or none matches the filter.
pub async fn repositories(registry: &Registry, wanted: &Repositories) -> Outcome<Vec<Found>> {
    if !wanted.names.is_empty() {
        let found: Vec<Found> =
            stream::iter(wanted.names.iter().map(|named| find(registry, named))).buffered(AT_ONCE).collect().await;
        let mut once: Vec<Found> = Vec::new();
        for (name, repository) in found {
            if !once.iter().any(|(other, _)| *other == name) {
                once.push((name, repository));
            }
        }
        return Ok(once);
    }
    let filter = wanted.name_filter.as_deref().map(WildMatch::new);
    let all = registry.repositories().await.map_err(Failure::from)?;
    let matching = all.iter().filter(|info| filter.as_ref().is_none_or(|filter| filter.matches(&info.name)));
    let found: Vec<Found> = matching.map(|info| (info.name.clone(), Ok(located(registry, info)))).collect();
    if found.is_empty() {
        let message = format!("none of {} repositories in {} is meant", all.len(), registry.location());
        return Err(Failure::failed("NoSuchRepository", message));
    }
    Ok(found)
}

/// What is typed is what is meant; only where there is none of that name it is read as we print it.
async fn find(registry: &Registry, named: &Named) -> Found {
    let found = match (registry.repository(&named.name).await, &named.or) {
        (Err(RegistryError { trouble: Trouble::NoSuchRepository, .. }), Some(or)) => registry.repository(or).await,
        (found, _) => found,
    };
    let name = found.as_ref().map_or_else(|_| named.name.clone(), |info| info.name.clone());
    (name, found.map(|info| located(registry, &info)).map_err(Failure::from))
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

/// The policy in force.
///
/// # Errors
/// See [`RegistryError`].
pub async fn in_force(registry: &Registry, name: &str) -> Result<InForce, RegistryError> {
    let text = registry.lifecycle_policy(name).await?;
    Ok(text.map_or(InForce::None, |text| match parse(&text) {
        Ok(policy) => InForce::Policy(policy),
        Err(problems) => InForce::Unreadable(problems),
    }))
}

/// Everything in a repository; `policy` is the one to judge, else the one in force.
///
/// # Errors
/// Exit 1, with what to check next.
pub async fn contents(
    registry: &Registry,
    repository: &EcrRepository,
    demand: &Demand,
    policy: Option<&Policy>,
) -> Outcome<Contents> {
    let name = repository.name.as_str();
    let (images, in_force) = try_join(registry.images(name), in_force(registry, name)).await.map_err(Failure::from)?;
    let now = Timestamp::now();
    let children = IndexChildren::new();
    let in_use = uses(repository, demand, &images, &children, now);
    let mut contents = Contents { images, children, children_unread: None, in_force, uses: in_use, now };
    let judged = policy.or(contents.in_force.policy());
    if judged.is_some_and(|policy| needs_children(policy, &contents.images, now)) {
        match children_of(registry, name, &contents.images).await {
            Ok(children) => {
                contents.uses = uses(repository, demand, &contents.images, &children, now);
                contents.children = children;
            }
            Err(error) => contents.children_unread = Some(in_a_word(&error)),
        }
    }
    Ok(contents)
}

async fn children_of(registry: &Registry, name: &str, images: &[PushedImage]) -> Result<IndexChildren, RegistryError> {
    // An archived index can't be read, and holds nothing.
    let indexes = images.iter().filter(|image| is_index(image) && image.status == ImageStatus::Active);
    let indexes: Vec<String> = indexes.map(|image| image.digest.clone()).collect();
    registry.index_children(name, &indexes).await
}

/// Asks ECR's own preview, and takes its answer in.
pub async fn ask_ecr(registry: &Registry, outlook: &mut Outlook, deadline: Instant) {
    let text = outlook.policy.to_text();
    let answer = match registry.preview(&outlook.repository, Some(&text), deadline).await {
        Err(error) => Answer::None(in_a_word(&error)),
        Ok(listed) => Answer::Listed(
            listed
                .into_iter()
                .map(|image| Theirs {
                    digest: image.digest,
                    rule: image.rule,
                    action: match image.action {
                        PreviewAction::Expire => Action::Expire,
                        PreviewAction::Transition => Action::Archive,
                    },
                })
                .collect(),
        ),
    };
    outlook.compare_with(answer);
}

/// `AccessDenied`, or ECR's own code for what has no word of ours.
fn in_a_word(error: &RegistryError) -> String {
    match &error.trouble {
        Trouble::Service { code, .. } => printable(code),
        _ => error.reason().to_owned(),
    }
}
