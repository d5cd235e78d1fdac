//! A connection to the registry of one account and region, and what it is asked about.

use std::sync::Arc;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_sdk_ecr::Client;
use aws_sdk_ecr::error::{ProvideErrorMetadata, SdkError};
use jiff::Timestamp;
use release_core::failure::Outcome;
use release_core::log::Log;
use release_core::registry::push_history::PushedImage;
use tokio::time::{Instant, sleep, sleep_until, timeout_at};

use super::throttle::Throttle;
use crate::connect::{Address, FIRST_PAUSE, LONGEST_PAUSE, READ_ATTEMPTS, custom_endpoint, sdk_config};
use crate::error::{Location, RegistryError};
use crate::trouble::{Trouble, is_passing};

/// A connection to the ECR registry of one account and region.
#[derive(Clone)]
pub struct Registry {
    pub(super) client: Client,
    /// The account that every request names; without one ECR takes the credentials' own.
    pub(super) account: Option<String>,
    location: Arc<Location>,
    pub(super) pace: Pace,
    throttle: Arc<Throttle>,
    /// How often a throttled call is sent in all.
    throttled_tries: u32,
    /// When waiting for answers ends, retries and all.
    deadline: Option<Instant>,
    log: Log,
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Registry").field("location", &self.location).finish_non_exhaustive()
    }
}

/// The pause before a call is sent again holds so many gaps between calls that ECR throttles: 50 ms
/// for 20 calls a second, the limit of many of its operations.
const FIRST_GAPS: u32 = 6;

/// How long to wait between two calls that belong together.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// Before asking again whether a preview is done.
    pub preview: Duration,
    /// Before sending a call again; doubled each time.
    pub again: Duration,
}

/// Which image of a repository.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ImageId {
    Tag(String),
    /// `sha256:…`
    Digest(String),
}

impl ImageId {
    /// Whether it is a name of that image.
    #[must_use]
    pub fn names(&self, image: &PushedImage) -> bool {
        match self {
            Self::Tag(tag) => image.tags.contains(tag),
            Self::Digest(digest) => image.digest == *digest,
        }
    }
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
pub(super) struct Call<'a> {
    /// `DescribeImages`; the IAM action is `ecr:DescribeImages`.
    pub operation: &'static str,
    /// Empty where the call is about all repositories.
    pub repository: &'a str,
    /// From 1.
    pub page: usize,
    /// Nothing comes of it but an answer.
    pub is_read: bool,
}

impl<'a> Call<'a> {
    pub fn new(operation: &'static str, repository: &'a str) -> Self {
        Self { operation, repository, page: 1, is_read: true }
    }

    /// A call that is sent again after a plain no only.
    pub fn write(operation: &'static str, repository: &'a str) -> Self {
        Self { is_read: false, ..Self::new(operation, repository) }
    }
}

/// Reads profiles and environment; opens nothing yet, but for EC2 metadata where no region is
/// named anywhere else. `request_timeout` is for one request, retries not counted.
///
/// # Errors
/// Exit 1 where no region is known, or where `HTTPS_PROXY` or `AWS_CA_BUNDLE` can't be used.
pub async fn connect(address: &Address, request_timeout: Duration, log: Log) -> Outcome<Registry> {
    let pace = Pace { preview: Duration::from_millis(500), again: FIRST_PAUSE };
    Ok(Registry::over(&sdk_config(address, request_timeout).await?, address, pace, log))
}

impl Registry {
    pub(super) fn over(sdk: &SdkConfig, address: &Address, pace: Pace, log: Log) -> Self {
        // The SDK's retries know nothing of each other, and of no write that must not be repeated.
        let mut config = aws_sdk_ecr::config::Builder::from(sdk).retry_config(RetryConfig::disabled());
        let endpoint = custom_endpoint(sdk, "AWS_ENDPOINT_URL_ECR");
        if endpoint.is_some() {
            // The SDK refuses FIPS and dual-stack together with an endpoint that somebody chose.
            config = config.use_fips(false).use_dual_stack(false);
        }
        Self {
            client: Client::from_conf(config.build()),
            account: address.account.clone(),
            location: Arc::new(Location::of(sdk, address, endpoint.as_deref())),
            pace,
            throttle: Arc::new(Throttle::new(pace.again.checked_div(FIRST_GAPS).unwrap_or_default())),
            throttled_tries: READ_ATTEMPTS,
            deadline: None,
            log,
        }
    }

    /// The account, region and endpoint that are looked at.
    #[must_use]
    pub fn location(&self) -> &Location {
        &self.location
    }

    /// The operations that ECR throttled at least once.
    #[must_use]
    pub fn throttled(&self) -> Vec<&'static str> {
        self.throttle.operations()
    }

    /// The same registry, with which a throttled call is sent twice only: for whoever has other calls
    /// to make meanwhile, and comes back to it.
    #[must_use]
    pub fn for_many(self) -> Self {
        Self { throttled_tries: 2, ..self }
    }

    /// The same registry, of which no answer is waited for beyond this, however it keeps silent: then a
    /// call fails with [`Trouble::OutOfTime`].
    #[must_use]
    pub fn until(self, deadline: Instant) -> Self {
        Self { deadline: Some(deadline), ..self }
    }

    /// Makes a call within the time that there is.
    pub(super) async fn made<T, E, F>(&self, call: Call<'_>, send: impl Fn() -> F) -> Result<T, RegistryError>
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
        F: Future<Output = Result<T, SdkError<E>>>,
    {
        let tried = self.tried(call, send);
        let Some(deadline) = self.deadline else { return tried.await };
        timeout_at(deadline, tried).await.unwrap_or_else(|_| Err(self.failed(call, Trouble::OutOfTime)))
    }

    /// Sends a call when it is its turn, up to five times where that may help: a throttled call, and
    /// a read that has no answer.
    async fn tried<T, E, F>(&self, call: Call<'_>, send: impl Fn() -> F) -> Result<T, RegistryError>
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
        F: Future<Output = Result<T, SdkError<E>>>,
    {
        let mut pause = self.pace.again;
        let mut tries = 1;
        loop {
            let Unanswered { error, again } = match self.sent(call, send()).await {
                Ok(answer) => return Ok(answer),
                Err(unanswered) => unanswered,
            };
            let most = if error.trouble == Trouble::Throttled { self.throttled_tries } else { READ_ATTEMPTS };
            if !again || tries >= most {
                return Err(error);
            }
            sleep(pause).await;
            pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
            tries = tries.saturating_add(1);
        }
    }

    /// Sends a call once, logs that it was made and words its failure.
    async fn sent<T, E>(
        &self,
        call: Call<'_>,
        sent: impl Future<Output = Result<T, SdkError<E>>>,
    ) -> Result<T, Unanswered>
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        let began = self.throttle.turn(call.operation, Instant::now());
        sleep_until(began).await;
        let answer = sent.await;
        if self.log.has_requests() {
            let Call { operation, repository, page, .. } = call;
            let millis = began.elapsed().as_millis();
            self.log.tell(&format!("ecr {operation} {repository} page {page} in {millis} ms"));
        }
        let troubled = answer.map_err(|error| (Trouble::of(&error), error));
        if matches!(troubled, Err((Trouble::Throttled, _))) {
            self.throttle.throttled(call.operation, began, Instant::now());
        } else {
            self.throttle.answered(call.operation);
        }
        let (trouble, error) = match troubled {
            Ok(answer) => return Ok(answer),
            Err(troubled) => troubled,
        };
        let again = trouble == Trouble::Throttled || call.is_read && is_passing(&error);
        Err(Unanswered { error: self.failed(call, trouble), again })
    }

    pub(super) fn failed(&self, call: Call<'_>, trouble: Trouble) -> RegistryError {
        RegistryError {
            trouble,
            operation: call.operation,
            repository: call.repository.to_owned(),
            location: Arc::clone(&self.location),
        }
    }
}

/// A call that was sent once and has no usable answer.
struct Unanswered {
    error: RegistryError,
    /// Sending it again may help.
    again: bool,
}
