//! Narrowing a Service's selector to the pods of one color, which it selects among others.

use std::collections::BTreeSet;
use std::time::Duration;

use k8s_openapi::api::core::v1::Service;
use release_cli::run::Run;
use release_cluster::conditional::{Found, Written};
use release_cluster::exchange::ApiError;
use release_cluster::slice_view::{SliceView, SlicesAt};
use release_core::failure::{Exit, Failure, Outcome};
use release_core::kube::Labels;
use release_core::kube::service::service_path;
use release_core::release::change::{Action, Change, Op};
use release_core::release::rewritten::rewritten;
use release_core::traffic::selector::{Tracks, as_label_selector};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::emptied::{TOLERATED, emptied};
use super::in_progress::status;
use super::lasting::Lasting;
use crate::snapshot::workloads_and_pods;

/// Between two looks at the pods.
const TICK: Duration = Duration::from_secs(1);

/// What is narrowed, and to what.
#[derive(Debug, Clone, Copy)]
pub struct Narrowing<'a> {
    pub service: &'a str,
    pub tracks: &'a Tracks,
    pub color: &'a str,
    /// Ready pods of the color that have to be endpoints.
    pub required: usize,
}

impl Narrowing<'_> {
    fn selector(&self) -> Labels {
        self.tracks.selector_for(self.color)
    }
}

/// Makes the write.
///
/// # Errors
/// 1 where it is refused, or admission makes another selector of it (which is put back), 3 where somebody has
/// changed the selector meanwhile.
pub async fn write(run: &Run, narrowing: Narrowing<'_>, change: &Change) -> Outcome<()> {
    let look = || status(narrowing.service, run.scope());
    let written =
        run.cluster.write_if_unchanged(change, run.write_mode(), async || found(run, narrowing, change).await);
    let stored = match written.await {
        Ok(Written::Answered(stored)) => stored["spec"]["selector"].clone(),
        Ok(Written::ReadBack(error)) => {
            run.progress.step("read back", &format!("{error}; the change is there"));
            json!(narrowing.selector())
        }
        Err(unwritten) => return Err(unwritten.failure(&change.object, "narrowed", look())),
    };
    if stored == json!(narrowing.selector()) {
        return Ok(());
    }
    let text = format!(
        "{} selects {stored} now, though {} was written: an admission policy or webhook rewrites it",
        change.object,
        as_label_selector(&narrowing.selector())
    );
    let back = match widen(run, change, &stored).await {
        Ok(()) => "it is as it was again".to_owned(),
        Err(error) => format!("it could not be put back: {error}"),
    };
    Err(rewritten(format!("{text}\n{back}"), run.scope()))
}

/// Reads the Service back.
async fn found(run: &Run, narrowing: Narrowing<'_>, change: &Change) -> Result<Found, ApiError> {
    let service: Service = run.cluster.get(&change.path).await?;
    let now = service.spec.and_then(|spec| spec.selector).unwrap_or_default();
    if now == narrowing.selector() {
        return Ok(Found::Ours);
    }
    if json!(now) == *before(change) {
        return Ok(Found::Untouched(Box::new(change.clone())));
    }
    let text = format!(
        "{} was changed by someone else meanwhile: its selector is {} now; nothing was overwritten",
        change.object,
        as_label_selector(&now)
    );
    Ok(Found::Changed(Failure::changed(text).look(status(narrowing.service, run.scope()))))
}

/// The selector on which the write is conditional.
fn before(change: &Change) -> &Value {
    let Action::JsonPatch(ops) = &change.action else { return &Value::Null };
    let tested = ops.iter().find(|op| op.0["op"] == "test" && op.0["path"] == "/spec/selector");
    tested.map_or(&Value::Null, |op| &op.0["value"])
}

/// Exit 3 where somebody else has changed the selector since. A read that fails is no verdict; the next one is near.
async fn still_narrowed(run: &Run, narrowing: Narrowing<'_>) -> Outcome<()> {
    let path = service_path(&run.cluster.namespace, narrowing.service);
    let Ok(service) = run.cluster.get::<Service>(&path).await else { return Ok(()) };
    let now = service.spec.and_then(|spec| spec.selector).unwrap_or_default();
    if now == narrowing.selector() {
        return Ok(());
    }
    let text = format!(
        "service/{} was narrowed to {}, and changed by someone else since: its selector is {} now",
        narrowing.service,
        as_label_selector(&narrowing.selector()),
        as_label_selector(&now)
    );
    Err(Failure::changed(text).look(status(narrowing.service, run.scope())))
}

async fn widen(run: &Run, change: &Change, there: &Value) -> Result<(), ApiError> {
    let ops = vec![Op::test("/spec/selector", there.clone()), Op::replace("/spec/selector", before(change).clone())];
    let back = Change { action: Action::JsonPatch(ops), ..change.clone() };
    run.cluster.apply_and_see(&back, run.write_mode()).await.map(drop)
}

/// Takes the narrowing back after a failure: both kinds of pods serve again.
pub async fn take_back(run: &Run, narrowing: Narrowing<'_>, change: &Change, failure: Failure) -> Failure {
    run.progress.step("failed", &failure.message);
    match widen(run, change, &json!(narrowing.selector())).await {
        Ok(()) => {
            run.progress.step("widened", &format!("{} selects what it did before", change.object));
            let message = format!("the selector was narrowed and widened again\n{}", failure.message);
            Failure { next: failure.next, ..Failure::new(Exit::RolledBack, "RolledBack", message) }
        }
        Err(error) => {
            let message = format!("{}\n{} stays narrowed: {error}", failure.message, change.object);
            let failure = Failure { reason: "RollbackFailed", exit: Exit::Failed, message, ..failure };
            match &change.undo {
                Some(undo) => failure.try_next(undo.clone()),
                None => failure,
            }
        }
    }
}

/// The endpoints of a Service beside the pods of its color.
pub struct Endpoints<'a> {
    run: &'a Run,
    narrowing: Narrowing<'a>,
    view: SliceView,
    own: BTreeSet<String>,
}

impl<'a> Endpoints<'a> {
    #[must_use]
    pub fn of(run: &'a Run, narrowing: Narrowing<'a>, at: SlicesAt) -> Self {
        let view = SliceView::at(&run.cluster, narrowing.service, at);
        Self { run, narrowing, view, own: BTreeSet::new() }
    }

    /// Waits until enough pods of the color are endpoints; where `alone`, until no others are.
    ///
    /// # Errors
    /// Exit 1 where nobody is an endpoint any more, 4 once the run's time is over.
    pub async fn hold_them(&mut self, alone: bool) -> Outcome<()> {
        let (run, Narrowing { service, color, required, .. }) = (self.run, self.narrowing);
        let mut empty = Lasting::default();
        loop {
            self.look().await;
            if alone {
                still_narrowed(run, self.narrowing).await?;
            }
            let (own, others) = self.counts();
            if own >= required && (!alone || others == 0) {
                return Ok(());
            }
            if empty.longer_than(TOLERATED, alone && own.saturating_add(others) == 0) {
                return Err(emptied(run, service, color).await);
            }
            if run.left().is_zero() {
                let text =
                    format!("out of time: {own} of {required} pods of {color} are endpoints, and {others} others");
                return Err(Failure::out_of_time(text).look(status(service, run.scope())));
            }
            run.waiting(&format!("{service}: {own}/{required} endpoints of {color}, {others} others"));
            self.view.changed(run.left().min(TICK)).await;
        }
    }

    /// Watches that they stay, and that nobody puts the selector back.
    ///
    /// # Errors
    /// Exit 3 where somebody does; exit 1 where there are fewer for longer than endpoints take to follow.
    pub async fn stay(&mut self, watched: Duration) -> Outcome<()> {
        let Narrowing { service, color, required, .. } = self.narrowing;
        let began = Instant::now();
        let mut short = Lasting::default();
        while began.elapsed() < watched || short.is_so() {
            self.look().await;
            still_narrowed(self.run, self.narrowing).await?;
            let (own, _) = self.counts();
            if short.longer_than(TOLERATED, own < required) {
                let text = format!("{own} of {required} pods of {color} are endpoints of service/{service}");
                return Err(Failure::failed("TargetFailed", text).look(status(service, self.run.scope())));
            }
            self.view.changed(TICK.min(watched)).await;
        }
        Ok(())
    }

    fn counts(&self) -> (usize, usize) {
        let ready = self.view.slices.ready_pods();
        let own = ready.iter().filter(|pod| self.own.contains(**pod)).count();
        (own, ready.len().saturating_sub(own))
    }

    /// Which pods are the color's; what can't be read leaves what was known.
    async fn look(&mut self) {
        let selector = self.narrowing.selector();
        if let Ok((_, pods)) = workloads_and_pods(&self.run.cluster, &selector).await {
            self.own = pods.iter().filter(|pod| pod.is_ready()).map(|pod| pod.metadata.name.clone()).collect();
        }
    }
}
