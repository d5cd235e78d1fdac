//! Pods that are ready by their own condition, and that a Service leaves out all the same.
//!
//! The EndpointSlice controller leaves out a pod whose node is gone, while its Ready condition stays True
//! for a minute and more. Where nodes can't be read, the slices of any Service over those pods tell.

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::Service;

use super::endpoints::Slices;
use crate::kube::service::service_name;
use crate::kube::{LEFT_OUT, Pod, has_all};

/// What is as old as that stands in the slices, or will not: the controller follows within a second.
const SETTLED: SignedDuration = SignedDuration::from_secs(10);

/// Takes the readiness from pods that a Service selects and does not send to.
pub fn lose_left_out(pods: &mut [Pod], service: &Service, slices: &Slices, now: Timestamp) {
    let Some(selector) = service.spec.as_ref().and_then(|spec| spec.selector.as_ref()) else { return };
    if selector.is_empty()
        || !is_settled(service.metadata.creation_timestamp.as_ref().map(|created| created.0), now)
        || !slices.is_kept()
    {
        return;
    }
    let served = slices.ready_behind_any();
    let left_out = pods.iter_mut().filter(|pod| {
        let ready = pod.condition("Ready").filter(|c| c.status == "True");
        let since = ready.and_then(|c| c.last_transition_time);
        is_settled(since, now)
            && has_all(&pod.metadata.labels, selector)
            && !served.contains(pod.metadata.name.as_str())
    });
    for pod in left_out {
        pod.lose(LEFT_OUT, format!("service/{} selects it and has no endpoint for it", service_name(service)));
    }
}

fn is_settled(since: Option<Timestamp>, now: Timestamp) -> bool {
    since.is_some_and(|since| now.duration_since(since) >= SETTLED)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const NOW: &str = "2026-11-20T03:00:00Z";

    fn pod(name: &str, ready_since: &str) -> Pod {
        let ready = json!([{"type": "Ready", "status": "True", "lastTransitionTime": ready_since}]);
        let labels = json!({"app": "api", "version": "green"});
        serde_json::from_value(json!({"metadata": {"name": name, "labels": labels}, "status": {"conditions": ready}}))
            .unwrap()
    }

    fn service(selector: &Value, created: &str) -> Service {
        let metadata = json!({"name": "preview", "creationTimestamp": created});
        serde_json::from_value(json!({"metadata": metadata, "spec": {"selector": selector}})).unwrap()
    }

    fn slices(manager: &str, endpoints: &Value) -> Slices {
        let labels = json!({"endpointslice.kubernetes.io/managed-by": manager});
        let slice = json!({"metadata": {"name": "s", "labels": labels}, "addressType": "IPv4", "endpoints": endpoints});
        std::iter::once(serde_json::from_value(slice).unwrap()).collect()
    }

    fn endpoint(pod: &str, ready: bool) -> Value {
        json!({"addresses": ["10.0.0.1"], "conditions": {"ready": ready}, "targetRef": {"kind": "Pod", "name": pod}})
    }

    fn ready(service: &Service, slices: &Slices, since: &str) -> [bool; 2] {
        let mut pods = [pod("here", since), pod("there", since)];
        lose_left_out(&mut pods, service, slices, NOW.parse().unwrap());
        pods.each_ref().map(Pod::is_ready)
    }

    const LONG_AGO: &str = "2026-11-20T02:00:00Z";
    const CONTROLLER: &str = "endpointslice-controller.k8s.io";

    #[test]
    fn a_pod_that_a_service_leaves_out_is_not_reachable() {
        let preview = service(&json!({"app": "api"}), LONG_AGO);
        let one = slices(CONTROLLER, &json!([endpoint("here", true)]));
        assert_eq!(ready(&preview, &one, LONG_AGO), [true, false]);
        let not_ready = slices(CONTROLLER, &json!([endpoint("here", true), endpoint("there", false)]));
        assert_eq!(ready(&preview, &not_ready, LONG_AGO), [true, false]);
        assert_eq!(ready(&preview, &slices(CONTROLLER, &json!([])), LONG_AGO), [false, false]);
    }

    #[test]
    fn what_the_controller_has_not_come_to_yet_says_nothing() {
        let none = slices(CONTROLLER, &json!([]));
        let just_now = "2026-11-20T02:59:55Z";
        assert_eq!(ready(&service(&json!({"app": "api"}), LONG_AGO), &none, just_now), [true, true]);
        assert_eq!(ready(&service(&json!({"app": "api"}), just_now), &none, LONG_AGO), [true, true]);
        let by_hand = slices("somebody", &json!([]));
        assert_eq!(ready(&service(&json!({"app": "api"}), LONG_AGO), &by_hand, LONG_AGO), [true, true]);
    }

    #[test]
    fn a_service_over_other_pods_says_nothing() {
        let none = slices(CONTROLLER, &json!([]));
        assert_eq!(ready(&service(&json!({"app": "other"}), LONG_AGO), &none, LONG_AGO), [true, true]);
        assert_eq!(ready(&service(&json!({}), LONG_AGO), &none, LONG_AGO), [true, true]);
    }
}
