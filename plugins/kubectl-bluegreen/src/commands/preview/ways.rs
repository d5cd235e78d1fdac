//! The pods that connections of a preview can go to.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::time::Duration;

use k8s_openapi::api::core::v1::ServicePort;
use release_cli::run::Run;
use release_core::failure::Outcome;
use release_core::traffic::preview::target_in;
use tokio::time::Instant;

use crate::options::preview::PreviewOptions;
use crate::routed_view::seen;
use crate::snapshot::{Looking, ReadScope, Snapshot, load};

/// What was read longer ago is read again for the next connection.
const FRESH: Duration = Duration::from_secs(1);

/// A port of a pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    pub pod: String,
    pub port: u16,
}

/// The ready pods of a color, as they were seen last.
#[derive(Debug)]
pub struct Ways<'a> {
    run: &'a Run,
    options: &'a PreviewOptions,
    color: &'a str,
    port: &'a ServicePort,
    seen: RefCell<Option<(Instant, Vec<Way>)>>,
    /// Connections stay with one pod for as long as it is ready, as people log in to one.
    last: RefCell<Option<Way>>,
    said_active: Cell<bool>,
}

impl<'a> Ways<'a> {
    /// As the first look showed them.
    #[must_use]
    pub fn new(
        run: &'a Run,
        options: &'a PreviewOptions,
        (color, port): (&'a str, &'a ServicePort),
        snapshot: &Snapshot,
    ) -> Self {
        let seen = ways(snapshot, options, color, port);
        Self {
            run,
            options,
            color,
            port,
            seen: RefCell::new(Some((Instant::now(), seen))),
            last: RefCell::default(),
            said_active: Cell::new(false),
        }
    }

    /// Where the next connection goes, of those that were not tried in vain; nothing where no pod is ready.
    ///
    /// # Errors
    /// Where the cluster can't be read.
    pub async fn next(&self, tried: &BTreeSet<String>) -> Outcome<Option<Way>> {
        let is_fresh = self.seen.borrow().as_ref().is_some_and(|(at, _)| at.elapsed() < FRESH);
        if !is_fresh || !tried.is_empty() {
            self.look().await?;
        }
        let seen = self.seen.borrow();
        let all = || seen.iter().flat_map(|(_, ways)| ways).filter(|way| !tried.contains(&way.pod));
        let mut last = self.last.borrow_mut();
        if let Some(stays) = last.as_ref().filter(|last| all().any(|way| way == *last)) {
            return Ok(Some(stays.clone()));
        }
        let next = all().next().cloned();
        if let Some(next) = &next {
            self.run.say(&format!("Connections go to pod/{}:{}", next.pod, next.port));
        }
        *last = next.clone().or(last.take());
        Ok(next)
    }

    async fn look(&self) -> Outcome<()> {
        let key = self.options.track_key.as_deref();
        let looking = Looking { key, router: self.options.router.as_ref(), extent: ReadScope::Colors, images: false };
        let snapshot = load(&self.run.cluster, std::slice::from_ref(&self.options.service), looking).await?;
        let view = seen(&snapshot.services[0], &snapshot, key);
        let is_active = view.tracks.is_ok_and(|tracks| tracks.active == self.color);
        if is_active && !self.said_active.replace(true) {
            self.run.say(&format!("note: {} is active by now: what you see is production", self.color));
        }
        let seen = ways(&snapshot, self.options, self.color, self.port);
        *self.seen.borrow_mut() = Some((Instant::now(), seen));
        Ok(())
    }
}

/// Ready pods that are not going, by name.
fn ways(snapshot: &Snapshot, options: &PreviewOptions, color: &str, port: &ServicePort) -> Vec<Way> {
    let key = options.track_key.as_deref();
    let Some(service) = snapshot.services.first() else { return Vec::new() };
    let Ok(tracks) = seen(service, snapshot, key).tracks else {
        return Vec::new();
    };
    let pods = tracks.pods_of(color, &snapshot.pods).into_iter();
    let ready = pods.filter(|pod| pod.is_ready() && !pod.is_terminating());
    let mut ways: Vec<Way> = ready
        .filter_map(|pod| {
            let workload = snapshot.workloads.iter().find(|workload| workload.owns(pod)).map(AsRef::as_ref);
            Some(Way { pod: pod.metadata.name.clone(), port: target_in(workload, port)? })
        })
        .collect();
    ways.sort_by(|one, other| one.pod.cmp(&other.pod));
    ways
}
