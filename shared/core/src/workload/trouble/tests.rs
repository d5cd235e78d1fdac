use crate::kube::Pod;
use serde_json::{Value, json};

use super::{summarize, trouble};
use crate::command::Scope;

fn pod(name: &str, status: &Value) -> Pod {
    let mut status = status.clone();
    if status["conditions"].is_null() {
        status["conditions"] = json!([{"type": "PodScheduled", "status": "True"}, {"type": "Ready", "status": "False", "reason": "ContainersNotReady"}]);
    }
    serde_json::from_value(json!({"metadata": {"name": name}, "status": status})).unwrap()
}

fn container(name: &str, restarts: i32, state: &Value, last: &Value) -> Value {
    json!({"name": name, "image": "r.example.com/api:1.5.0", "imageID": "", "ready": false, "restartCount": restarts, "state": state, "lastState": last})
}

fn with(containers: &[Value]) -> Value {
    json!({"phase": "Running", "containerStatuses": containers})
}

fn told(pods: &[Pod]) -> Vec<(String, String)> {
    let pods: Vec<&Pod> = pods.iter().collect();
    let scope = Scope::default().in_namespace("shop");
    summarize(&pods, &scope).into_iter().map(|g| (g.message, g.look.to_string())).collect()
}

fn crashing(name: &str, restarts: i32) -> Pod {
    let state =
        json!({"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m0s restarting failed container"}});
    pod(name, &with(&[container("api", restarts, &state, &json!({"terminated": {"exitCode": 1, "reason": "Error"}}))]))
}

#[test]
#[allow(clippy::too_many_lines, reason = "one table")]
fn the_reason_is_named_with_the_command_that_shows_more() {
    let describe = "kubectl describe pod p -n shop";
    let logs = "kubectl logs -p p -n shop";
    let running = json!({"running": {"startedAt": "2026-01-01T00:00:00Z"}});
    let table = [
        (
            container("api", 0, &json!({"waiting": {"reason": "ImagePullBackOff"}}), &json!({})),
            "1 pod ImagePullBackOff (r.example.com/api:1.5.0)",
            describe,
        ),
        (
            container("api", 3, &running, &json!({"terminated": {"exitCode": 137, "reason": "OOMKilled"}})),
            "1 pod OOMKilled, restarting",
            logs,
        ),
        (
            container("api", 1, &running, &json!({"terminated": {"exitCode": 2, "reason": "Error"}})),
            "1 pod not ready (last exit 2, 1 restart)",
            logs,
        ),
        (container("api", 0, &running, &json!({})), "1 pod readiness probe not passed", describe),
        (
            container("api", 0, &json!({"waiting": {"reason": "ContainerCreating"}}), &json!({})),
            "1 pod starting",
            describe,
        ),
        (
            container(
                "api",
                0,
                &json!({"waiting": {"reason": "CreateContainerConfigError", "message": "secret \"db\" not found"}}),
                &json!({}),
            ),
            "1 pod CreateContainerConfigError (secret \"db\" not found)",
            describe,
        ),
        (
            container("api", 0, &json!({"terminated": {"exitCode": 3}}), &json!({})),
            "1 pod ended (exit 3)",
            "kubectl logs p -n shop",
        ),
    ];
    for (status, message, look) in table {
        assert_eq!(told(&[pod("p", &with(&[status]))]), [(message.to_owned(), look.to_owned())]);
    }
}

#[test]
fn pods_with_one_reason_are_one_line_and_the_worst_of_them_is_looked_at() {
    let pods = [crashing("a", 3), crashing("b", 7)];
    assert_eq!(
        told(&pods),
        [("2 pods CrashLoopBackOff (exit 1, 7 restarts)".into(), "kubectl logs -p b -n shop".into())]
    );
}

#[test]
fn an_unschedulable_pod_says_what_the_nodes_lack() {
    let message = "0/3 nodes are available: 3 Insufficient cpu. preemption: 0/3 nodes are available.";
    let conditions =
        json!([{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}]);
    let told = told(&[pod("p", &json!({"phase": "Pending", "conditions": conditions}))]);
    assert_eq!(told[0].0, "1 pod unschedulable (0/3 nodes are available: 3 Insufficient cpu)");
}

#[test]
fn in_a_pod_of_several_containers_the_one_at_fault_is_named() {
    let mut sidecar = container("proxy", 0, &json!({"running": {}}), &json!({}));
    sidecar["ready"] = json!(true);
    let app = container(
        "api",
        2,
        &json!({"waiting": {"reason": "CrashLoopBackOff"}}),
        &json!({"terminated": {"exitCode": 1}}),
    );
    assert_eq!(told(&[pod("p", &with(&[sidecar, app]))])[0].1, "kubectl logs -p p -c api -n shop");
}

#[test]
fn a_failing_init_container_is_found_behind_the_waiting_main_one() {
    let init = container(
        "migrate",
        4,
        &json!({"waiting": {"reason": "CrashLoopBackOff"}}),
        &json!({"terminated": {"exitCode": 9}}),
    );
    let app = container("api", 0, &json!({"waiting": {"reason": "PodInitializing"}}), &json!({}));
    let status = json!({"phase": "Pending", "initContainerStatuses": [init], "containerStatuses": [app]});
    let expected =
        ("1 pod CrashLoopBackOff (exit 9, 4 restarts)".to_owned(), "kubectl logs -p p -c migrate -n shop".to_owned());
    assert_eq!(told(&[pod("p", &status)]), [expected]);
}

#[test]
fn a_readiness_gate_is_no_probe() {
    let mut app = container("api", 0, &json!({"running": {}}), &json!({}));
    app["ready"] = json!(true);
    let mut status = with(&[app]);
    status["conditions"] = json!([{"type": "Ready", "status": "False", "reason": "ReadinessGatesNotReady",
        "message": "corresponding condition of pod readiness gate \"target-health.elbv2.k8s.aws/x\" does not exist."}]);
    let told = told(&[pod("p", &status)]);
    assert!(told[0].0.starts_with("1 pod waiting for a readiness gate (corresponding"), "{}", told[0].0);
}

#[test]
fn ready_leaving_and_finished_pods_are_in_no_trouble() {
    let ready = pod("p", &json!({"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}));
    let mut leaving = crashing("p", 1);
    leaving.metadata.deletion_timestamp = Some("2026-01-01T00:00:00Z".parse().unwrap());
    let evicted = pod("p", &json!({"phase": "Failed"}));
    for pod in [ready, leaving, evicted] {
        assert_eq!(trouble(&pod), None);
    }
}

#[test]
fn what_the_cluster_says_reaches_the_terminal_without_escapes() {
    let state = json!({"waiting": {"reason": "ErrImagePull"}});
    let mut status = container("api", 0, &state, &json!({}));
    status["image"] = json!("api:\u{1b}[2Jx");
    assert_eq!(told(&[pod("p", &with(&[status]))])[0].0, "1 pod ErrImagePull (api:\\u{1b}[2Jx)");
}
