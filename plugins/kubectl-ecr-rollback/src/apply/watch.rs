//! Watching a rollout to its end, with what holds it up.

use std::ops::ControlFlow;
use std::time::Duration;

use release_cluster::exchange::ApiError;
use release_cluster::wait::{after, until};
use release_core::command::Command;
use release_core::failure::{Exit, Failure, Outcome};
use release_core::kube::{Pod, Workload};
use release_core::release::record::RunResult;
use release_core::text::printable;
use release_core::workload::rollout_status::{RolloutStatus, rollout_status};
use release_core::workload::trouble;
use release_core::workload::trouble::Reason;
use tokio::time::Instant;

use super::in_progress::ChangeInProgress;
use crate::container_image::containers_of;
use crate::plan::image_change::ImageChange;
use crate::record::recorded_on;
use crate::snapshot::read::workload_and_pods;
use crate::words::pinned_short;

/// Between two looks.
const POLL: Duration = Duration::from_millis(250);
/// How long new pods may be in a state that seldom mends itself: an image that can't be pulled, a
/// crash loop, a quota. The kubelet has tried more than once by then.
const PATIENCE: Duration = Duration::from_secs(15);
/// New pods that are on their way are not mentioned before.
const START: Duration = Duration::from_secs(5);
/// Reads that fail are asked again until this long after the last one that did not.
const SILENCE: Duration = Duration::from_secs(60);

/// Waits until the rollout is done.
///
/// # Errors
/// Exit 1 where it fails, 4 where time is over, 3 where someone else changed the images, 5 where
/// another run has taken them back.
pub async fn until_done(change: &ChangeInProgress<'_>) -> Outcome<()> {
    let began = Instant::now();
    let mut watch = Watch { change, began, heard: began, hopeless_since: None };
    if let Some(end) = until(change.run.deadline(), POLL, async || watch.look().await).await {
        return end;
    }
    // Time is over and the last look failed: what it came to is still worth a while.
    let end = until(after(watch.heard, SILENCE), POLL, async || watch.look().await).await;
    end.unwrap_or_else(|| Err(Failure::out_of_time("out of time")))
}

/// A rollout that is watched, and how long things have been as they are.
struct Watch<'a> {
    change: &'a ChangeInProgress<'a>,
    began: Instant,
    /// When a look succeeded last.
    heard: Instant,
    hopeless_since: Option<Instant>,
}

impl Watch<'_> {
    async fn look(&mut self) -> ControlFlow<Outcome<()>> {
        let change = self.change;
        match read(change).await {
            Err(error) if error.is_not_found() => {
                let text = format!("{} was deleted by someone else", change.workload);
                ControlFlow::Break(Err(Failure::changed(text)))
            }
            Err(error) if self.heard.elapsed() >= SILENCE => ControlFlow::Break(Err(error.into())),
            Err(error) => {
                change.run.waiting(&format!("{error}"));
                ControlFlow::Continue(())
            }
            Ok((workload, pods)) => {
                self.heard = Instant::now();
                match still_ours(change, &workload).and_then(|()| self.judge(&workload, &pods)) {
                    Ok(true) => ControlFlow::Break(Ok(())),
                    Ok(false) => ControlFlow::Continue(()),
                    Err(failure) => ControlFlow::Break(Err(failure)),
                }
            }
        }
    }

    /// True once it is done.
    fn judge(&mut self, workload: &Workload, pods: &[Pod]) -> Outcome<bool> {
        let change = self.change;
        let why = || reasons(change, workload, pods);
        match rollout_status(workload) {
            RolloutStatus::Done => return Ok(true),
            RolloutStatus::Failed(text) => return Err(failed(change, printable(&text), why())),
            RolloutStatus::Waiting(text) => tell(change, workload, &text),
        }
        let why = why();
        if self.is_patience_over(why.is_hopeless) {
            return Err(failed(change, "the new pods don't come up".to_owned(), why));
        }
        // That pods start is no news until it takes its time.
        if !why.text.is_empty() && (why.is_hopeless || self.began.elapsed() >= START) {
            change.run.progress.step("not ready", &why.text);
        }
        if change.run.left().is_zero() {
            let failure = failed(change, "out of time".to_owned(), why);
            return Err(Failure { exit: Exit::OutOfTime, reason: "OutOfTime", ..failure });
        }
        Ok(false)
    }

    fn is_patience_over(&mut self, hopeless: bool) -> bool {
        if !hopeless {
            self.hopeless_since = None;
            return false;
        }
        self.hopeless_since.get_or_insert_with(Instant::now).elapsed() >= PATIENCE
    }
}

/// The workload, and of its pods those that ask for the new images.
async fn read(change: &ChangeInProgress<'_>) -> Result<(Workload, Vec<Pod>), ApiError> {
    let (workload, mut pods) = workload_and_pods(&change.run.cluster, change.workload).await?;
    let ImageChange { containers, to, .. } = change.image_change;
    pods.retain(|pod| containers.iter().all(|one| pod.image_of(&one.name) == Some(to)));
    Ok((workload, pods))
}

fn tell(change: &ChangeInProgress<'_>, workload: &Workload, waits_for: &str) {
    // The counts of an older generation are about another template.
    if workload.observed_generation < workload.metadata.generation.unwrap_or(0) {
        return change.run.progress.step("rolling", &printable(waits_for));
    }
    let Workload { updated, replicas, ready, available, .. } = workload;
    let unavailable = replicas.saturating_sub(*available).max(0);
    let text = format!("{updated} of {replicas} updated, {ready} ready, {unavailable} unavailable");
    change.run.progress.step("rolling", &format!("{text} ({})", printable(waits_for)));
}

/// Why new pods don't come up.
struct Reasons {
    text: String,
    look: Option<Command>,
    is_hopeless: bool,
}

fn reasons(change: &ChangeInProgress<'_>, workload: &Workload, pods: &[Pod]) -> Reasons {
    let new: Vec<&Pod> = pods.iter().collect();
    let groups = trouble::summarize(&new, change.run.scope());
    let mut texts: Vec<String> = groups.iter().map(|g| g.message.clone()).collect();
    let refused = trouble::pods_refused(workload);
    texts.extend(refused.clone());
    let stuck = new.iter().filter_map(|pod| trouble::trouble(pod)).any(|t| is_hopeless(&t.reason));
    Reasons {
        text: texts.join("; "),
        look: groups.into_iter().next().map(|group| group.look),
        is_hopeless: stuck || refused.is_some(),
    }
}

fn is_hopeless(reason: &Reason) -> bool {
    matches!(
        reason,
        Reason::ImagePull { .. } | Reason::OutOfMemory | Reason::CrashLoop { .. } | Reason::CannotStart { .. }
    )
}

fn failed(change: &ChangeInProgress<'_>, text: String, why: Reasons) -> Failure {
    let to = pinned_short(&change.image_change.to);
    let because = if why.text.is_empty() { text } else { format!("{text}: {}", why.text) };
    let failure = Failure::failed("RolloutFailed", format!("{to}: {because}"));
    match why.look {
        Some(look) => failure.look(look),
        None => failure,
    }
}

/// The images are still those that were written, or another run has taken them back.
fn still_ours(change: &ChangeInProgress<'_>, workload: &Workload) -> Outcome<()> {
    let record = &change.image_change.record;
    let template = containers_of(workload);
    if record.is_in(&template) {
        return Ok(());
    }
    let recorded = recorded_on(workload);
    let taken_back =
        recorded.is_of(record) && recorded.current.as_ref().is_some_and(|r| r.result == Some(RunResult::RolledBack));
    if taken_back && record.was_left_for(&template) {
        let text = format!("{} failed, and another run took it back", pinned_short(&change.image_change.to));
        return Err(Failure::new(Exit::RolledBack, "RolledBack", text));
    }
    let ours = change.image_change.containers.iter();
    let found = ours.filter_map(|one| template.iter().find(|t| t.name == one.name && t.init == one.init));
    let now: Vec<String> = found.map(|one| pinned_short(&one.image)).collect();
    let text = format!("{workload} was put to {} by someone else; left as it is", now.join(", "));
    Err(Failure::changed(text).look(change.look()))
}
