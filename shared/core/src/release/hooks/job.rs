//! The Job of a hook, as it is made: from somebody's manifest, or from a CronJob's template.

use std::fmt;

use serde_json::{Map, Value, json};

use super::identity::Identity;
use super::moment::Moment;
use crate::kube::{Labels, has_all};

/// The label of a hook's Job: the Service that is released, the first where there are several.
pub const SERVICE: &str = "kubectl-release.dev/service";
/// When it runs.
pub const MOMENT: &str = "kubectl-release.dev/hook";
/// Of which release it is.
pub const RELEASE: &str = "kubectl-release.dev/release";
/// A Job's name is a label of its pods.
const LONGEST_NAME: usize = 63;
/// Labels that the Job controller gives, and that another Job's manifest has of it.
const GIVEN: [&str; 4] =
    ["controller-uid", "job-name", "batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name"];

/// Why no Job can be made of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BadJob {
    /// Another kind.
    NoJob(String),
    /// It says that it is of another namespace.
    ElsewhereThan(String),
    /// It never starts.
    Suspended,
    /// It has no pod template.
    NoTemplate,
}

impl fmt::Display for BadJob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoJob(kind) => write!(f, "{} is no Job of batch/v1", kind.escape_debug()),
            Self::ElsewhereThan(namespace) => write!(f, "it is of namespace {}", namespace.escape_debug()),
            Self::Suspended => f.write_str("it is suspended, and would never start"),
            Self::NoTemplate => f.write_str("it has no pod template"),
        }
    }
}

/// The Job without a name yet: what it says, ours of labels, nothing of what the API server or a controller gave to
/// the object that it was read from. It isn't taken away by itself once it has ended: what became of it has to be seen.
///
/// # Errors
/// Where it is none.
pub fn job_of(manifest: &Value, namespace: &str, (service, moment): (&str, Moment)) -> Result<Value, BadJob> {
    let template = template_of(manifest)?;
    let said = manifest["metadata"]["namespace"].as_str().filter(|said| *said != namespace);
    if let Some(elsewhere) = said {
        return Err(BadJob::ElsewhereThan(elsewhere.to_owned()));
    }
    let mut spec = template["spec"].clone();
    if spec["suspend"] == true {
        return Err(BadJob::Suspended);
    }
    if !spec["template"]["spec"].is_object() {
        return Err(BadJob::NoTemplate);
    }
    if let Some(spec) = spec.as_object_mut() {
        spec.remove("ttlSecondsAfterFinished");
        if spec.get("manualSelector") != Some(&Value::Bool(true)) {
            spec.remove("selector");
        }
    }
    if let Some(labels) = spec["template"]["metadata"]["labels"].as_object_mut() {
        GIVEN.iter().for_each(|label| drop(labels.remove(*label)));
    }
    let mut labels = words(&template["metadata"]["labels"]);
    GIVEN.iter().for_each(|label| drop(labels.remove(*label)));
    labels.insert(SERVICE.to_owned(), json!(service));
    labels.insert(MOMENT.to_owned(), json!(moment.word()));
    let mut metadata = json!({"namespace": namespace, "labels": labels});
    let mut annotations = words(&template["metadata"]["annotations"]);
    annotations.retain(|key, _| !key.starts_with("kubectl.kubernetes.io/") && !key.starts_with("batch.kubernetes.io/"));
    if !annotations.is_empty() {
        metadata["annotations"] = Value::Object(annotations);
    }
    Ok(json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": spec}))
}

/// The part of a CronJob that its Jobs are made of, or a Job itself.
fn template_of(manifest: &Value) -> Result<&Value, BadJob> {
    let word = |field: &str| manifest[field].as_str().unwrap_or_default();
    match (word("apiVersion"), word("kind")) {
        ("batch/v1", "Job") => Ok(manifest),
        ("batch/v1", "CronJob") => Ok(&manifest["spec"]["jobTemplate"]),
        (version, kind) => Err(BadJob::NoJob(format!("{version} {kind}").trim().to_owned())),
    }
}

fn words(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

/// The name of one attempt: the same for two runs of the same release, of which the API server takes one.
#[must_use]
pub fn name_of(service: &str, moment: Moment, release: &Identity, attempt: usize) -> String {
    let id: String = release.as_str().chars().take(10).collect();
    let again = if attempt > 1 { format!("-{attempt}") } else { String::new() };
    let tail = format!("-{moment}-{id}{again}");
    let room = LONGEST_NAME.saturating_sub(tail.len());
    let head: String = service.chars().take(room).collect();
    format!("{}{tail}", head.trim_end_matches('-'))
}

/// Which attempt a Job's name is of.
#[must_use]
pub fn attempt_of(name: &str, release: &Identity) -> usize {
    let id: String = release.as_str().chars().take(10).collect();
    let rest = name.rsplit_once(&id).map(|(_, rest)| rest).unwrap_or_default();
    rest.strip_prefix('-').and_then(|number| number.parse().ok()).unwrap_or(1)
}

/// True where the pods of that Job have all labels of one of these selectors: they would get the Service's traffic.
#[must_use]
pub fn would_serve(job: &Value, selectors: &[Labels]) -> bool {
    let labels = words(&job["spec"]["template"]["metadata"]["labels"]);
    let labels: Labels =
        labels.into_iter().filter_map(|(key, value)| Some((key, value.as_str()?.to_owned()))).collect();
    selectors.iter().any(|selector| !selector.is_empty() && has_all(&labels, selector))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(manifest: &Value) -> Result<Value, BadJob> {
        job_of(manifest, "shop", ("api", Moment::Migrate))
    }

    fn spec() -> Value {
        json!({"backoffLimit": 0, "template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "m"}]}}})
    }

    /// `kubectl get job -o yaml > job.yaml` has all of it: the API server would refuse it, or the new Job would take
    /// over the old one's pods.
    #[test]
    fn what_was_given_to_another_job_is_left_out() {
        let mut spec = spec();
        spec["selector"] = json!({"matchLabels": {"batch.kubernetes.io/controller-uid": "1"}});
        spec["template"]["metadata"] = json!({"labels": {"controller-uid": "1", "job-name": "old", "team": "shop"}});
        let old = json!({"apiVersion": "batch/v1", "kind": "Job", "status": {"succeeded": 1}, "spec": spec,
            "metadata": {"name": "old", "uid": "1", "resourceVersion": "7", "generateName": "x-", "namespace": "shop",
                "labels": {"job-name": "old", "team": "shop"}, "ownerReferences": [{"kind": "CronJob"}],
                "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}", "note": "x"}}});
        let job = of(&old).unwrap();
        assert_eq!(job["spec"]["template"]["metadata"]["labels"], json!({"team": "shop"}));
        assert!(job["spec"]["selector"].is_null() && job["status"].is_null());
        let labels = json!({"team": "shop", SERVICE: "api", MOMENT: "migrate"});
        assert_eq!(job["metadata"], json!({"namespace": "shop", "labels": labels, "annotations": {"note": "x"}}));
    }

    /// The Job would be gone before anybody has seen how it ended, and be run again (argo-rollouts keeps its own).
    #[test]
    fn it_stays_until_it_was_seen() {
        let mut spec = spec();
        spec["ttlSecondsAfterFinished"] = json!(0);
        let cron = json!({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "m"},
            "spec": {"suspend": true, "jobTemplate": {"metadata": {"labels": {"a": "b"}}, "spec": spec}}});
        let job = of(&cron).unwrap();
        assert!(job["spec"]["ttlSecondsAfterFinished"].is_null());
        assert_eq!(job["metadata"]["labels"]["a"], "b");
        assert_eq!(job["spec"]["backoffLimit"], 0, "and nothing else of it is changed");
    }

    #[test]
    fn what_can_not_run_is_told_before_anything_is_written() {
        let job = |spec: Value| json!({"apiVersion": "batch/v1", "kind": "Job", "spec": spec});
        let mut suspended = spec();
        suspended["suspend"] = json!(true);
        assert_eq!(of(&job(suspended)), Err(BadJob::Suspended));
        assert_eq!(of(&job(json!({}))), Err(BadJob::NoTemplate));
        let pod = json!({"apiVersion": "v1", "kind": "Pod"});
        assert_eq!(of(&pod), Err(BadJob::NoJob("v1 Pod".into())));
        let mut elsewhere = job(spec());
        elsewhere["metadata"] = json!({"namespace": "other"});
        assert_eq!(of(&elsewhere), Err(BadJob::ElsewhereThan("other".into())));
    }

    #[test]
    fn names_fit_and_count_attempts() {
        let release = Identity::of(["x"]);
        for service in ["api", &"a".repeat(63), &format!("{}-{}", "a".repeat(34), "b".repeat(20))] {
            for attempt in [1, 2, 17] {
                let name = name_of(service, Moment::BeforeSwitch, &release, attempt);
                assert!(name.len() <= 63 && !name.contains("--"), "{name}");
                assert_eq!(attempt_of(&name, &release), attempt, "{name}");
            }
        }
        assert_eq!(attempt_of("somebody-elses", &release), 1);
    }

    /// A migration's pod would answer users (pods of Jobs are endpoints like any other).
    #[test]
    fn pods_of_a_hook_must_not_have_the_labels_of_the_service() {
        let mut spec = spec();
        spec["template"]["metadata"] = json!({"labels": {"app": "api", "version": "green", "job": "m"}});
        let job = of(&json!({"apiVersion": "batch/v1", "kind": "Job", "spec": spec})).unwrap();
        let selector = |color: &str| Labels::from([("app".into(), "api".into()), ("version".into(), color.into())]);
        assert!(would_serve(&job, &[selector("blue"), selector("green")]));
        assert!(!would_serve(&job, &[selector("blue")]));
        assert!(!would_serve(&job, &[Labels::new()]), "an empty selector selects nothing");
    }
}
