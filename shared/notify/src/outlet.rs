//! Somebody who is told, once it is known where.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use release_core::log::Log;
use release_core::release::notice::receiver::Kind;
use release_core::release::notice::{Notice, Stage, pagerduty, slack};
use tokio::time::sleep;

use crate::address::Address;
use crate::post::{Letter, post};
use crate::trouble::Trouble;
use crate::untold::Untold;

/// How often a letter is sent at most.
pub const ATTEMPTS: u32 = 3;

/// Somebody who is told.
#[derive(Debug)]
pub struct Outlet {
    pub kind: Kind,
    /// The stages that were chosen; all where none was.
    pub on: Vec<Stage>,
    pub address: Address,
    /// As messages name them: `slack=secret/ops/slack`.
    pub who: String,
    /// The last letter was given up: the next one is sent once, so that the last of a run has its turn.
    pub given_up: AtomicBool,
}

impl Outlet {
    /// Whether they are told of this.
    pub fn hears(&self, notice: &Notice) -> bool {
        (self.on.is_empty() || self.on.contains(&notice.stage)) && self.kind.hears(notice)
    }

    /// Tells them.
    pub async fn tell(&self, notice: &Notice, log: Log, untold: &Arc<Untold>) {
        let what = notice.stage.word();
        for letter in self.letters(notice) {
            let attempts = if self.given_up.load(Ordering::Relaxed) { 1 } else { ATTEMPTS };
            let sent = deliver(&self.who, &self.address, (&letter, attempts), log).await;
            self.given_up.store(sent.is_err(), Ordering::Relaxed);
            if let Err(trouble) = sent {
                untold.failed(&self.who, what, &trouble.to_string());
                return;
            }
        }
        untold.told(&self.who, what);
    }

    fn letters(&self, notice: &Notice) -> Vec<Letter> {
        match self.kind {
            Kind::Slack => vec![Letter::json(&slack::message(notice))],
            Kind::Webhook => vec![Letter::json(&serde_json::to_string(notice).unwrap_or_default())],
            Kind::Pagerduty => {
                let key = self.address.key.as_deref().unwrap_or_default();
                pagerduty::events(notice, key).iter().map(Letter::json).collect()
            }
        }
    }
}

/// Sends a letter until it is taken, so many times at most.
///
/// # Errors
/// The last trouble.
pub async fn deliver(
    who: &str,
    address: &Address,
    (letter, attempts): (&Letter, u32),
    log: Log,
) -> Result<(), Trouble> {
    let mut attempt: u32 = 0;
    loop {
        let sent = post(address, letter).await;
        if log.has_requests() {
            let answer = sent.map_or_else(|trouble| trouble.to_string(), |()| "taken".to_owned());
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
