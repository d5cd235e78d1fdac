//! Why new pods don't come up, and whether they are to blame.

use std::time::Duration;

use jiff::Timestamp;
use release_core::command::Command;
use release_core::kube::{Pod, Workload};
use release_core::workload::failing::{failing, seldom_mends, unpassed};
use release_core::workload::rollout_pods::RolloutPods;
use release_core::workload::trouble::{summarize, trouble};

use super::in_progress::ChangeInProgress;

/// Why new pods aren't ready.
#[derive(Debug)]
pub struct Reasons {
    /// Of all that aren't ready.
    pub text: String,
    pub look: Option<Command>,
    /// One is in a state that seldom mends itself.
    pub is_hopeless: bool,
    /// One is seen failing.
    pub fails: bool,
    /// One has not passed its probes in the time that they give it.
    pub never_passed: bool,
}

impl Reasons {
    /// Looks at the new pods.
    #[must_use]
    pub fn of(change: &ChangeInProgress<'_>, workload: &Workload, pods: &RolloutPods<'_>) -> Self {
        let groups = summarize(&pods.new, change.run.scope());
        let texts: Vec<String> = groups.iter().map(|group| group.message.clone()).collect();
        Self {
            text: texts.join("; "),
            look: groups.into_iter().next().map(|group| group.look),
            is_hopeless: pods.new.iter().filter_map(|pod| trouble(pod)).any(|found| seldom_mends(&found)),
            fails: !failing(&pods.new).is_empty(),
            never_passed: !unpassed(workload, &pods.new, Timestamp::now()).is_empty(),
        }
    }
}

/// Why pods that ask for an image fail, where they do.
#[must_use]
pub fn failing_of(change: &ChangeInProgress<'_>, pods: &[&Pod]) -> Option<String> {
    let groups = summarize(&failing(pods), change.run.scope());
    let texts: Vec<String> = groups.into_iter().map(|group| group.message).collect();
    (!texts.is_empty()).then(|| texts.join("; "))
}

/// A deadline that has passed counts where it was that of the new pods' ReplicaSet: the condition of the
/// rollout before stays until this one makes progress, and names another.
#[must_use]
pub fn is_about(deadline: &str, pods: &RolloutPods<'_>) -> bool {
    let is_named = |pod: &&Pod| pod.controller().is_some_and(|owner| deadline.contains(&format!("\"{}\"", owner.name)));
    !pods.new.is_empty() && (!deadline.contains('"') || pods.new.iter().any(is_named))
}

/// How long new pods may be in a state that seldom mends itself: the kubelet has tried more than once by then.
pub const PATIENCE: Duration = Duration::from_secs(15);
