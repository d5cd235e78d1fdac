//! Talking to Amazon ECR: connecting, reading, previewing a lifecycle policy, and the one place
//! that writes. These are the only files that know the AWS SDK.

pub mod apply;
pub mod connect;
pub mod error;
mod index;
mod preview;
mod read;
mod repositories;
mod translate;
pub mod trouble;

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_ecr::Client;
use aws_sdk_ecr::error::{ProvideErrorMetadata, SdkError};
use jiff::Timestamp;
use tokio::time::Instant;

pub use connect::{RegistryAddress, connect};
pub use error::{Place, RegistryError};
pub use trouble::Trouble;

/// The verbosity from which kubectl logs requests.
const REQUESTS: u8 = 6;

/// A connection to the ECR registry of one account and region.
#[derive(Clone)]
pub struct Registry {
    client: Client,
    /// The account that every request names; without one ECR takes the credentials' own.
    account: Option<String>,
    place: Arc<Place>,
    pace: Pace,
    verbosity: u8,
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Registry").field("place", &self.place).finish_non_exhaustive()
    }
}

/// How long to wait between two calls that belong together.
#[derive(Debug, Clone, Copy)]
struct Pace {
    /// Before asking again whether a preview is done.
    preview: Duration,
    /// Before sending a throttled write again; doubled each time.
    throttled: Duration,
}

/// Which image of a repository.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ImageId {
    Tag(String),
    /// `sha256:…`
    Digest(String),
}

/// A repository as ECR describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepositoryInfo {
    pub name: String,
    /// `HOST/NAME`
    pub uri: String,
    /// The account whose registry it is in.
    pub registry_id: String,
    pub tags: TagMutability,
}

/// Whether a tag can be moved to another image
/// (<https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-tag-mutability.html>).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TagMutability {
    Mutable,
    /// Tags can be moved, but for those that a filter names.
    MutableWithExclusion,
    Immutable,
    /// Tags can't be moved, but for those that a filter names.
    ImmutableWithExclusion,
}

/// One image that a lifecycle policy would act on, as ECR's own preview has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreviewedImage {
    /// `sha256:…`
    pub digest: String,
    /// In alphabetical order.
    pub tags: Vec<String>,
    pub pushed_at: Option<Timestamp>,
    /// `rulePriority` of the rule that acts.
    pub rule: u32,
    pub action: PreviewAction,
}

/// What becomes of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PreviewAction {
    /// Deleted.
    Expire,
    /// Moved to archive storage.
    Transition,
}

/// One API call, for the log and for messages.
#[derive(Debug, Clone, Copy)]
struct Call<'a> {
    /// `DescribeImages`; the IAM action is `ecr:DescribeImages`.
    operation: &'static str,
    /// Empty where the call is about all repositories.
    repository: &'a str,
    /// From 1.
    page: usize,
}

impl<'a> Call<'a> {
    fn new(operation: &'static str, repository: &'a str) -> Self {
        Self { operation, repository, page: 1 }
    }
}

impl Registry {
    /// The account, region and endpoint that are looked at.
    #[must_use]
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Waits for a call's answer, logs that it was made and words its failure.
    async fn made<T, E>(
        &self,
        call: Call<'_>,
        sent: impl Future<Output = Result<T, SdkError<E>>>,
    ) -> Result<T, RegistryError>
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        let began = Instant::now();
        let answer = sent.await;
        if self.verbosity >= REQUESTS {
            let Call { operation, repository, page } = call;
            let millis = began.elapsed().as_millis();
            eprintln!("ecr {operation} {repository} page {page} in {millis} ms");
        }
        answer.map_err(|error| self.failed(call, Trouble::of(&error)))
    }

    fn failed(&self, call: Call<'_>, trouble: Trouble) -> RegistryError {
        RegistryError {
            trouble,
            operation: call.operation,
            repository: call.repository.to_owned(),
            place: Arc::clone(&self.place),
        }
    }
}

#[cfg(test)]
mod tests;
