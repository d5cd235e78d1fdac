//! Why pods aren't ready, in words that fit a line, with the command that shows more.
//!
//! The reasons are those the kubelet and the scheduler write into a pod's status
//! (<https://kubernetes.io/docs/tasks/debug/debug-application/debug-pods/>).

use std::cmp::Reverse;

use crate::command::{Command, Scope};
use crate::kube::{LEFT_OUT, NODE_LOST, OWNER_GONE, Pod, Workload};
use crate::text::printable;
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::{ContainerState, ContainerStateTerminated, ContainerStateWaiting, ContainerStatus};

/// What is wrong with one pod. The gravest comes first in the order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    Unschedulable(String),
    ImagePull {
        reason: String,
        image: String,
    },
    OutOfMemory,
    CrashLoop {
        exit: Option<i32>,
    },
    /// The kubelet can't make or start the container: a missing Secret, a wrong command.
    CannotStart {
        reason: String,
        message: String,
    },
    /// Ended, and not in a back-off yet.
    Exited {
        exit: i32,
    },
    /// Runs again after it had ended, and isn't ready.
    Restarted {
        exit: i32,
    },
    ReadinessGate(String),
    StartupProbe,
    ReadinessProbe,
    /// Its node or its owner is gone, or the node isn't ready, and says so.
    Lost(String),
    /// Its containers are ready and it isn't: the node no longer answers.
    NodeSilent,
    Starting,
    Pending,
}

/// Why one pod isn't ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    pub reason: Reason,
    /// Restarts of the container it is about.
    pub restarts: i32,
    /// The container it is about, where the pod has several.
    container: Option<String>,
}

/// Pods that aren't ready for the same reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TroubleGroup {
    /// `2 pods CrashLoopBackOff (exit 1, 7 restarts)`
    pub message: String,
    /// The command that shows more about one of them.
    pub look: Command,
}

/// Why the pod isn't ready; nothing for pods that are, that ended, or that are about to go.
#[must_use]
pub fn trouble(pod: &Pod) -> Option<Trouble> {
    if pod.is_ready() || !pod.is_alive() {
        return None;
    }
    if let Some(lost) =
        pod.condition("Ready").filter(|c| [NODE_LOST, LEFT_OUT, OWNER_GONE].contains(&c.reason.as_str()))
    {
        return Some(Trouble { reason: Reason::Lost(printable(&lost.message)), restarts: 0, container: None });
    }
    let status = &pod.status;
    let several = status.container_statuses.iter().chain(&status.init_container_statuses).nth(1).is_some();
    let named = |container: &ContainerStatus| several.then(|| container.name.clone());
    let of_pod = |reason| Trouble { reason, restarts: 0, container: None };
    if let Some(reason) = not_scheduled(pod) {
        return Some(of_pod(reason));
    }
    let inits = status.init_container_statuses.iter().filter_map(|c| Some((init_container(c)?, c)));
    let mains = status.container_statuses.iter().filter_map(|c| Some((container(c)?, c)));
    let worst = inits.chain(mains).min_by(|(a, _), (b, _)| a.cmp(b));
    Some(match worst {
        Some((reason, c)) => Trouble { reason, restarts: c.restart_count, container: named(c) },
        None => of_pod(whole_pod(pod)),
    })
}

/// For so long a Deployment's rollout may make no progress before Kubernetes calls it failed
/// (`progressDeadlineSeconds`, apps/v1).
const STARTS_WITHIN: SignedDuration = SignedDuration::from_mins(10);

/// True for a pod that isn't ready yet, was made a moment ago, and that nothing is known to keep from it: a node
/// may still be added for it.
#[must_use]
pub fn is_starting(pod: &Pod, now: Timestamp) -> bool {
    let comes = matches!(
        trouble(pod).map(|trouble| trouble.reason),
        Some(
            Reason::Unschedulable(_)
                | Reason::ReadinessGate(_)
                | Reason::StartupProbe
                | Reason::ReadinessProbe
                | Reason::Starting
                | Reason::Pending
        )
    );
    comes && pod.metadata.creation_timestamp.is_some_and(|made| now.duration_since(made) < STARTS_WITHIN)
}

/// The pods that aren't ready, grouped by reason, the gravest first.
#[must_use]
pub fn summarize(pods: &[&Pod], scope: &Scope) -> Vec<TroubleGroup> {
    let mut found: Vec<(Trouble, &Pod)> = pods.iter().filter_map(|pod| Some((trouble(pod)?, *pod))).collect();
    found.sort_by(|(a, p), (b, q)| {
        (&a.reason, Reverse(a.restarts), &p.metadata.name).cmp(&(&b.reason, Reverse(b.restarts), &q.metadata.name))
    });
    let groups = found.chunk_by(|(a, _), (b, _)| a.reason == b.reason);
    groups
        .map(|group| {
            let (first, pod) = &group[0];
            let pods = if group.len() == 1 { "1 pod".to_owned() } else { format!("{} pods", group.len()) };
            TroubleGroup { message: format!("{pods} {}", first.text()), look: first.look(&pod.metadata.name, scope) }
        })
        .collect()
}

/// Why the API server doesn't let a workload's controller create pods: a quota, a LimitRange, Pod
/// Security, an admission webhook (apps/v1 condition `ReplicaFailure`; only Deployments have it).
#[must_use]
pub fn pods_refused(workload: &Workload) -> Option<String> {
    let condition = workload.conditions.iter().find(|c| c.kind == "ReplicaFailure" && c.status == "True")?;
    Some(format!("pods are not created: {}", printable(&condition.message)))
}

/// The `PodScheduled` condition: nothing once the pod has a node.
fn not_scheduled(pod: &Pod) -> Option<Reason> {
    let condition = pod.condition("PodScheduled").filter(|c| c.status == "False")?;
    match condition.reason.as_str() {
        "Unschedulable" => Some(Reason::Unschedulable(first_sentence(&condition.message))),
        "SchedulingGated" => Some(Reason::Unschedulable("held by a scheduling gate".into())),
        _ => None,
    }
}

/// Init containers are done when they end with 0; a native sidecar, when it has started.
fn init_container(status: &ContainerStatus) -> Option<Reason> {
    let state = status.state.as_ref()?;
    let done = state.terminated.as_ref().is_some_and(|t| t.exit_code == 0);
    if done || state.running.is_some() { None } else { container(status) }
}

fn container(status: &ContainerStatus) -> Option<Reason> {
    if status.ready {
        return None;
    }
    let last = ended(status.last_state.as_ref());
    let state = status.state.as_ref()?;
    if let Some(waiting) = &state.waiting {
        return Some(waits(waiting, last, status));
    }
    if let Some(terminated) = &state.terminated {
        let memory = terminated.reason.as_deref() == Some("OOMKilled");
        return Some(if memory { Reason::OutOfMemory } else { Reason::Exited { exit: terminated.exit_code } });
    }
    Some(match last {
        Some(t) if t.reason.as_deref() == Some("OOMKilled") => Reason::OutOfMemory,
        Some(t) => Reason::Restarted { exit: t.exit_code },
        None if status.started == Some(false) => Reason::StartupProbe,
        None => Reason::ReadinessProbe,
    })
}

fn waits(waiting: &ContainerStateWaiting, last: Option<&ContainerStateTerminated>, status: &ContainerStatus) -> Reason {
    let reason = waiting.reason.as_deref().unwrap_or_default();
    match reason {
        "" | "ContainerCreating" | "PodInitializing" => Reason::Starting,
        "ImagePullBackOff"
        | "ErrImagePull"
        | "InvalidImageName"
        | "ErrImageNeverPull"
        | "ImageInspectError"
        | "RegistryUnavailable" => Reason::ImagePull { reason: reason.to_owned(), image: printable(&status.image) },
        "CrashLoopBackOff" if last.is_some_and(|t| t.reason.as_deref() == Some("OOMKilled")) => Reason::OutOfMemory,
        "CrashLoopBackOff" => Reason::CrashLoop { exit: last.map(|t| t.exit_code) },
        _ => {
            let message = first_sentence(waiting.message.as_deref().unwrap_or_default());
            Reason::CannotStart { reason: printable(reason), message }
        }
    }
}

fn ended(state: Option<&ContainerState>) -> Option<&ContainerStateTerminated> {
    state.and_then(|s| s.terminated.as_ref())
}

/// No container is to blame.
fn whole_pod(pod: &Pod) -> Reason {
    if let Some(condition) = pod.condition("Ready").filter(|c| c.reason == "ReadinessGatesNotReady") {
        return Reason::ReadinessGate(first_sentence(&condition.message));
    }
    let containers = &pod.status.container_statuses;
    if !containers.is_empty() && containers.iter().all(|c| c.ready) {
        return Reason::NodeSilent;
    }
    if pod.status.init_container_statuses.is_empty() && containers.is_empty() {
        Reason::Pending
    } else {
        Reason::Starting
    }
}

/// The scheduler's messages go on about preemption after what matters.
fn first_sentence(message: &str) -> String {
    let text = printable(message);
    let end = text.find(". ").unwrap_or(text.len());
    text[..end].trim_end_matches('.').to_owned()
}

impl Trouble {
    /// What follows "2 pods": `CrashLoopBackOff (exit 1, 7 restarts)`
    #[must_use]
    pub fn text(&self) -> String {
        let restarts = match self.restarts {
            0 => String::new(),
            1 => ", 1 restart".to_owned(),
            n => format!(", {n} restarts"),
        };
        match &self.reason {
            Reason::Unschedulable(message) => format!("unschedulable ({message})"),
            Reason::ImagePull { reason, image } => format!("{reason} ({image})"),
            Reason::OutOfMemory => "OOMKilled, restarting".to_owned(),
            Reason::CrashLoop { exit: Some(exit) } => format!("CrashLoopBackOff (exit {exit}{restarts})"),
            Reason::CrashLoop { exit: None } => format!("CrashLoopBackOff{restarts}"),
            Reason::CannotStart { reason, message } if message.is_empty() => reason.clone(),
            Reason::CannotStart { reason, message } => format!("{reason} ({message})"),
            Reason::Exited { exit } => format!("ended (exit {exit}{restarts})"),
            Reason::Restarted { exit } => format!("not ready (last exit {exit}{restarts})"),
            Reason::ReadinessGate(message) => format!("waiting for a readiness gate ({message})"),
            Reason::StartupProbe => "startup probe not passed".to_owned(),
            Reason::ReadinessProbe => "readiness probe not passed".to_owned(),
            Reason::Lost(why) => format!("unreachable ({why})"),
            Reason::NodeSilent => "not ready, though their containers are (node?)".to_owned(),
            Reason::Starting => "starting".to_owned(),
            Reason::Pending => "pending".to_owned(),
        }
    }

    fn look(&self, pod: &str, scope: &Scope) -> Command {
        let logs = |words: &str| {
            let command = Command::new(words).arg(pod);
            self.container.iter().fold(command, |command, name| command.flag("-c", name)).scope(scope)
        };
        match self.reason {
            Reason::OutOfMemory | Reason::CrashLoop { .. } | Reason::Restarted { .. } if self.restarts > 0 => {
                logs("kubectl logs -p")
            }
            Reason::CrashLoop { .. } | Reason::Exited { .. } => logs("kubectl logs"),
            // It goes itself in a moment; where its successors are is what there is to see.
            Reason::Lost(_) => Command::new("kubectl get pods -o wide").scope(scope),
            _ => Command::new("kubectl describe pod").arg(pod).scope(scope),
        }
    }
}

#[cfg(test)]
mod tests;
