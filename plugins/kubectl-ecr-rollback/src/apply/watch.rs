//! Watching a rollout to its end, with what holds it up.

use std::ops::ControlFlow;
use std::time::Duration;

use jiff::Timestamp;
use release_cli::progress::Waiting;
use release_cluster::exchange::ApiError;
use release_cluster::wait::{after, later, until};
use release_core::failure::{Exit, Failure, Next, UNSEEN};
use release_core::kube::{Pod, TemplateRevision, Workload};
use release_core::text::printable;
use release_core::workload::rollout_pods::{Hold, RolloutPods};
use release_core::workload::rollout_status::RolloutStatus;
use tokio::time::{Instant, timeout, timeout_at};

use super::held::Held;
use super::in_progress::ChangeInProgress;
use super::overtaken::{still_ours, theirs};
use super::reasons::{PATIENCE, Reasons, failing_of, is_about};
use super::unproven::{ROLLOUT_FAILED, Unproven};
use super::what_runs::change_runs;
use crate::pods_now::PodsNow;
use crate::record::recorded_on;
use crate::snapshot::read::{template_of, workload_and_pods};
use crate::words::pinned_short;

/// Between two looks.
const POLL: Duration = Duration::from_millis(250);
/// New pods that are on their way are not mentioned before.
const START: Duration = Duration::from_secs(5);
/// Reads that fail are asked again until this long after the last one that did not.
const SILENCE: Duration = Duration::from_secs(60);
/// For so long a last word is waited for once time is over.
const LAST_WORD: Duration = Duration::from_secs(5);

const OUT_OF_TIME: &str = "out of time";

/// A rollout that is watched, and what was seen of it.
#[derive(Debug)]
pub struct Watch<'a> {
    change: &'a ChangeInProgress<'a>,
    began: Instant,
    /// When a look succeeded last.
    heard: Instant,
    hopeless_since: Option<Instant>,
    /// A new pod was ready once: it can be, and others need their time.
    came_up: bool,
    /// By what name pods are labelled that run the template of this generation, where that had to be asked.
    template: Option<(Option<i64>, TemplateRevision)>,
    /// The hold that was told last.
    told: Option<Held>,
    /// What its own pods failed of; nothing where none of them was seen failing.
    pub seen: Option<String>,
    /// Why pods of what was left fail, where they were seen to.
    pub left_failing: Option<String>,
    /// What the pods ran at the last look.
    pub pods: PodsNow,
    /// Whether one of them ran the target then, or there were none.
    pub is_run: bool,
}

type Look<T> = Result<T, Unproven>;

impl<'a> Watch<'a> {
    /// Begins to watch.
    #[must_use]
    pub fn begin(change: &'a ChangeInProgress<'a>) -> Self {
        let began = Instant::now();
        Self {
            change,
            began,
            heard: began,
            hopeless_since: None,
            came_up: false,
            template: None,
            told: None,
            seen: None,
            left_failing: change.image_change.record.left_failing.clone(),
            pods: PodsNow::default(),
            is_run: false,
        }
    }

    /// Waits until the rollout is done.
    ///
    /// # Errors
    /// How it ended otherwise.
    pub async fn until_done(&mut self) -> Look<()> {
        let deadline = self.change.run.deadline();
        let watched = timeout_at(after(deadline, LAST_WORD), until(deadline, POLL, async || self.look().await)).await;
        match watched {
            Ok(Some(end)) => return end,
            Ok(None) => {}
            // The API server took a question and gave no answer.
            Err(_) => return Err(Unproven::Unfinished(self.unseen("no answer"))),
        }
        // Time is over and the last look failed: what it came to is still worth a moment.
        let end = timeout(LAST_WORD, until(later(LAST_WORD), POLL, async || self.look().await)).await;
        end.ok().flatten().unwrap_or_else(|| Err(Unproven::Unfinished(self.unseen("no answer"))))
    }

    async fn look(&mut self) -> ControlFlow<Look<()>> {
        let change = self.change;
        match self.read().await {
            Err(error) if error.is_not_found() => {
                let text = format!("{} was deleted by someone else", change.workload);
                ControlFlow::Break(Err(Unproven::Overtaken(Failure::changed(text))))
            }
            Err(error) => self.not_heard(error),
            Ok((workload, pods)) => {
                self.heard = Instant::now();
                tell_where_unrecorded(change, &workload);
                match still_ours(change, &workload).and_then(|()| self.judge(&workload, &pods)) {
                    Ok(true) => ControlFlow::Break(Ok(())),
                    Ok(false) => ControlFlow::Continue(()),
                    Err(unproven) => ControlFlow::Break(Err(unproven)),
                }
            }
        }
    }

    async fn read(&mut self) -> Result<(Workload, Vec<Pod>), ApiError> {
        let cluster = &self.change.run.cluster;
        let (mut workload, pods) = workload_and_pods(cluster, self.change.workload).await?;
        let generation = workload.metadata.generation;
        if self.template.as_ref().is_none_or(|(of, _)| *of != generation) {
            self.template = template_of(cluster, &workload).await?.map(|template| (generation, template));
        }
        if let Some((_, template)) = &self.template {
            workload.revision = Some(template.clone());
        }
        Ok((workload, pods))
    }

    fn not_heard(&self, error: ApiError) -> ControlFlow<Look<()>> {
        if self.heard.elapsed() >= SILENCE {
            return ControlFlow::Break(Err(Unproven::Unfinished(self.unseen(&error.to_string()))));
        }
        self.change.run.waiting(&format!("{error}"));
        ControlFlow::Continue(())
    }

    /// It was written, and what became of it could not be read.
    fn unseen(&self, why: &str) -> Failure {
        let silent = self.heard.elapsed().as_secs();
        let text = self.about("written, and not seen since", &format!("{why}, for {silent} s"));
        let failure = Failure::new(Exit::OutOfTime, UNSEEN, text);
        failure.next(Next::Try(vec![self.change.again()], Some("watches on".to_owned())))
    }

    /// True once it is done.
    fn judge(&mut self, workload: &Workload, pods: &[Pod]) -> Look<bool> {
        let change = self.change;
        let pods = RolloutPods::of(workload, pods, |pod| change.asks_for_new(pod));
        self.remember(workload, &pods);
        let status = pods.status(workload);
        if status == RolloutStatus::Done {
            return Ok(true);
        }
        let held = pods.hold(workload, Timestamp::now()).map(|hold| (Held::of(change, &hold, &pods), hold));
        let why = Reasons::of(change, workload, &pods);
        // Until its controller has looked, nobody knows whether a paused one has anything to wait for.
        let is_seen = workload.observed_generation >= workload.metadata.generation.unwrap_or(0);
        let held = held.filter(|(_, hold)| if *hold == Hold::Paused { is_seen } else { !why.fails });
        self.tell(workload, &status, &why, held.as_ref().map(|(held, _)| held));
        if let Some(failed) = self.failed(workload.paused, &status, &pods, &why) {
            return Err(theirs(change, workload).unwrap_or(failed));
        }
        let waits_in_vain = change.workload.paused && workload.paused && is_seen;
        if change.run.left().is_zero() || waits_in_vain {
            return Err(Unproven::Unfinished(self.unfinished(&status, &why, held.map(|(held, _)| held))));
        }
        Ok(false)
    }

    fn remember(&mut self, workload: &Workload, pods: &RolloutPods<'_>) {
        self.came_up |= pods.new.iter().any(|pod| pod.is_ready());
        let left: Vec<&Pod> = pods.old.iter().copied().filter(|pod| self.change.asks_for_left(pod)).collect();
        self.left_failing = failing_of(self.change, &left).or(self.left_failing.take());
        self.is_run = change_runs(self.change, workload, pods);
        let made = self.change.image_change;
        self.pods = PodsNow::of(workload, pods, &made.containers[0].name, &made.to);
    }

    /// Nothing while its pods may still come up, or while they are not to blame.
    fn failed(
        &mut self,
        paused: bool,
        status: &RolloutStatus,
        pods: &RolloutPods<'_>,
        why: &Reasons,
    ) -> Option<Unproven> {
        if paused {
            // Nothing would be taken back while it is: that it stands still is nobody's failure.
            return None;
        }
        let never_came_up = why.never_passed && !self.came_up;
        let seen = (why.fails || never_came_up).then(|| why.text.clone());
        let text = match status {
            RolloutStatus::Failed(deadline) if is_about(deadline, pods) && !why.text.is_empty() => printable(deadline),
            _ if self.is_patience_over(why) => "the new pods don't come up".to_owned(),
            _ if self.change.run.left().is_zero() && seen.is_some() => OUT_OF_TIME.to_owned(),
            _ => return None,
        };
        let failure = Failure::failed(ROLLOUT_FAILED, self.about(&text, &why.text));
        let failure = why.look.iter().cloned().fold(failure, Failure::look);
        self.seen = seen;
        Some(Unproven::Failed(failure))
    }

    fn is_patience_over(&mut self, why: &Reasons) -> bool {
        if !why.fails {
            self.hopeless_since = None;
        } else if why.is_hopeless {
            self.hopeless_since.get_or_insert_with(Instant::now);
        }
        self.hopeless_since.is_some_and(|since| since.elapsed() >= PATIENCE)
    }

    /// The end of a run that can only say how things stand.
    fn unfinished(&self, status: &RolloutStatus, why: &Reasons, held: Option<Held>) -> Failure {
        let change = self.change;
        if let Some(held) = held {
            return held.failure(change, &self.about("not done", &held.text));
        }
        let waits = waits_for(status);
        let why = if why.text.is_empty() { waits } else { format!("{waits}; {}", why.text) };
        let text = self.about("out of time, its rollout goes on", &why);
        Failure::out_of_time(text).next(Next::Try(vec![change.again()], Some("watches on".to_owned())))
    }

    /// `api:1.0.5: TEXT: WHY`
    fn about(&self, text: &str, why: &str) -> String {
        let to = pinned_short(&self.change.image_change.to);
        if why.is_empty() { format!("{to}: {text}") } else { format!("{to}: {text}: {why}") }
    }

    fn tell(&mut self, workload: &Workload, status: &RolloutStatus, why: &Reasons, held: Option<&Held>) {
        let run = self.change.run;
        if let Some(held) = held.filter(|held| self.told.as_ref() != Some(held)) {
            run.progress.step("held", &format!("{}: {}", held.text, held.command));
            self.told = Some(held.clone());
        }
        let mut text = counts(workload, &waits_for(status));
        // That pods start is no news until it takes its time.
        if !why.text.is_empty() && (why.fails || self.began.elapsed() >= START) {
            text = format!("{text}; {}", why.text);
        }
        run.progress.waiting(Waiting { word: "rolling", text: &text, until: run.deadline(), hint: "" });
    }
}

fn waits_for(status: &RolloutStatus) -> String {
    match status {
        RolloutStatus::Waiting(text) | RolloutStatus::Failed(text) => printable(text),
        RolloutStatus::Done => String::new(),
    }
}

/// Somebody may take the record away while it is watched: then nothing tells of the change, nor of its end.
fn tell_where_unrecorded(change: &ChangeInProgress<'_>, workload: &Workload) {
    let was_read = recorded_on(workload);
    if change.is_recorded.get() && was_read.raw_current.is_none() {
        change.is_recorded.set(false);
        let text = "its record was taken away by someone else; nothing tells a repetition, use --if-running";
        change.run.progress.step("not recorded", text);
    }
}

fn counts(workload: &Workload, waits_for: &str) -> String {
    // The counts of an older generation are about another template.
    if workload.observed_generation < workload.metadata.generation.unwrap_or(0) {
        return waits_for.to_owned();
    }
    let Workload { updated, replicas, ready, available, .. } = workload;
    let unavailable = replicas.saturating_sub(*available).max(0);
    format!("{updated} of {replicas} updated, {ready} ready, {unavailable} unavailable ({waits_for})")
}
