//! Carrying out the moves: write, prove, and take back what fails.

pub mod conclude;
pub mod converge;
pub mod scale;
pub mod slice_view;
pub mod take_back;
pub mod verify;
pub mod write;

use std::cell::Cell;
use std::collections::BTreeSet;
use std::time::Duration;

use futures::future::try_join_all;
use kubectl_release::error::{Exit, Failure, Outcome};
use kubectl_release::flags::short_duration;
use kubectl_release::selector::Tracks;
use tokio::time::Instant;

use crate::options::MoveOptions;
use crate::plan::Move;
use crate::snapshot::Snapshot;
use crate::subject::Subject;
use kubectl_release::run::Run;
use slice_view::SliceView;

/// A move, and what proving it needs to know.
#[derive(Debug)]
pub struct Journey<'a> {
    pub movement: &'a Move,
    pub subject: &'a Subject<'a>,
    pub tracks: &'a Tracks,
    /// Ready target pods that the move was allowed with.
    pub required: usize,
    pub verify_for: Duration,
    /// True while the Service is where this run moved it; nothing where that isn't known.
    pub moved: Cell<Option<bool>>,
}

/// Says in the end what was reached.
#[derive(Debug, Clone, Default)]
pub struct Reached {
    /// From the first write to convergence.
    pub converged_millis: u64,
    pub ready: usize,
}

/// Writes all moves, proves them, concludes.
///
/// # Errors
/// 1 or 3: not written, or taken back to what was. 5: failed and rolled back. 3 also: reverted by
/// someone else. 4: out of time, left as it is (rollback, or `--no-rollback`).
pub async fn carry_out(
    run: &Run,
    options: &MoveOptions,
    snapshot: &Snapshot,
    journeys: &[Journey<'_>],
) -> Outcome<Vec<Reached>> {
    let began = Instant::now();
    write::all(run, journeys).await?;
    let failure = match prove(run, snapshot, journeys, began).await {
        Ok(reached) => {
            conclude::done(run, journeys).await;
            return Ok(reached);
        }
        Err(failure) => failure,
    };
    if failure.exit == Exit::Changed || !options.rollback_on_failure {
        conclude::left_as_is(run, journeys, &failure).await;
        return Err(with_way_back(run, journeys, failure));
    }
    Err(take_back::all(run, snapshot, journeys, failure, began).await)
}

fn with_way_back(run: &Run, journeys: &[Journey<'_>], failure: Failure) -> Failure {
    if failure.next.is_some() {
        return failure;
    }
    let names: Vec<&str> = journeys.iter().map(|j| j.movement.service.as_str()).collect();
    failure.next(format!("kubectl bluegreen rollback {}{}", names.join(" "), run.suffix))
}

async fn prove(run: &Run, snapshot: &Snapshot, journeys: &[Journey<'_>], began: Instant) -> Outcome<Vec<Reached>> {
    let reached = try_join_all(journeys.iter().map(|j| prove_one(run, snapshot, j, began))).await?;
    let verify_for = journeys.iter().map(|j| j.verify_for).max().unwrap_or_default();
    if !verify_for.is_zero() {
        run.progress.step("verified", &format!("for {}", short_duration(verify_for)));
    }
    Ok(reached)
}

async fn prove_one(run: &Run, snapshot: &Snapshot, journey: &Journey<'_>, began: Instant) -> Outcome<Reached> {
    let movement = journey.movement;
    let mut view = SliceView::of(&run.cluster, &movement.service, snapshot);
    let known = KnownPods::of(journey.tracks, snapshot);
    let converged = tokio::select! {
        converged = converge::wait(run, &mut view, known, movement, journey.tracks) => converged?,
        failure = verify::until_changed(run, journey) => return Err(failure),
    };
    let millis = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    let text = format!(
        "{}{} {}, {} 0 ({:.1} s)",
        prefix(&movement.service, journey),
        movement.to,
        converged.ready,
        movement.from,
        began.elapsed().as_secs_f32()
    );
    run.progress.step("converged", &text);
    verify::hold(run, &mut view, journey).await?;
    Ok(Reached { converged_millis: millis, ready: converged.ready })
}

/// Names the Service where several move together.
fn prefix(service: &str, journey: &Journey<'_>) -> String {
    if journey.movement.record.services.is_empty() { String::new() } else { format!("{service}: ") }
}

/// Pods whose color is known, by name.
#[derive(Debug, Clone, Default)]
pub struct KnownPods {
    /// Ready pods of the target's own workloads.
    pub ready: std::collections::BTreeMap<String, BTreeSet<String>>,
    /// Every pod's color.
    pub colors: std::collections::BTreeMap<String, String>,
}

impl KnownPods {
    /// What the snapshot knows.
    #[must_use]
    pub fn of(tracks: &Tracks, snapshot: &Snapshot) -> Self {
        Self::from_pods(tracks, &snapshot.pods)
    }

    /// Sorts pods into colors.
    #[must_use]
    pub fn from_pods(tracks: &Tracks, pods: &[kubectl_release::objects::Pod]) -> Self {
        let mut known = Self::default();
        for pod in pods {
            if let Some(color) = tracks.color_of(&pod.metadata.labels) {
                known.colors.insert(pod.metadata.name.clone(), color.to_owned());
            }
        }
        for color in &tracks.colors {
            let own = tracks.pods_of(&color.name, pods);
            let ready = own.iter().filter(|p| p.is_ready()).map(|p| p.metadata.name.clone()).collect();
            known.ready.insert(color.name.clone(), ready);
        }
        known
    }

    /// The ready pods of a color.
    #[must_use]
    pub fn ready_of(&self, color: &str) -> BTreeSet<String> {
        self.ready.get(color).cloned().unwrap_or_default()
    }

    /// True for a pod that is known to be of another color.
    #[must_use]
    pub fn is_foreign(&self, pod: &str, target: &str) -> bool {
        self.colors.get(pod).is_some_and(|color| color != target)
    }
}
