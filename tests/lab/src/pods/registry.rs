//! Which pod has which address at present, and how far each process has come.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use anyhow::{Result, bail};
use futures::{StreamExt, pin_mut};
use k8s_openapi::api::core::v1::Pod;
use kube::runtime::watcher::{self, Event, watcher};
use kube::{Api, Client};
use tokio::sync::watch;

use super::images::Puller;
use super::log::Log;
use super::metrics::Metrics;
use super::settings::PodSettings;

/// How far a process has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    Serving,
    /// As after SIGTERM: no new connections, kept ones close after the answer in flight.
    Stopping,
    /// Crashed, killed, or not started: every connection is reset.
    Gone,
}

/// A pod's process at one moment.
#[derive(Debug, Clone)]
pub(super) struct Process {
    pub settings: PodSettings,
    pub phase: Phase,
    /// Outlives the process, as long as there is the pod.
    pub log: Arc<Log>,
    /// Of the present run.
    pub metrics: Arc<Metrics>,
}

/// All pods by address.
#[derive(Debug, Default)]
pub(super) struct Registry {
    by_address: RwLock<HashMap<IpAddr, watch::Sender<Process>>>,
}

impl Registry {
    pub fn find(&self, address: IpAddr) -> Option<watch::Receiver<Process>> {
        let map = self.by_address.read().unwrap_or_else(PoisonError::into_inner);
        map.get(&address).map(watch::Sender::subscribe)
    }

    /// Asked now and then by a person's or a test's command, so it may look at all of them.
    pub fn find_by_name(&self, namespace: &str, pod: &str) -> Option<watch::Receiver<Process>> {
        let map = self.by_address.read().unwrap_or_else(PoisonError::into_inner);
        let is_it = |process: &&watch::Sender<Process>| {
            let known = &process.borrow().settings;
            known.namespace == namespace && known.pod == pod
        };
        map.values().find(is_it).map(watch::Sender::subscribe)
    }

    /// All that run in a namespace.
    pub fn running_in(&self, namespace: &str) -> Vec<PodSettings> {
        let map = self.by_address.read().unwrap_or_else(PoisonError::into_inner);
        let settings = map.values().map(|process| process.borrow().settings.clone());
        settings.filter(|pod| pod.running && pod.namespace == namespace).collect()
    }

    fn update(self: &Arc<Self>, settings: PodSettings) {
        let mut map = self.by_address.write().unwrap_or_else(PoisonError::into_inner);
        let address = settings.address;
        let known = map.get(&address).filter(|known| known.borrow().settings.uid == settings.uid);
        let was_terminating = known.is_some_and(|known| known.borrow().settings.terminating);
        if settings.terminating && !was_terminating {
            self.schedule_end(&settings);
        }
        match known {
            Some(process) => process.send_modify(|process| process.observe(settings)),
            None => {
                if let Some(reused) = map.remove(&address) {
                    reused.send_modify(Process::end);
                }
                map.insert(address, watch::Sender::new(Process::new(settings)));
            }
        }
    }

    fn schedule_end(self: &Arc<Self>, settings: &PodSettings) {
        let (registry, uid, address) = (Arc::clone(self), settings.uid.clone(), settings.address);
        let (serves_on, grace) = (settings.serves_on, settings.grace);
        tokio::spawn(async move {
            tokio::time::sleep(serves_on).await;
            registry.advance(address, &uid, Phase::Stopping);
            tokio::time::sleep(grace.saturating_sub(serves_on).max(Duration::from_secs(1))).await;
            registry.advance(address, &uid, Phase::Gone);
        });
    }

    fn advance(&self, address: IpAddr, uid: &str, phase: Phase) {
        let map = self.by_address.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(process) = map.get(&address).filter(|known| known.borrow().settings.uid == uid) {
            process.send_modify(|process| process.phase = process.phase.max(phase));
        }
    }

    fn remove(&self, address: IpAddr, uid: &str) {
        let mut map = self.by_address.write().unwrap_or_else(PoisonError::into_inner);
        if map.get(&address).is_some_and(|known| known.borrow().settings.uid == uid)
            && let Some(process) = map.remove(&address)
        {
            process.send_modify(Process::end);
        }
    }

    /// After the watch began anew: pods that are no longer listed are gone.
    fn keep_only(&self, listed: &HashSet<String>) {
        let mut map = self.by_address.write().unwrap_or_else(PoisonError::into_inner);
        map.retain(|_, process| {
            let keep = listed.contains(&process.borrow().settings.uid);
            if !keep {
                process.send_modify(Process::end);
            }
            keep
        });
    }
}

impl Process {
    fn new(settings: PodSettings) -> Self {
        let phase = if settings.running { Phase::Serving } else { Phase::Gone };
        let mut process = Self { settings, phase, log: Arc::default(), metrics: Arc::default() };
        if process.settings.running || process.settings.exit_code.is_some() {
            process.log_start();
        }
        process
    }

    fn observe(&mut self, mut settings: PodSettings) {
        if settings.answers == self.settings.answers {
            // The same annotation goes on counting.
            settings.answers = Arc::clone(&self.settings.answers);
        }
        // A container that was restarted serves again; one that is stopping does not.
        if !settings.running {
            self.phase = Phase::Gone;
        } else if !self.settings.running && !settings.terminating {
            self.phase = Phase::Serving;
        }
        let before = std::mem::replace(&mut self.settings, settings);
        let now = &self.settings;
        if before.running && !now.running {
            self.log_end();
        } else if now.running != before.running || now.restarts > before.restarts {
            self.log_start();
        } else if now.running && now.log != before.log {
            self.log.write(now.log.as_deref().unwrap_or_default());
        }
    }

    fn log_start(&mut self) {
        self.metrics = Arc::default();
        let PodSettings { pod, version, restarts, .. } = &self.settings;
        self.log.begin();
        self.log.write(&format!("started pod={pod} version={version} restarts={restarts}"));
        self.log.write(self.settings.log.as_deref().unwrap_or_default());
        if !self.settings.running {
            self.log_end();
        }
    }

    fn log_end(&self) {
        if let Some(code) = self.settings.exit_code {
            self.log.write(&format!("exit code={code}"));
        }
        self.log.end();
    }

    /// The pod is gone.
    fn end(&mut self) {
        self.phase = Phase::Gone;
        self.log.end();
    }
}

/// Watches all pods for as long as the API server can be reached.
pub(super) async fn follow(client: Client, registry: Arc<Registry>, puller: Arc<Puller>) -> Result<()> {
    let pods: Api<Pod> = Api::all(client);
    let events = watcher(pods, watcher::Config::default());
    pin_mut!(events);
    let mut listed = HashSet::new();
    let mut failures = 0;
    while let Some(event) = events.next().await {
        match event {
            Ok(event) => {
                failures = 0;
                take(&registry, &puller, &mut listed, event);
            }
            Err(error) => {
                failures += 1;
                eprintln!("watching pods: {error}");
                if failures > 100 {
                    bail!("cannot watch pods: {error}");
                }
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
    }
    Ok(())
}

fn take(registry: &Arc<Registry>, puller: &Arc<Puller>, listed: &mut HashSet<String>, event: Event<Pod>) {
    match event {
        Event::Init => listed.clear(),
        Event::InitApply(pod) | Event::Apply(pod) => {
            puller.notice(&pod);
            if let Some(settings) = PodSettings::of(&pod) {
                listed.insert(settings.uid.clone());
                registry.update(settings);
            }
        }
        Event::InitDone => registry.keep_only(listed),
        Event::Delete(pod) => {
            if let Some(settings) = PodSettings::of(&pod) {
                listed.remove(&settings.uid);
                registry.remove(settings.address, &settings.uid);
            }
        }
    }
}
