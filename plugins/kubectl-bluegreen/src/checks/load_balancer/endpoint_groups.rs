//! Google Cloud's network endpoint groups hold pods: their controller detaches those of the old color seconds
//! before it attaches the new ones (<https://github.com/kubernetes/ingress-gce/issues/638>).

use release_core::checks::finding::Finding;
use release_core::checks::ids;
use serde_json::Value;

use crate::checks::case::Case;

/// What a person asks for
/// (<https://cloud.google.com/kubernetes-engine/docs/how-to/container-native-load-balancing>,
/// <https://cloud.google.com/kubernetes-engine/docs/how-to/standalone-neg>).
const ASKED: &str = "cloud.google.com/neg";
/// What the controller has made.
const MADE: &str = "cloud.google.com/neg-status";

pub fn check(case: &Case<'_>) -> Option<Finding> {
    let annotations = case.view.service.metadata.annotations.as_ref()?;
    let said = |key: &str| annotations.get(key).map(|text| serde_json::from_str::<Value>(text));
    let has_groups = match said(MADE) {
        Some(Ok(status)) => says_something(&status["network_endpoint_groups"]),
        Some(Err(_)) => true,
        None => false,
    };
    let is_asked_for = match said(ASKED) {
        Some(Ok(asked)) if asked.is_object() => {
            asked["ingress"] == Value::Bool(true) || says_something(&asked["exposed_ports"])
        }
        // The controller says so in an Event, and goes on with what it has.
        Some(_) => return Some(case.not_checked(ids::LB_ENDPOINT_GROUPS, ASKED, "no JSON object")),
        None => false,
    };
    let finding = || {
        let message = "network endpoint groups: a gap of some seconds, the old pods leave before the new ones are in";
        case.blocks(ids::LB_ENDPOINT_GROUPS, message)
            .mend("a route between two Services, or --force=lb-endpoint-groups")
    };
    (has_groups || is_asked_for).then(finding)
}

fn says_something(value: &Value) -> bool {
    value.as_object().is_some_and(|members| !members.is_empty())
}
