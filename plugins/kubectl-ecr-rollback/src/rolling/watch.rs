//! Watching a rollout to its end, with what holds it up.

use std::time::Duration;

use kubectl_release::cluster::exchange::ApiError;
use kubectl_release::error::{Exit, Failure, Outcome};
use kubectl_release::objects::{Pod, Workload};
use kubectl_release::record::printable;
use kubectl_release::rollout_status::{RolloutStatus, rollout_status};
use kubectl_release::trouble::{self, Reason};
use tokio::time::{Instant, sleep};

use super::Journey;
use super::write::is_ours;
use crate::placement::places;
use crate::plan::pinned_short;
use crate::record::{ROLLED_BACK, Recorded};
use crate::snapshot::workload_and_pods;

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
pub async fn until_done(journey: &Journey<'_>) -> Outcome<()> {
    let mut patience = Patience { began: Instant::now(), hopeless_since: None };
    let mut heard = Instant::now();
    loop {
        let looked = look(journey).await;
        match looked {
            Err(error) if error.is_not_found() => {
                return Err(Failure::changed(format!("{} was deleted by someone else", journey.workload)));
            }
            Err(error) if heard.elapsed() > SILENCE => return Err(error.into()),
            Err(error) => journey.run.progress.step("waiting", &format!("{error}")),
            Ok((workload, pods)) => {
                heard = Instant::now();
                still_ours(journey, &workload)?;
                if judge(journey, &workload, &pods, &mut patience)? {
                    return Ok(());
                }
            }
        }
        sleep(POLL.min(journey.run.left())).await;
    }
}

/// The workload, and of its pods those that ask for the new images.
async fn look(journey: &Journey<'_>) -> Result<(Workload, Vec<Pod>), ApiError> {
    let (workload, mut pods) = workload_and_pods(&journey.run.cluster, journey.workload).await?;
    let roll = journey.roll;
    pods.retain(|pod| roll.places.iter().all(|place| pod.image_of(&place.name) == Some(&roll.to)));
    Ok((workload, pods))
}

/// How long things have been as they are.
struct Patience {
    began: Instant,
    hopeless_since: Option<Instant>,
}

/// True once it is done.
fn judge(journey: &Journey<'_>, workload: &Workload, pods: &[Pod], patience: &mut Patience) -> Outcome<bool> {
    let why = || reasons(journey, workload, pods);
    match rollout_status(workload) {
        RolloutStatus::Done => return Ok(true),
        RolloutStatus::Failed(text) => return Err(failed(journey, printable(&text), why())),
        RolloutStatus::Waiting(text) => tell(journey, workload, &text),
    }
    let why = why();
    if patience.is_over(why.is_hopeless) {
        return Err(failed(journey, "the new pods don't come up".to_owned(), why));
    }
    // That pods start is no news until it takes its time.
    if !why.text.is_empty() && (why.is_hopeless || patience.began.elapsed() >= START) {
        journey.run.progress.step("not ready", &why.text);
    }
    if journey.run.left().is_zero() {
        let failure = failed(journey, "out of time".to_owned(), why);
        return Err(Failure { exit: Exit::OutOfTime, reason: "OutOfTime", ..failure });
    }
    Ok(false)
}

impl Patience {
    fn is_over(&mut self, hopeless: bool) -> bool {
        if !hopeless {
            self.hopeless_since = None;
            return false;
        }
        self.hopeless_since.get_or_insert_with(Instant::now).elapsed() >= PATIENCE
    }
}

fn tell(journey: &Journey<'_>, workload: &Workload, waits_for: &str) {
    // The counts of an older generation are about another template.
    if workload.observed_generation < workload.metadata.generation.unwrap_or(0) {
        return journey.run.progress.step("rolling", &printable(waits_for));
    }
    let Workload { updated, replicas, ready, available, .. } = workload;
    let unavailable = (replicas - available).max(0);
    let text = format!("{updated} of {replicas} updated, {ready} ready, {unavailable} unavailable");
    journey.run.progress.step("rolling", &format!("{text} ({})", printable(waits_for)));
}

/// Why new pods don't come up.
struct Reasons {
    text: String,
    look: Option<String>,
    is_hopeless: bool,
}

fn reasons(journey: &Journey<'_>, workload: &Workload, pods: &[Pod]) -> Reasons {
    let new: Vec<&Pod> = pods.iter().collect();
    let groups = trouble::summarize(&new, &journey.run.cluster.namespace);
    let mut texts: Vec<String> = groups.iter().map(|g| g.message.clone()).collect();
    let refused = not_created(workload);
    texts.extend(refused.clone());
    let stuck = new.iter().filter_map(|pod| trouble::trouble(pod)).any(|t| is_hopeless(&t.reason));
    Reasons {
        text: texts.join("; "),
        look: groups.first().map(|g| format!("{}{}", g.look, journey.run.cluster.flags)),
        is_hopeless: stuck || refused.is_some(),
    }
}

/// Pods that the API server doesn't let the controller create: a quota, an admission webhook
/// (apps/v1 condition `ReplicaFailure`).
fn not_created(workload: &Workload) -> Option<String> {
    let condition = workload.conditions.iter().find(|c| c.kind == "ReplicaFailure" && c.status == "True")?;
    Some(format!("pods are not created: {}", printable(&condition.message)))
}

fn is_hopeless(reason: &Reason) -> bool {
    matches!(
        reason,
        Reason::ImagePull { .. } | Reason::OutOfMemory | Reason::CrashLoop { .. } | Reason::CannotStart { .. }
    )
}

fn failed(journey: &Journey<'_>, text: String, why: Reasons) -> Failure {
    let to = pinned_short(&journey.roll.to);
    let because = if why.text.is_empty() { text } else { format!("{text}: {}", why.text) };
    let failure = Failure::failed("RolloutFailed", format!("{to}: {because}"));
    match why.look {
        Some(look) => failure.next(look),
        None => failure,
    }
}

/// The images are still those that were written, or another run has taken them back.
fn still_ours(journey: &Journey<'_>, workload: &Workload) -> Outcome<()> {
    let record = &journey.roll.record;
    let template = places(workload);
    if record.is_in(&template) {
        return Ok(());
    }
    let recorded = Recorded::read(workload.metadata.annotations.as_ref());
    let taken_back = is_ours(&recorded, record)
        && recorded.current.as_ref().is_some_and(|r| r.result.as_deref() == Some(ROLLED_BACK));
    if taken_back && record.was_left_for(&template) {
        let text = format!("{} failed, and another run took it back", pinned_short(&journey.roll.to));
        return Err(Failure::new(Exit::RolledBack, "RolledBack", text));
    }
    let now: Vec<String> = journey
        .roll
        .places
        .iter()
        .filter_map(|p| template.iter().find(|t| t.name == p.name && t.init == p.init))
        .map(|p| pinned_short(&p.image))
        .collect();
    let text = format!("{workload} was put to {} by someone else; left as it is", now.join(", "));
    Err(Failure::changed(text).next(journey.look()))
}
