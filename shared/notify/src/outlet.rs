//! Somebody who is told, once it is known where.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use release_aws::sns::{self, Publisher};
use release_core::log::Log;
use release_core::release::notice::receiver::{Kind, Place};
use release_core::release::notice::sns::{Topic, publication};
use release_core::release::notice::{Notice, Stage, pagerduty, slack};
use tokio::time::sleep;

use crate::address::Address;
use crate::post::{Letter, post};
use crate::trouble::Trouble;
use crate::untold::Untold;

/// How often a letter is sent at most.
pub const ATTEMPTS: u32 = 3;
/// How long one message to SNS may take, with finding the credentials for it: a role is assumed by another request.
const PUBLISH_LIMIT: Duration = Duration::from_secs(10);

/// The way to somebody.
#[derive(Debug)]
pub enum Way {
    /// To an address, in the language that is spoken there.
    Post(Kind, Address),
    /// To a topic of SNS.
    Publish(Topic, Publisher),
}

impl Way {
    /// The way to a topic.
    ///
    /// # Errors
    /// Says what in the environment or the profile stands in the way.
    pub async fn to_topic(topic: &Topic) -> Result<Self, String> {
        let publisher = sns::connect(topic, PUBLISH_LIMIT).await.map_err(|failure| failure.message)?;
        Ok(Self::Publish(topic.clone(), publisher))
    }
}

/// Somebody who is told.
#[derive(Debug)]
pub struct Outlet {
    pub way: Way,
    /// The stages that were chosen; all where none was.
    pub on: Vec<Stage>,
    /// As messages name them: `slack=secret/ops/slack`.
    pub who: String,
    /// The last letter was given up: the next one is sent once, so that the last of a run has its turn.
    given_up: AtomicBool,
}

impl Outlet {
    /// Somebody who is told of these stages.
    pub fn of(way: Way, place: &Place, on: &[Stage]) -> Self {
        Self { way, on: on.to_vec(), who: place.to_string(), given_up: AtomicBool::default() }
    }

    /// Whether they are told of this.
    pub fn hears(&self, notice: &Notice) -> bool {
        let hears = match &self.way {
            Way::Post(kind, _) => kind.hears(notice),
            Way::Publish(..) => true,
        };
        (self.on.is_empty() || self.on.contains(&notice.stage)) && hears
    }

    /// Tells them.
    pub async fn tell(&self, notice: &Notice, log: Log, untold: &Arc<Untold>) {
        let what = notice.stage.word();
        let told = match &self.way {
            Way::Post(kind, address) => self.post(&letters(*kind, address, notice), address, log).await,
            Way::Publish(topic, publisher) => {
                let publication = publication(notice, topic);
                self.sent(log, || async { publisher.publish(&publication).await.map_err(Trouble::Unpublished) }).await
            }
        };
        match told {
            Ok(()) => untold.told(&self.who, what),
            Err(trouble) => untold.failed(&self.who, what, &trouble.to_string()),
        }
    }

    async fn post(&self, letters: &[Letter], address: &Address, log: Log) -> Result<(), Trouble> {
        for letter in letters {
            self.sent(log, || post(address, letter)).await?;
        }
        Ok(())
    }

    async fn sent<F>(&self, log: Log, send: impl Fn() -> F) -> Result<(), Trouble>
    where
        F: Future<Output = Result<(), Trouble>>,
    {
        let attempts = if self.given_up.load(Ordering::Relaxed) { 1 } else { ATTEMPTS };
        let sent = deliver(&self.who, attempts, log, send).await;
        self.given_up.store(sent.is_err(), Ordering::Relaxed);
        sent
    }
}

fn letters(kind: Kind, address: &Address, notice: &Notice) -> Vec<Letter> {
    match kind {
        Kind::Slack => vec![Letter::json(&slack::message(notice))],
        Kind::Webhook => vec![Letter::json(&serde_json::to_string(notice).unwrap_or_default())],
        Kind::Pagerduty => {
            let key = address.key.as_deref().unwrap_or_default();
            pagerduty::events(notice, key).iter().map(Letter::json).collect()
        }
    }
}

/// Sends until it is taken, so many times at most.
///
/// # Errors
/// The last trouble.
pub async fn deliver<F>(who: &str, attempts: u32, log: Log, send: impl Fn() -> F) -> Result<(), Trouble>
where
    F: Future<Output = Result<(), Trouble>>,
{
    let mut attempt: u32 = 0;
    loop {
        let sent = send().await;
        if log.has_requests() {
            let answer = sent.as_ref().map_or_else(ToString::to_string, |()| "taken".to_owned());
            log.tell(&format!("POST to {who}: {answer}"));
        }
        let Err(trouble) = sent else { return Ok(()) };
        let next = attempt.saturating_add(1);
        match trouble.pause(attempt).filter(|_| next < attempts) {
            Some(pause) => sleep(pause).await,
            None => return Err(trouble),
        }
        attempt = next;
    }
}
