//! What has become of a hook's Job.

use k8s_openapi::api::batch::v1::{Job, JobCondition};

use super::identity::Identity;
use super::job::{RELEASE, attempt_of};
use crate::kube::Pod;
use crate::release::hand::is_as_we_made_it;
use crate::text::printable;
use crate::workload::trouble::{Reason, trouble};

/// How far it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// With what it waits for, if that is known.
    Running(Option<String>),
    /// Its pods can't start as things are, or are done and held up: it would not end by itself.
    Stuck(String),
    Complete,
    Failed(String),
}

/// Only what the Job controller says once it is done with it: a pod that failed may be tried again, and one that
/// succeeded may be one of several.
#[must_use]
pub fn progress(job: &Job, pods: &[Pod]) -> Progress {
    let conditions = || job.status.iter().flat_map(|status| status.conditions.iter().flatten());
    let is = |condition: &&JobCondition, kind: &str| condition.type_ == kind && condition.status == "True";
    if conditions().any(|c| is(&c, "Complete")) {
        return Progress::Complete;
    }
    if let Some(failed) = conditions().find(|c| is(c, "Failed")) {
        return Progress::Failed(why(failed, pods));
    }
    if job.spec.as_ref().and_then(|spec| spec.suspend) == Some(true) {
        return Progress::Stuck("it is suspended".to_owned());
    }
    let alive = || pods.iter().filter(|pod| !pod.is_finished());
    if let Some(held) = alive().find_map(|pod| held_by_a_sidecar(job, pod)) {
        return Progress::Stuck(held);
    }
    match alive().find_map(|pod| Some((trouble(pod)?, pod))) {
        Some((found, pod)) => {
            let text = printable(&format!("pod/{}: {}", pod.metadata.name, found.text()));
            match found.reason {
                Reason::ImagePull { .. } | Reason::CannotStart { .. } => Progress::Stuck(text),
                Reason::Starting | Reason::Pending | Reason::ReadinessProbe | Reason::StartupProbe => {
                    Progress::Running(None)
                }
                _ => Progress::Running(Some(text)),
            }
        }
        None => Progress::Running(None),
    }
}

/// `BackoffLimitExceeded: Job has reached the specified backoff limit; exit 3`
fn why(failed: &JobCondition, pods: &[Pod]) -> String {
    let parts = [failed.reason.as_deref(), failed.message.as_deref()];
    let said: Vec<&str> = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect();
    let statuses = pods.iter().flat_map(|pod| &pod.status.container_statuses);
    let exits = statuses.filter_map(|status| status.state.as_ref()?.terminated.as_ref());
    let exit = exits.map(|ended| ended.exit_code).rfind(|code| *code != 0);
    let exit = exit.map(|code| format!("; exit {code}")).unwrap_or_default();
    printable(&format!("{}{exit}", said.join(": ")))
}

/// The containers of the Job's own template have ended well, and the pod goes on: something that was injected beside
/// them never ends, and so never does the Job.
fn held_by_a_sidecar(job: &Job, pod: &Pod) -> Option<String> {
    let template = job.spec.as_ref()?.template.spec.as_ref()?;
    let statuses = &pod.status.container_statuses;
    let of = |name: &str| statuses.iter().find(|status| status.name == name)?.state.as_ref();
    let has_ended =
        |name: &str| of(name).is_some_and(|state| state.terminated.as_ref().is_some_and(|t| t.exit_code == 0));
    let is_own = |name: &str| template.containers.iter().any(|container| container.name == name);
    let runs = |status: &&k8s_openapi::api::core::v1::ContainerStatus| {
        status.state.as_ref().is_some_and(|state| state.running.is_some())
    };
    let beside = statuses.iter().find(|status| !is_own(&status.name) && runs(status))?;
    let all_done = !template.containers.is_empty() && template.containers.iter().all(|c| has_ended(&c.name));
    all_done.then(|| {
        let text = format!("pod/{} is done, and {} beside it never ends", pod.metadata.name, beside.name);
        printable(&text)
    })
}

/// Of a release's Jobs the one to go on with: one that succeeded, else one that runs; and the number of the next
/// attempt, where there is none. What somebody else has made with our labels, or is being deleted, is none.
#[must_use]
pub fn chosen(jobs: Vec<Job>, release: &Identity) -> (Option<Job>, usize) {
    let name = |job: &Job| job.metadata.name.clone().unwrap_or_default();
    let next = jobs.iter().map(|job| attempt_of(&name(job), release)).max().map_or(1, |last| last.saturating_add(1));
    let is_ours = |job: &Job| {
        let labelled = job.metadata.labels.as_ref().and_then(|labels| labels.get(RELEASE));
        labelled.map(String::as_str) == Some(release.as_str())
            && job.metadata.deletion_timestamp.is_none()
            && is_as_we_made_it(&job.metadata, "/f:spec/f:template")
    };
    let ours = jobs.into_iter().filter(is_ours);
    let rank = |job: &Job| match progress(job, &[]) {
        Progress::Complete => Some(0),
        Progress::Running(_) | Progress::Stuck(_) => Some(1),
        Progress::Failed(_) => None,
    };
    let best = ours.filter_map(|job| Some((rank(&job)?, job))).min_by_key(|(rank, _)| *rank);
    (best.map(|(_, job)| job), next)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn job(status: &Value) -> Job {
        let template = json!({"spec": {"containers": [{"name": "migrate"}]}});
        let managed = json!([{"manager": "kubectl-release-made", "operation": "Update",
            "fieldsV1": {"f:spec": {"f:template": {}}}}]);
        let metadata = json!({"name": "api-migrate-0123456789", "labels": {RELEASE: Identity::of(["x"]).as_str()},
            "managedFields": managed});
        serde_json::from_value(json!({"metadata": metadata, "spec": {"template": template}, "status": status})).unwrap()
    }

    fn pod(containers: &Value) -> Pod {
        let status = json!({"phase": "Running", "containerStatuses": containers});
        serde_json::from_value(json!({"metadata": {"name": "m-1"}, "status": status})).unwrap()
    }

    fn condition(kind: &str, reason: &str) -> Value {
        json!([{"type": kind, "status": "True", "reason": reason, "message": "said"}])
    }

    /// A failed Job was taken for a success, or one that is tried again for a failure (argo-rollouts#521, helm#6873).
    #[test]
    fn the_controllers_last_word_decides() {
        let of = |status: Value| progress(&job(&status), &[]);
        assert_eq!(of(json!({"conditions": condition("Complete", "")})), Progress::Complete);
        let failed = json!({"conditions": condition("Failed", "BackoffLimitExceeded"), "succeeded": 1});
        assert_eq!(of(failed), Progress::Failed("BackoffLimitExceeded: said".into()));
        for going in [
            json!({"failed": 2, "active": 1}),
            json!({"succeeded": 1}),
            json!({}),
            json!({"conditions": condition("SuccessCriteriaMet", "")}),
            json!({"conditions": condition("FailureTarget", "")}),
            json!({"conditions": [{"type": "Failed", "status": "False"}]}),
        ] {
            assert_eq!(of(going.clone()), Progress::Running(None), "{going}");
        }
    }

    /// The release would wait for ever: an image that can't be pulled counts against no limit of a Job.
    #[test]
    fn an_image_that_can_not_be_pulled_is_stuck() {
        let waiting = |reason: &str| {
            json!([{"name": "migrate", "image": "r.io/m:1", "ready": false, "restartCount": 0,
            "imageID": "", "state": {"waiting": {"reason": reason, "message": "no"}}}])
        };
        let of = |reason: &str| progress(&job(&json!({"active": 1})), &[pod(&waiting(reason))]);
        for stuck in ["ImagePullBackOff", "ErrImagePull", "InvalidImageName", "CreateContainerConfigError"] {
            assert!(matches!(of(stuck), Progress::Stuck(_)), "{stuck}: {:?}", of(stuck));
        }
        assert_eq!(of("ContainerCreating"), Progress::Running(None));
    }

    /// A proxy that a mesh injects never ends (kubernetes#73118, istio#11045, helm#5098).
    #[test]
    fn an_injected_container_that_never_ends_is_said() {
        let status = |name: &str, state: Value| {
            json!({"name": name, "image": "i", "imageID": "", "ready": true,
            "restartCount": 0, "state": state})
        };
        let ended = |exit: i32| json!({"terminated": {"exitCode": exit}});
        let running = json!({"running": {}});
        let with = |own: Value| pod(&json!([status("migrate", own), status("istio-proxy", running.clone())]));
        let of = |own: Value| progress(&job(&json!({"active": 1})), &[with(own)]);
        assert_eq!(of(ended(0)), Progress::Stuck("pod/m-1 is done, and istio-proxy beside it never ends".into()));
        assert!(matches!(of(running.clone()), Progress::Running(_)));
        assert!(matches!(of(ended(1)), Progress::Running(_)), "the controller says when it has failed");
    }

    /// A migration that ran would run again, or one that failed would never (argo-rollouts#751, #2897; a Job by the
    /// name of the failed one is refused).
    #[test]
    fn a_release_goes_on_with_its_own_job_and_tries_a_failed_one_again() {
        let release = Identity::of(["x"]);
        let named = |status: &Value, attempt: usize| {
            let mut made = job(status);
            made.metadata.name = Some(super::super::name_of("api", super::super::Moment::Migrate, &release, attempt));
            made
        };
        let (failed, done) =
            (json!({"conditions": condition("Failed", "x")}), json!({"conditions": condition("Complete", "")}));
        assert_eq!(chosen(Vec::new(), &release), (None, 1));
        assert_eq!(chosen(vec![named(&failed, 1)], &release), (None, 2));
        let (found, _) = chosen(vec![named(&failed, 1), named(&json!({"active": 1}), 2)], &release);
        assert_eq!(found.unwrap().metadata.name, named(&done, 2).metadata.name);
        assert!(chosen(vec![named(&done, 1)], &release).0.is_some());
        let mut theirs = named(&done, 1);
        theirs.metadata.managed_fields = None;
        assert_eq!(chosen(vec![theirs], &release), (None, 2), "anybody may write labels");
    }
}
