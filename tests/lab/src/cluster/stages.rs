//! What kwok does to pods and nodes: the behaviors a test can choose.
//!
//! One status template serves every stage; a stage is a condition, a delay and the handful of
//! variables that the template reads. A pod whose behavior annotation is changed moves to the
//! new behavior's state, whatever state it is in.

use serde_json::{Value, json};

use super::forwards;
use crate::annotations as names;
use crate::ecr::reference;

const POD_STATUS: &str = include_str!("pod-status.gotmpl");
const NODE_STATUS: &str = include_str!("node-status.gotmpl");

/// The configuration kwok is started with: several YAML documents, each written as JSON.
pub fn config() -> String {
    let mut documents = vec![json!({
        "apiVersion": "config.kwok.x-k8s.io/v1alpha1",
        "kind": "KwokConfiguration",
        // kwok has no defaults for what a file leaves out.
        "options": {
            "podPlayStageParallelism": 16,
            "nodePlayStageParallelism": 4,
            "nodeLeaseParallelism": 4,
            "podsOnNodeSyncParallelism": 2,
            "enableDebuggingHandlers": true,
        },
    })];
    documents.extend(forwards::rules());
    documents.push(node_stage());
    documents.extend(start_stages());
    documents.extend(later_stages());
    documents.extend(end_stages());
    documents.iter().map(|document| format!("{document}\n---\n")).collect()
}

/// What the status template is to say.
#[derive(Clone, Copy)]
struct Status {
    phase: &'static str,
    ready: bool,
    /// Reason the containers wait, or empty when they run.
    waiting: &'static str,
    /// How the containers' last run ended, if this stage is about such an end.
    exit: Option<(u8, &'static str)>,
    done: bool,
    /// Whether the pod's annotation says with which exit code it is done; otherwise 0.
    told: bool,
}

const RUNNING: Status = Status { phase: "Running", ready: false, waiting: "", exit: None, done: false, told: false };
const READY: Status = Status { ready: true, ..RUNNING };
const CRASHED: Status = Status { waiting: "CrashLoopBackOff", exit: Some((1, "Error")), ..RUNNING };
const OUT_OF_MEMORY: Status = Status { waiting: "CrashLoopBackOff", exit: Some((137, "OOMKilled")), ..RUNNING };
const NO_IMAGE: Status = Status { phase: "Pending", waiting: "ImagePullBackOff", ..RUNNING };
const DONE: Status = Status { phase: "Succeeded", done: true, ..RUNNING };
const FAILED: Status = Status { phase: "Failed", told: true, ..DONE };

impl Status {
    fn template(self) -> String {
        let (code, reason) = self.exit.unwrap_or((0, ""));
        let Self { phase, ready, waiting, done, told, .. } = self;
        let ended =
            if told { format!("(dig {:?} \"1\" .metadata.annotations)", names::EXIT_CODE) } else { "\"0\"".to_owned() };
        format!(
            "{{{{- $phase := {phase:?} -}}}}{{{{- $ready := {ready} -}}}}\
             {{{{- $waiting := {waiting:?} -}}}}{{{{- $exitCode := {code} -}}}}\
             {{{{- $exitReason := {reason:?} -}}}}{{{{- $done := {done} -}}}}\
             {{{{- $ended := {ended} -}}}}\
             {{{{- $names := list -}}}}{{{{- range .spec.containers -}}}}\
             {{{{- $names = append $names .name -}}}}{{{{- end -}}}}\n{POD_STATUS}"
        )
    }
}

/// From a pod that was just placed on a node to its first state, and back to ready.
fn start_stages() -> Vec<Value> {
    let starting = [alive(), pulled(), started("no")];
    let first = |name: &str, behaviors: &[&str], to: Status| {
        let mut when = starting.to_vec();
        when.push(behavior(behaviors));
        stage(name, &when, millis(300), &to_status(to))
    };
    vec![
        stage(
            "become-ready",
            &[alive(), pulled(), behavior(&["ready", "slow-termination"]), ready("False"), finished("no")],
            millis(300),
            &to_status(READY),
        ),
        first("start-ready", &["unready-later", "oom-later"], READY),
        first("start-unready", &["ready-after", "never-ready", "on-demand"], RUNNING),
        first("start-crashing", &["crash-loop"], CRASHED),
        first("start-out-of-memory", &["out-of-memory"], OUT_OF_MEMORY),
        first("start-without-image", &["image-pull-error"], NO_IMAGE),
    ]
}

/// From a first state to a later one.
fn later_stages() -> Vec<Value> {
    let running = [alive(), started("yes"), finished("no")];
    let later = |name: &str, when: &[Value], delay: Value, to: Status| {
        let all: Vec<Value> = running.iter().chain(when).cloned().collect();
        stage(name, &all, delay, &to_status(to))
    };
    let after = |annotation: &str| after_annotation(annotation, "5s");
    let on_demand = behavior(&["on-demand"]);
    let asked = |wanted: &str| {
        let jq = format!("if {} == \"true\" then \"yes\" else \"no\" end", annotation(names::READY));
        jq_in(&jq, &[wanted])
    };
    vec![
        later("ready-after", &[behavior(&["ready-after"]), ready("False")], after(names::READY_AFTER), READY),
        later("ready-on-demand", &[on_demand.clone(), asked("yes"), ready("False")], millis(50), READY),
        later("unready-on-demand", &[on_demand, asked("no"), ready("True")], millis(50), RUNNING),
        later("unready", &[behavior(&["never-ready"]), ready("True")], millis(50), RUNNING),
        later("unready-later", &[behavior(&["unready-later"]), ready("True")], after(names::UNREADY_AFTER), RUNNING),
        later("oom-later", &[behavior(&["oom-later"]), ready("True")], after(names::OOM_AFTER), OUT_OF_MEMORY),
        later("crash", &[behavior(&["crash-loop"]), ready("True")], millis(50), CRASHED),
        later("crash-again", &[behavior(&["crash-loop"]), ready("False")], millis(10_000), CRASHED),
        later("run-out-of-memory", &[behavior(&["out-of-memory"]), ready("True")], millis(50), OUT_OF_MEMORY),
        later("complete-job", &[owned_by_job(), exits_with_0("yes")], completes(), DONE),
        later("fail-job", &[owned_by_job(), exits_with_0("no")], completes(), FAILED),
    ]
}

/// What a kubelet does with a pod that is to go.
fn end_stages() -> Vec<Value> {
    let deleted = jq_in("if .metadata.deletionTimestamp then \"yes\" else \"no\" end", &["yes"]);
    let held = |answer: &str| {
        let jq = "if ((.metadata.finalizers // []) | length) > 0 then \"yes\" else \"no\" end";
        jq_in(jq, &[answer])
    };
    vec![
        stage("stop-but-stay", &[deleted.clone(), held("yes"), finished("no")], until_stopped(), &to_status(DONE)),
        stage("delete", &[deleted, held("no")], until_stopped(), &json!({"delete": true})),
    ]
}

fn node_stage() -> Value {
    json!({
        "apiVersion": "kwok.x-k8s.io/v1alpha1",
        "kind": "Stage",
        "metadata": {"name": "node-ready"},
        "spec": {
            "resourceRef": {"apiGroup": "v1", "kind": "Node"},
            "selector": {"matchExpressions": [ready("False")]},
            "next": {"statusTemplate": NODE_STATUS},
        },
    })
}

fn stage(name: &str, when: &[Value], delay: Value, next: &Value) -> Value {
    json!({
        "apiVersion": "kwok.x-k8s.io/v1alpha1",
        "kind": "Stage",
        "metadata": {"name": name},
        "spec": {
            "resourceRef": {"apiGroup": "v1", "kind": "Pod"},
            "selector": {"matchExpressions": when},
            "delay": delay,
            "next": next,
        },
    })
}

fn to_status(status: Status) -> Value {
    json!({"statusTemplate": status.template()})
}

fn millis(delay: u32) -> Value {
    json!({"durationMilliseconds": delay})
}

fn after_annotation(name: &str, default: &str) -> Value {
    json!({"durationFrom": {"expressionFrom": format!("{} // {default:?}", annotation(name))}})
}

/// The kubelet's time: preStop, then the process's own end, at most the grace period.
fn until_stopped() -> Value {
    let pre_stop = r#"([.spec.containers[].lifecycle.preStop // empty
        | .sleep.seconds // ([(.exec.command // []) | join(" ") | capture("sleep (?<n>[0-9]+)").n | tonumber] | first) // 0]
        | max) // 0"#;
    let expression = format!(
        "{terminates} // (if {behavior} == \"slow-termination\" then \"5s\" else \
         ([(({pre_stop}) + ({drain} // \"0\" | tonumber)), (.metadata.deletionGracePeriodSeconds // 30)] \
         | min | tostring) + \"s\" end)",
        terminates = annotation(names::TERMINATES_AFTER),
        behavior = behavior_of(),
        drain = annotation(names::DRAIN_SECONDS),
    );
    json!({"durationFrom": {"expressionFrom": expression}})
}

fn annotation(name: &str) -> String {
    format!("(.metadata.annotations // {{}})[{name:?}]")
}

fn behavior(any_of: &[&str]) -> Value {
    jq_in(&behavior_of(), any_of)
}

/// A bad image is bad whatever the pod wants.
fn behavior_of() -> String {
    let (image, pod) = (annotation(names::IMAGE_BEHAVIOR), annotation(names::BEHAVIOR));
    format!("({image} // {pod} // \"ready\")")
}

/// Images of ECR are looked up first; all others are there at once.
fn pulled() -> Value {
    let jq = format!(
        "if {images} then \"yes\" elif ([.spec | (.containers + (.initContainers // []))[].image \
         | select(test({pattern:?}))] | length) > 0 then \"no\" else \"yes\" end",
        images = annotation(names::IMAGES),
        pattern = reference::HOST_PATTERN,
    );
    jq_in(&jq, &["yes"])
}

fn alive() -> Value {
    jq_in("if .metadata.deletionTimestamp then \"no\" else \"yes\" end", &["yes"])
}

fn started(answer: &str) -> Value {
    jq_in("if .status.podIP then \"yes\" else \"no\" end", &[answer])
}

fn finished(answer: &str) -> Value {
    let jq = "if (.status.phase == \"Succeeded\") or (.status.phase == \"Failed\") then \"yes\" else \"no\" end";
    jq_in(jq, &[answer])
}

fn ready(status: &str) -> Value {
    let jq = "[(.status.conditions // [])[] | select(.type == \"Ready\" and .status == \"True\")] \
              | if length > 0 then \"True\" else \"False\" end";
    jq_in(jq, &[status])
}

fn completes() -> Value {
    after_annotation(names::COMPLETES_AFTER, "1s")
}

fn exits_with_0(answer: &str) -> Value {
    let jq = format!("if ({} // \"0\") == \"0\" then \"yes\" else \"no\" end", annotation(names::EXIT_CODE));
    jq_in(&jq, &[answer])
}

fn owned_by_job() -> Value {
    jq_in("[(.metadata.ownerReferences // [])[].kind] | join(\",\")", &["Job"])
}

fn jq_in(expression: &str, any_of: &[&str]) -> Value {
    json!({"key": expression, "operator": "In", "values": any_of})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stages() -> Vec<Value> {
        let documents: Vec<Value> = serde_saphyr::from_multiple(&config()).unwrap();
        documents.into_iter().filter(|document| document["kind"] == "Stage").collect()
    }

    #[test]
    fn the_configuration_is_yaml_and_every_stage_has_a_name_of_its_own() {
        let mut names: Vec<String> =
            stages().iter().map(|stage| stage["metadata"]["name"].as_str().unwrap().to_owned()).collect();
        let all = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), all);
        assert!(all > 15);
    }

    #[test]
    fn templates_open_as_many_blocks_as_they_close() {
        for stage in stages() {
            let template = stage["spec"]["next"]["statusTemplate"].as_str().unwrap_or_default();
            let opened = ["{{- if ", "{{ if ", "{{- range ", "{{- with "]
                .iter()
                .map(|word| template.matches(word).count())
                .sum::<usize>();
            let closed = template.matches("end }}").count() + template.matches("end -}}").count();
            assert_eq!(opened, closed, "{}", stage["metadata"]["name"]);
        }
    }
}
