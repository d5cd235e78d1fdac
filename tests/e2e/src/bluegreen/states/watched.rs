//! Watching all objects of a stage for as long as a run takes.

use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use futures::StreamExt;
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::core::v1::{Pod, Service};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use kube::runtime::watcher::{self, Event, watcher};
use kube::{Resource, ResourceExt};
use lab::Namespace;
use serde::de::DeserializeOwned;
use tokio::task::JoinHandle;

use super::picture::Change;

/// What was seen so far, with the time of each change.
type Changes = Arc<Mutex<Vec<(Instant, Change)>>>;

/// Watches until it is dropped.
#[derive(Debug)]
pub struct Watched {
    changes: Changes,
    watching: Vec<JoinHandle<()>>,
}

impl Watched {
    /// Begins with what is there.
    #[must_use]
    pub fn begin(ns: &Namespace, app: &str) -> Self {
        let changes = Changes::default();
        let labels = format!("app={app}");
        let watching = vec![
            follow::<Pod>(ns, &labels, &changes, |pod, there| Change::Pod(pod.name_any(), there.then(|| pod.into()))),
            follow::<EndpointSlice>(ns, &labels, &changes, |slice, there| {
                Change::Slice(slice.name_any(), there.then(|| slice.into()))
            }),
            follow::<Service>(ns, &labels, &changes, |service, there| {
                Change::Service(service.name_any(), there.then(|| service.into()))
            }),
        ];
        Self { changes, watching }
    }

    /// Notes what no watch tells.
    pub fn note(&self, change: Change) {
        push(&self.changes, change);
    }

    /// All changes so far.
    #[must_use]
    pub fn changes(&self) -> Vec<(Instant, Change)> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.watching.iter().for_each(JoinHandle::abort);
    }
}

fn follow<K>(ns: &Namespace, labels: &str, changes: &Changes, seen: fn(&K, bool) -> Change) -> JoinHandle<()>
where
    K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>
        + Clone
        + std::fmt::Debug
        + DeserializeOwned
        + Send
        + 'static,
{
    let (events, changes) = (watcher(ns.api::<K>(), watcher::Config::default().labels(labels)), Arc::clone(changes));
    tokio::spawn(async move {
        let mut events = pin!(events);
        while let Some(event) = events.next().await {
            match event {
                Ok(Event::Apply(object) | Event::InitApply(object)) => push(&changes, seen(&object, true)),
                Ok(Event::Delete(object)) => push(&changes, seen(&object, false)),
                // The watcher begins anew by itself.
                Ok(Event::Init | Event::InitDone) | Err(_) => {}
            }
        }
    })
}

fn push(changes: &Changes, change: Change) {
    changes.lock().unwrap_or_else(PoisonError::into_inner).push((Instant::now(), change));
}
