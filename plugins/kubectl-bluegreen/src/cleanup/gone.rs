//! Waiting until a color's pods are really gone, and saying what holds those that stay.

use std::ops::ControlFlow;
use std::time::Duration;

use release_cli::run::Run;
use release_cluster::wait::until;
use release_core::command::Command;
use release_core::failure::{Failure, Outcome};
use release_core::kube::{Pod, WorkloadKind};
use release_core::release::hand::{last_hand_on, manager_of};
use release_core::text::{and_more, printable};
use release_core::traffic::selector::as_label_selector;

use super::overtaken;
use super::removal::{Removal, stays};
use crate::snapshot::{pods_with, workload_now};

/// Between two looks at the pods.
const POLL: Duration = Duration::from_millis(300);
/// Pods named in a message.
const NAMED: usize = 3;

/// Waits. A read that fails is asked again until the time is over. Answers with what stays that has the
/// color's labels and is nobody's that was taken down.
///
/// # Errors
/// Exit 4 once the run's time is over, naming the pods and what holds them; exit 3 where someone
/// switched to the color meanwhile.
pub async fn wait(run: &Run, removal: &Removal) -> Outcome<Option<String>> {
    let mut still = String::new();
    let gone = until(run.deadline(), POLL, async || {
        if let Err(failure) = overtaken::check(run, removal).await {
            return ControlFlow::Break(Err(failure));
        }
        let Ok(mut pods) = pods_with(&run.cluster, &removal.selector).await else {
            return ControlFlow::Continue(());
        };
        let staying = removal.own(&mut pods);
        if staying.is_empty() {
            return ControlFlow::Break(Ok(others(&pods)));
        }
        if staying.iter().any(|pod| !pod.is_terminating())
            && let Some(failure) = grown_again(run, removal).await
        {
            return ControlFlow::Break(Err(failure));
        }
        still = format!("{} pods of {} are still there: {}", staying.len(), removal.color, holders(&staying));
        if !run.left().is_zero() {
            run.waiting(&still);
        }
        ControlFlow::Continue(())
    })
    .await;
    let others = gone.unwrap_or_else(|| Err(out_of_time(run, removal, &still)))?;
    run.progress.step("gone", &format!("all pods of {}", removal.subjects()));
    if let Some(others) = &others {
        run.progress.step("stays", &format!("with the labels of {}: {others}", removal.color));
    }
    Ok(others)
}

/// Somebody who gives it pods again means to keep it.
async fn grown_again(run: &Run, removal: &Removal) -> Option<Failure> {
    for workload in &removal.workloads {
        // A read that fails is no verdict; the next one is near.
        let Ok(Some(now)) = workload_now(&run.cluster, workload).await else { continue };
        let is_kept = now.replicas > 0 && now.kind != WorkloadKind::DaemonSet;
        if is_kept && now.uid() == workload.uid() && now.metadata.deletion_timestamp.is_none() {
            let who = manager_of(last_hand_on(&now.metadata, "/f:spec/f:replicas"));
            let text = format!("{now} was scaled to {} by {who} meanwhile: it stays", now.replicas);
            return Some(
                Failure::changed(text)
                    .look(Command::new("kubectl bluegreen status").arg(&removal.service).scope(run.scope())),
            );
        }
    }
    None
}

/// Pods with the labels of the color that what was taken down doesn't run, by name.
fn others(pods: &[Pod]) -> Option<String> {
    let names: Vec<&str> = pods.iter().filter(|pod| stays(pod)).map(|pod| pod.metadata.name.as_str()).collect();
    let more = and_more(names.len(), NAMED);
    let named = names.iter().take(NAMED).map(|name| format!("pod/{}", printable(name))).collect::<Vec<_>>();
    (!names.is_empty()).then(|| format!("{}{more}", named.join(", ")))
}

fn out_of_time(run: &Run, removal: &Removal, still: &str) -> Failure {
    let pods = Command::new("kubectl get pods").flag("-l", as_label_selector(&removal.selector));
    Failure::out_of_time(format!("out of time: {still}")).look(pods.scope(run.scope()))
}

fn holders(staying: &[&Pod]) -> String {
    let named: Vec<String> =
        staying.iter().take(NAMED).map(|pod| format!("{} ({})", pod.metadata.name, holder(pod))).collect();
    let more = and_more(staying.len(), NAMED);
    format!("{}{more}", named.join(", "))
}

fn holder(pod: &Pod) -> String {
    if !pod.is_terminating() {
        return "not deleted yet".into();
    }
    if !pod.metadata.finalizers.is_empty() {
        let names: Vec<String> = pod.metadata.finalizers.iter().map(|f| printable(f)).collect();
        return format!("finalizer {}", names.join(", "));
    }
    match pod.metadata.deletion_grace_period_seconds {
        Some(seconds) => format!("terminating, grace period {seconds} s"),
        None => "terminating".into(),
    }
}
