//! What pods of a template were seen failing of. That pods take their time, that there is no room for
//! them, or that somebody holds them up is no failure of theirs.

use std::time::Duration;

use jiff::Timestamp;

use super::probes::patience;
use super::trouble::{Reason, Trouble, trouble};
use crate::kube::{Pod, Workload};

/// True for a state that seldom mends itself: an image that can't be pulled, a container that can't be
/// started, a crash loop.
#[must_use]
pub fn seldom_mends(trouble: &Trouble) -> bool {
    matches!(
        trouble.reason,
        Reason::ImagePull { .. } | Reason::OutOfMemory | Reason::CrashLoop { .. } | Reason::CannotStart { .. }
    )
}

/// True for one that is the image's or the template's own fault: the same, and what ended and may be
/// between two crashes.
#[must_use]
pub fn is_failing(trouble: &Trouble) -> bool {
    seldom_mends(trouble) || matches!(trouble.reason, Reason::Exited { .. } | Reason::Restarted { .. })
}

/// The pods that are seen failing.
#[must_use]
pub fn failing<'p>(pods: &[&'p Pod]) -> Vec<&'p Pod> {
    pods.iter().copied().filter(|pod| trouble(pod).is_some_and(|trouble| is_failing(&trouble))).collect()
}

/// The pods that have not passed their probes although these have had all the time that they are given.
#[must_use]
pub fn unpassed<'p>(workload: &Workload, pods: &[&'p Pod], now: Timestamp) -> Vec<&'p Pod> {
    let patience = patience(workload);
    let is_old = |pod: &Pod| {
        let age = pod.metadata.creation_timestamp.and_then(|made| Duration::try_from(now.duration_since(made)).ok());
        age.is_some_and(|age| age > patience)
    };
    let waits = |reason: &Reason| matches!(reason, Reason::StartupProbe | Reason::ReadinessProbe);
    let fails = |pod: &&Pod| is_old(pod) && trouble(pod).is_some_and(|trouble| waits(&trouble.reason));
    pods.iter().copied().filter(fails).collect()
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::apps::v1::Deployment;
    use serde_json::{Value, json};

    use super::*;

    fn pod(state: &Value) -> Pod {
        let container = json!({"name": "app", "image": "r/api:9", "imageID": "", "ready": false, "restartCount": 1,
            "state": state});
        serde_json::from_value(json!({
            "metadata": {"name": "api-1", "creationTimestamp": "2026-01-01T00:00:00Z"},
            "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "False"}],
                "containerStatuses": [container]},
        }))
        .unwrap()
    }

    /// A good release that starts slowly would be called a bad one, and never be gone back to again.
    #[test]
    fn taking_ones_time_is_no_failure() {
        let running = json!({"running": {"startedAt": "2026-01-01T00:00:00Z"}});
        for (state, wanted) in [
            (json!({"waiting": {"reason": "ErrImagePull"}}), 1),
            (json!({"waiting": {"reason": "CreateContainerConfigError"}}), 1),
            (json!({"terminated": {"exitCode": 3}}), 1),
            (json!({"waiting": {"reason": "ContainerCreating"}}), 0),
            (running, 0),
        ] {
            assert_eq!(failing(&[&pod(&state)]).len(), wanted, "{state}");
        }
    }

    /// One that is never ready would be left in production, or one be taken away that its own probes still
    /// gave time.
    #[test]
    fn probes_have_the_time_that_they_are_given() {
        let probe = json!({"initialDelaySeconds": 5, "periodSeconds": 10, "failureThreshold": 3});
        let container = json!({"name": "app", "readinessProbe": probe});
        let spec = json!({"selector": {}, "template": {"spec": {"containers": [container]}}});
        let object = json!({"metadata": {"name": "api"}, "spec": spec});
        let workload: Workload = serde_json::from_value::<Deployment>(object).unwrap().into();
        let slow = pod(&json!({"running": {"startedAt": "2026-01-01T00:00:00Z"}}));
        let after = |time: &str| unpassed(&workload, &[&slow], time.parse().unwrap()).len();
        assert_eq!([after("2026-01-01T00:00:34Z"), after("2026-01-01T00:00:36Z")], [0, 1]);
        let pulls = pod(&json!({"waiting": {"reason": "ContainerCreating"}}));
        assert!(unpassed(&workload, &[&pulls], "2026-01-02T00:00:00Z".parse().unwrap()).is_empty());
    }
}
