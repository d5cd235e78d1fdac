//! Bringing a color to size, and waiting for its pods.

use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use kubectl_release::change::{Action, Change, Op, annotation_pointer};
use kubectl_release::cluster::read::{collection, path_of};
use kubectl_release::error::{Failure, Outcome};
use kubectl_release::objects::Workload;
use kubectl_release::record::PREFIX;
use kubectl_release::rollout_status::{RolloutStatus, rollout_status};
use kubectl_release::selector::{Color, Tracks};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::snapshot::{Snapshot, pods_with, workloads};
use crate::subject::ready_count;
use kubectl_release::run::Run;
use kubectl_release::trouble;

/// Between two looks at the workloads.
const POLL: Duration = Duration::from_millis(250);
/// Pods that stay unready longer than this are asked why.
const WHY_AFTER: Duration = Duration::from_secs(2);

/// On an autoscaler: the floor it had before it was raised.
#[must_use]
pub fn floor_annotation() -> String {
    format!("{PREFIX}/min-replicas-before")
}

/// The writes that bring workloads to size: the autoscaler's floor first, or it would undo them.
#[must_use]
pub fn changes(sizes: &[(Arc<Workload>, i32)], snapshot: &Snapshot, namespace: &str) -> Vec<Change> {
    let autoscalers = snapshot.autoscalers.as_deref().unwrap_or_default();
    let mut changes = Vec::new();
    for (workload, wanted) in sizes {
        let own = autoscalers.iter().filter(|hpa| workload.is_scaled_by(hpa));
        changes.extend(own.filter_map(|hpa| raise_floor(hpa, *wanted, namespace)));
        changes.push(resize(workload, *wanted, namespace));
    }
    changes
}

/// Sets a workload's replicas through its scale subresource, if they are still what was read.
#[must_use]
pub fn resize(workload: &Workload, wanted: i32, namespace: &str) -> Change {
    let collection = path_of("apps", "v1", workload.kind.plural(), Some(namespace));
    Change {
        object: workload.reference(),
        path: format!("{collection}/{}/scale", workload.name()),
        action: Action::JsonPatch(vec![still(workload.replicas), Op::add("/spec/replicas", wanted)]),
        summary: format!("replicas: {} -> {wanted}", workload.replicas),
        undo: Some(format!("kubectl scale {} -n {namespace} --replicas={}", workload.reference(), workload.replicas)),
    }
}

/// A Scale omits `replicas` where it is 0 (autoscaling/v1 ScaleSpec).
fn still(replicas: i32) -> Op {
    Op::test("/spec/replicas", if replicas == 0 { Value::Null } else { replicas.into() })
}

fn raise_floor(hpa: &HorizontalPodAutoscaler, wanted: i32, namespace: &str) -> Option<Change> {
    let spec = hpa.spec.as_ref()?;
    // Kubernetes defaults minReplicas to 1 (autoscaling/v2).
    let (floor, raised) = (spec.min_replicas.unwrap_or(1), wanted.min(spec.max_replicas));
    if floor >= raised {
        return None;
    }
    let known = hpa.metadata.annotations.as_ref().is_some_and(|a| a.contains_key(&floor_annotation()));
    let mut ops = vec![Op::test("/spec/minReplicas", floor)];
    if hpa.metadata.annotations.is_none() {
        ops.push(Op::add("/metadata/annotations", json!({})));
    }
    if !known {
        ops.push(Op::add(&annotation_pointer(&floor_annotation()), floor.to_string()));
    }
    ops.push(Op::replace("/spec/minReplicas", raised));
    Some(floor_change(hpa, ops, namespace, floor, raised))
}

/// Puts an autoscaler's floor back to what it was before we raised it.
#[must_use]
pub fn restore_floor(hpa: &HorizontalPodAutoscaler, namespace: &str) -> Option<Change> {
    let before: i32 = hpa.metadata.annotations.as_ref()?.get(&floor_annotation())?.parse().ok()?;
    let now = hpa.spec.as_ref()?.min_replicas.unwrap_or(1);
    let ops = vec![
        Op::test("/spec/minReplicas", now),
        Op::replace("/spec/minReplicas", before.clamp(1, now.max(1))),
        Op::remove(&annotation_pointer(&floor_annotation())),
    ];
    Some(floor_change(hpa, ops, namespace, now, before))
}

fn floor_change(hpa: &HorizontalPodAutoscaler, ops: Vec<Op>, namespace: &str, from: i32, to: i32) -> Change {
    let name = hpa.metadata.name.as_deref().unwrap_or_default();
    let patch = json!({"spec": {"minReplicas": from}});
    Change {
        object: format!("hpa/{name}"),
        path: format!("{}/{name}", collection::<HorizontalPodAutoscaler>(Some(namespace))),
        action: Action::JsonPatch(ops),
        summary: format!("minReplicas: {from} -> {to}"),
        undo: Some(format!("kubectl patch hpa {name} -n {namespace} -p '{patch}'")),
    }
}

/// Makes the writes.
///
/// # Errors
/// Where one is refused; a changed replica count is exit 3.
pub async fn apply(run: &Run, changes: &[Change]) -> Outcome<()> {
    for change in changes {
        run.stands(format!(
            "interrupted while scaling; no Service was switched. See kubectl get deploy,sts{}",
            run.suffix
        ));
        run.cluster.apply_and_see(change, run.write_mode()).await.map_err(|error| match error.code() {
            Some(409 | 422) => {
                Failure::changed(format!("{} was changed by someone else meanwhile: {error}", change.object))
            }
            _ => Failure::from(error),
        })?;
        run.progress.step("scaled", &format!("{} {}", change.object, change.summary));
        if let Some(undo) = &change.undo {
            run.progress.step("undo", undo);
        }
    }
    Ok(())
}

/// Waits until a color has `required` ready pods, and with `whole` until its rollouts are done.
///
/// # Errors
/// Exit 4 once the run's time is over, with why pods aren't ready; exit 3 where someone else took
/// them away meanwhile.
pub async fn wait_ready(run: &Run, tracks: &Tracks, color: &Color, required: usize, whole: bool) -> Outcome<()> {
    let names: Vec<String> = color.workloads.iter().map(|w| w.reference()).collect();
    let began = Instant::now();
    let mut why = String::new();
    let mut asked = Instant::now();
    loop {
        let current = workloads(&run.cluster, Some(&run.cluster.namespace)).await;
        let own: Vec<&Arc<Workload>> = current.iter().flatten().filter(|w| names.contains(&w.reference())).collect();
        let ready = usize::try_from(own.iter().map(|w| w.ready).sum::<i32>()).unwrap_or(0);
        let settled = !whole || own.iter().all(|w| rollout_status(w) == RolloutStatus::Done);
        // A workload's status lags behind a scale-down: only its pods tell whether they are going.
        if !own.is_empty() && ready >= required && settled && has_ready(run, tracks, color, required).await {
            run.progress
                .step("ready", &format!("{} {ready}/{required} ({:.1} s)", color.name, began.elapsed().as_secs_f32()));
            return Ok(());
        }
        taken_down(color, &own, run)?;
        if asked.elapsed() > WHY_AFTER {
            asked = Instant::now();
            why = reasons(run, tracks, color).await.unwrap_or(why);
        }
        let because = if why.is_empty() { String::new() } else { format!(": {why}") };
        if run.left().is_zero() {
            let text = format!(
                "out of time: {} has {ready} of {required} pods ready{because}\nno Service was switched",
                color.name
            );
            return Err(Failure::out_of_time(text)
                .next(format!("kubectl get pods -l {}={}{}", tracks.key, color.name, run.suffix)));
        }
        run.progress.step("waiting", &format!("{} {ready}/{required} ready{because}", color.name));
        sleep(POLL.min(run.left())).await;
    }
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
    Err(Failure::changed(text).next(format!("kubectl get deploy,sts{}", run.suffix)))
}

async fn has_ready(run: &Run, tracks: &Tracks, color: &Color, required: usize) -> bool {
    let pods = pods_with(&run.cluster, &tracks.selector_for(&color.name)).await;
    pods.is_ok_and(|pods| ready_count(&tracks.pods_of(&color.name, &pods)) >= required)
}

async fn reasons(run: &Run, tracks: &Tracks, color: &Color) -> Option<String> {
    let pods = pods_with(&run.cluster, &tracks.selector_for(&color.name)).await.ok()?;
    let own = tracks.pods_of(&color.name, &pods);
    let groups = trouble::summarize(&own, &run.cluster.namespace);
    Some(groups.iter().map(|g| g.message.as_str()).collect::<Vec<_>>().join("; "))
}
