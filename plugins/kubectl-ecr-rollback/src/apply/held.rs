//! What holds a rollout up that no new pod is to blame for, and what a person has to do about it.

use release_core::command::Command;
use release_core::failure::{Failure, Next};
use release_core::text::printable;
use release_core::workload::rollout_pods::{Hold, RolloutPods};
use release_core::workload::trouble::summarize;

use super::in_progress::ChangeInProgress;
use crate::words::listed;

/// A hold for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// What it waits for.
    pub text: String,
    /// What a person has to do, or look at.
    pub command: Command,
    pub reason: &'static str,
    /// The command mends it; otherwise it shows more.
    mends: bool,
}

impl Held {
    /// Words a hold.
    #[must_use]
    pub fn of(change: &ChangeInProgress<'_>, hold: &Hold, pods: &RolloutPods<'_>) -> Self {
        let (workload, scope) = (change.workload, change.run.scope());
        let (text, command, reason) = match hold {
            Hold::Paused => {
                let resume = Command::new("kubectl rollout resume").arg(workload.reference());
                (format!("{workload} is paused: nothing moves until it is resumed"), resume, "Paused")
            }
            Hold::Refused(why) => (why.clone(), who_refuses(why), "PodsRefused"),
            Hold::Stuck(names) => {
                let stuck: Vec<_> = pods.old.iter().copied().filter(|p| names.contains(&p.metadata.name)).collect();
                let why = summarize(&stuck, scope).into_iter().map(|g| g.message).collect::<Vec<_>>().join("; ");
                let text = format!("{workload} waits for {} of before and never replaces it: {why}", listed(names));
                (text, delete(names), "StuckPods")
            }
            Hold::OnDelete(names) => {
                let text = format!("{} to be deleted by hand (updateStrategy OnDelete)", wait(names));
                (text, delete(&names[..1]), "OnDelete")
            }
        };
        let mends = !matches!(hold, Hold::Refused(_));
        Self { text: printable(&text), command: command.scope(scope), reason, mends }
    }

    /// What to do, and then.
    #[must_use]
    pub fn next(&self, change: &ChangeInProgress<'_>) -> Next {
        let then = format!("then watch on: {}", change.again());
        let command = self.command.clone();
        if self.mends { Next::Try(vec![command], Some(then)) } else { Next::Look(command, Some(then)) }
    }

    /// The end of a run whose time is over, or that can only wait for it.
    #[must_use]
    pub fn failure(&self, change: &ChangeInProgress<'_>, text: &str) -> Failure {
        Failure { reason: self.reason, ..Failure::out_of_time(text) }.next(self.next(change))
    }
}

fn delete(names: &[String]) -> Command {
    Command::new("kubectl delete pod").args(names)
}

/// A quota says so in its message (`exceeded quota: NAME, …`); everything else is in the Events.
fn who_refuses(why: &str) -> Command {
    if why.contains("exceeded quota") {
        return Command::new("kubectl describe resourcequota");
    }
    Command::new("kubectl get events").flag("--field-selector", "type=Warning,reason=FailedCreate")
}

fn wait(names: &[String]) -> String {
    let verb = if names.len() == 1 { "waits" } else { "wait" };
    format!("{} {verb}", listed(names))
}
