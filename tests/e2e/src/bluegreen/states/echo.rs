//! How long it takes on this machine until the API server has told what was written a moment ago.
//!
//! Times are held against runs. On a machine that is busy with other work every write and every piece of news takes
//! longer, for the run and for those who watch it: the same story is right there and wrong on an idle one.

use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use futures::{Stream, StreamExt};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::runtime::watcher::{self, Event, watcher};
use lab::Namespace;
use serde_json::json;
use tokio::task::JoinHandle;
use tokio::time::sleep;

const NAME: &str = "echo";
/// Between two writes.
const PAUSE: Duration = Duration::from_millis(200);

/// When each write was made, and how long its news took. The last one may still be on its way.
type Heard = Arc<Mutex<Vec<(Instant, Option<Duration>)>>>;

/// Listens until it is dropped.
#[derive(Debug)]
pub struct Echo {
    heard: Heard,
    listening: JoinHandle<Result<()>>,
}

impl Echo {
    /// Begins in a namespace of its own.
    ///
    /// # Errors
    /// Where nothing can be written there.
    pub async fn begin(ns: Namespace) -> Result<Self> {
        ns.apply(&json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": NAME}})).await?;
        let heard = Heard::default();
        let listening = tokio::spawn(listen(ns, Arc::clone(&heard)));
        Ok(Self { heard, listening })
    }

    /// The longest time that news took of what was written between these.
    #[must_use]
    pub fn longest(&self, from: Instant, to: Instant) -> Duration {
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let took = heard.iter().map(|(at, took)| (*at, took.unwrap_or_else(|| at.elapsed())));
        took.filter(|(at, took)| *at <= to && *at + *took >= from).map(|(_, took)| took).max().unwrap_or_default()
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn listen(ns: Namespace, heard: Heard) -> Result<()> {
    let config = watcher::Config::default().fields(&format!("metadata.name={NAME}"));
    let mut events = pin!(watcher(ns.api::<ConfigMap>(), config));
    for count in 0.. {
        let count = count.to_string();
        let at = Instant::now();
        note(&heard, |all| all.push((at, None)));
        ns.patch::<ConfigMap>(NAME, json!({"data": {"count": count}})).await?;
        until(&mut events, &count).await?;
        note(&heard, |all| all.last_mut().into_iter().for_each(|last| last.1 = Some(at.elapsed())));
        sleep(PAUSE).await;
    }
    Ok(())
}

async fn until(
    events: &mut (impl Stream<Item = watcher::Result<Event<ConfigMap>>> + Unpin),
    count: &str,
) -> Result<()> {
    loop {
        // The watcher begins anew by itself.
        let Ok(event) = events.next().await.context("the watch ended")? else { continue };
        let (Event::Apply(echo) | Event::InitApply(echo)) = event else { continue };
        if echo.data.is_some_and(|data| data.get("count").is_some_and(|told| told == count)) {
            return Ok(());
        }
    }
}

fn note(heard: &Heard, then: impl FnOnce(&mut Vec<(Instant, Option<Duration>)>)) {
    then(&mut heard.lock().unwrap_or_else(PoisonError::into_inner));
}
