//! Bringing a color to size, and waiting for its pods.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use release_cli::run::Run;
use release_cli::talk::Stand;
use release_cluster::exchange::ApiError;
use release_cluster::wait::until;
use release_core::command::{Command, Scope};
use release_core::failure::{Failure, Next, Outcome};
use release_core::kube::{Workload, WorkloadKind};
use release_core::release::change::{Action, Change};
use release_core::release::rewritten::rewritten;
use release_core::text::printable;
use release_core::traffic::capacity::staying;
use release_core::traffic::selector::{Color, Tracks, as_label_selector};
use release_core::workload::rollout_status::{RolloutStatus, rollout_status};
use release_core::workload::trouble;
use serde_json::Value;
use tokio::time::Instant;

use super::lasting::Lasting;
use super::warnings::newest_warning;
use crate::plan::scale::as_stored;
use crate::snapshot::{pods_with, workloads, workloads_and_pods};

/// Between two looks at the workloads.
const POLL: Duration = Duration::from_millis(250);
/// Pods that stay unready longer than this are asked why.
const WHY_AFTER: Duration = Duration::from_secs(2);

/// For so long pods may be refused: a quota is freed while others are going.
const REFUSED: Duration = Duration::from_secs(15);
/// The reason of a failure to create pods.
pub const PODS_REFUSED: &str = "PodsRefused";

/// Makes the writes, and notes which were made.
///
/// # Errors
/// Where one is refused; a changed replica count is exit 3. Exit 1 where admission makes another size of one.
pub async fn apply(run: &Run, changes: &[Change], written: &mut Vec<Change>) -> Outcome<()> {
    let mut undos = Vec::new();
    for change in changes {
        let text =
            format!("interrupted while scaling; no Service was switched. See {}", workloads_command(run.scope()));
        undos.extend(change.undo.clone());
        run.stands(Stand { text, next: Some(Next::Try(undos.clone(), Some("undoes the scaling".into()))) });
        let stored = match run.cluster.apply_and_see(change, run.write_mode()).await {
            Ok(stored) => stored,
            Err(error) => return Err(refused(run, change, error).await),
        };
        if let Some(stored) = stored.and_then(|stored| as_stored(change, &stored, run.scope())) {
            let text = format!("{} {}: an admission policy or webhook rewrites it", stored.object, stored.summary);
            written.extend(stored.undo.is_some().then_some(stored));
            return Err(rewritten(format!("{text}\nno Service was switched"), run.scope()));
        }
        written.push(change.clone());
        // Its undo is told where no move follows: pods that have traffic are no longer to be scaled back.
        run.progress.step("scaled", &format!("{} {}", change.object, change.summary));
    }
    Ok(())
}

/// A patch whose conditions don't hold is as invalid to the API server as one that admission refuses: only the object
/// tells which it was.
async fn refused(run: &Run, change: &Change, error: ApiError) -> Failure {
    let Some(409 | 422) = error.code() else { return Failure::from(error) };
    let Action::JsonPatch(ops) = &change.action else { return Failure::from(error) };
    let unmet = match run.cluster.get::<Value>(&change.path).await {
        Ok(now) => ops.iter().any(|op| op.unmet_in(&now).is_some()),
        Err(error) => error.is_not_found(),
    };
    if unmet {
        return Failure::changed(format!("{} was changed by someone else meanwhile: {error}", change.object));
    }
    let failure = Failure::from(error);
    Failure {
        message: format!("{}\n{} keeps its size; no Service was switched", failure.message, change.object),
        ..failure
    }
}

/// What is waited for: a color with enough ready pods.
#[derive(Debug, Clone, Copy)]
pub struct Size<'a> {
    pub tracks: &'a Tracks,
    pub color: &'a Color,
    /// Ready pods.
    pub required: usize,
    /// Its rollouts must be done, too.
    pub whole: bool,
}

/// Why there are too few ready pods.
#[derive(Debug, Clone, Default)]
struct Why {
    text: String,
    /// Pods that are there are ready, and no more are let in.
    refused: bool,
}

/// What one look at the workloads showed.
struct Looked {
    ready: usize,
    enough: bool,
    /// What its rollout waits for.
    unfinished: Option<String>,
    /// Why pods aren't created.
    refused: Option<String>,
}

/// Waits until a color has its size.
///
/// # Errors
/// Exit 1 where the API server refuses the pods, 4 once the run's time is over, with why pods aren't
/// ready; exit 3 where someone else took them away meanwhile.
pub async fn wait_ready(run: &Run, size: Size<'_>) -> Outcome<()> {
    let Size { color, required, .. } = size;
    let began = Instant::now();
    let (mut asked, mut why) = (began, Why::default());
    let (mut shown, mut refused) = (String::new(), Lasting::default());
    let settled = until(run.deadline(), POLL, async || {
        let looked = match look(run, size).await {
            Ok(looked) => looked,
            Err(failure) => return ControlFlow::Break(Err(failure)),
        };
        if looked.enough {
            return ControlFlow::Break(Ok(looked.ready));
        }
        if asked.elapsed() > WHY_AFTER {
            asked = Instant::now();
            why = reasons(run, size).await.unwrap_or_else(|| why.clone());
        }
        if let Some(refused) = looked.refused {
            why = Why { text: refused, refused: true };
        }
        if refused.longer_than(REFUSED, why.refused) {
            return ControlFlow::Break(Err(refused_pods(run, size, looked.ready, &why.text)));
        }
        // Fewer ready pods say enough.
        let unfinished = looked.unfinished.filter(|_| looked.ready >= required).unwrap_or_default();
        let why = [&why.text, &unfinished].into_iter().find(|why| !why.is_empty());
        let because = why.map_or_else(String::new, |why| format!(": {why}"));
        shown = format!("{} of {required} pods ready{because}", looked.ready);
        if !run.left().is_zero() {
            run.waiting(&format!("{} {}/{required} ready{because}", color.name, looked.ready));
        }
        ControlFlow::Continue(())
    })
    .await;
    let ready = settled.unwrap_or_else(|| Err(out_of_time(run, size, &shown)))?;
    let seconds = began.elapsed().as_secs_f32();
    run.progress.step("ready", &format!("{} {ready}/{required} ({seconds:.1} s)", color.name));
    Ok(())
}

/// Looks once. A read that fails shows nothing.
async fn look(run: &Run, size: Size<'_>) -> Outcome<Looked> {
    let Size { color, required, whole, .. } = size;
    let current = workloads(&run.cluster).await.map(|(now, _)| now).unwrap_or_default();
    let now = color.as_of(&current);
    let own: Vec<&Arc<Workload>> = now.workloads.iter().collect();
    let ready = usize::try_from(own.iter().map(|w| w.ready).fold(0, i32::saturating_add)).unwrap_or(0);
    let unfinished = own.iter().filter(|_| whole).find_map(|w| unfinished(w));
    // What others run shows in the pods alone.
    let may_be = ready >= required || !color.runners.is_empty() || color.has_strays;
    // A workload's status lags behind a scale-down, and knows nothing of nodes: its pods tell.
    let ready = if may_be { reachable(run, size).await } else { ready };
    let enough = !own.is_empty() && may_be && unfinished.is_none() && ready >= required;
    if !enough {
        taken_down(color, &own, run)?;
    }
    Ok(Looked { ready, enough, unfinished, refused: own.iter().find_map(|w| trouble::pods_refused(w)) })
}

/// `deploy/api-green: 0 of 2 pods updated (it is paused)`
fn unfinished(workload: &Workload) -> Option<String> {
    match rollout_status(workload) {
        RolloutStatus::Done => None,
        RolloutStatus::Waiting(what) | RolloutStatus::Failed(what) => Some(printable(&format!("{workload}: {what}"))),
    }
}

fn refused_pods(run: &Run, size: Size<'_>, ready: usize, why: &str) -> Failure {
    let Size { color, required, .. } = size;
    let text = format!("{} has {ready} of {required} pods ready: {why}\nno Service was switched", color.name);
    let quota = Command::new("kubectl describe resourcequota,limitrange").scope(run.scope());
    Failure::failed(PODS_REFUSED, text).look(quota)
}

fn out_of_time(run: &Run, size: Size<'_>, shown: &str) -> Failure {
    let Size { tracks, color, .. } = size;
    let text = format!("out of time: {} has {shown}\nno Service was switched", color.name);
    let labels = as_label_selector(&tracks.selector_for(&color.name));
    Failure::out_of_time(text).look(Command::new("kubectl get pods").flag("-l", labels).scope(run.scope()))
}

/// A cleanup or an autoscaler may have been faster: what it took away does not become ready.
fn taken_down(color: &Color, own: &[&Arc<Workload>], run: &Run) -> Outcome<()> {
    let before =
        |w: &Workload| color.workloads.iter().find(|b| b.reference() == w.reference()).map_or(0, |b| b.replicas);
    let Some(less) = own.iter().find(|w| w.replicas == 0 || w.replicas < before(w)) else { return Ok(()) };
    let text = format!(
        "{} was scaled to {} by someone else meanwhile\nno Service was switched",
        less.reference(),
        less.replicas
    );
    Err(Failure::changed(text).look(workloads_command(run.scope())))
}

/// Ready pods that can be reached and stay.
async fn reachable(run: &Run, size: Size<'_>) -> usize {
    let Size { tracks, color, .. } = size;
    let now = workloads_and_pods(&run.cluster, &tracks.selector_for(&color.name)).await;
    now.map_or(0, |(workloads, pods)| staying(&color.as_of(&workloads), &tracks.serving(&color.name, &pods)))
}

async fn reasons(run: &Run, size: Size<'_>) -> Option<Why> {
    let Size { tracks, color, .. } = size;
    let pods = pods_with(&run.cluster, &tracks.selector_for(&color.name)).await.ok()?;
    let own = tracks.pods_of(&color.name, &pods);
    let groups = trouble::summarize(&own, run.scope());
    if !groups.is_empty() {
        let text = groups.iter().map(|g| g.message.as_str()).collect::<Vec<_>>().join("; ");
        return Some(Why { text, refused: false });
    }
    // A StatefulSet has no condition for it: what keeps pods from being created stands in Events. Clocks
    // differ, so that an Event's time says nothing about now; that no pod is on its way does.
    let set = color.workloads.iter().find(|w| w.kind != WorkloadKind::Deployment)?;
    let warning = newest_warning(run, set.kind.kind(), set.name()).await?;
    Some(Why { text: warning.to_string(), refused: warning.is_of_creating() })
}

fn workloads_command(scope: &Scope) -> Command {
    Command::new("kubectl get deploy,sts").scope(scope)
}
