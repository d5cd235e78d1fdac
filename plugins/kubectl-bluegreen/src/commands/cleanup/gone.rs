//! Waiting until a color's pods are really gone, and saying what holds those that stay.

use std::time::Duration;

use kubectl_release::error::{Failure, Outcome};
use kubectl_release::objects::Pod;
use kubectl_release::record::printable;
use tokio::time::sleep;

use super::overtaken;
use super::plan::Removal;
use crate::snapshot::pods_with;
use kubectl_release::run::Run;

/// Between two looks at the pods.
const POLL: Duration = Duration::from_millis(300);
/// Pods named in a message.
const NAMED: usize = 3;

/// Waits. A read that fails is asked again until the time is over.
///
/// # Errors
/// Exit 4 once the run's time is over, naming the pods and what holds them; exit 3 where someone
/// switched to the color meanwhile.
pub async fn wait(run: &Run, removal: &Removal) -> Outcome<()> {
    loop {
        overtaken::check(run, removal).await?;
        let pods = pods_with(&run.cluster, &removal.selector).await;
        let staying: Vec<&Pod> = pods.iter().flatten().filter(|pod| stays(pod)).collect();
        if pods.is_ok() && staying.is_empty() {
            run.progress.step("gone", &format!("all pods of {} ({})", removal.color, removal.workloads.join(", ")));
            return Ok(());
        }
        let text = format!("{} pods of {} are still there: {}", staying.len(), removal.color, holders(&staying));
        if run.left().is_zero() {
            let selector = kubectl_release::selector::as_label_selector(&removal.selector);
            return Err(Failure::out_of_time(format!("out of time: {text}"))
                .next(format!("kubectl get pods -l {selector}{}", run.suffix)));
        }
        run.progress.step("waiting", &text);
        sleep(POLL.min(run.left())).await;
    }
}

/// A pod of a workload that still is there. One whose containers have ended counts while something
/// holds its deletion up; one that was evicted long ago does not.
#[must_use]
pub fn stays(pod: &Pod) -> bool {
    !pod.metadata.owner_references.is_empty() && (pod.is_terminating() || !pod.is_finished())
}

fn holders(staying: &[&Pod]) -> String {
    let named: Vec<String> =
        staying.iter().take(NAMED).map(|pod| format!("{} ({})", pod.metadata.name, holder(pod))).collect();
    let more = if staying.len() > NAMED { format!(" and {} more", staying.len() - NAMED) } else { String::new() };
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
