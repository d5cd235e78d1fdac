//! What the controllers of a Gateway API's route say of it
//! (<https://gateway-api.sigs.k8s.io/reference/spec/#routeparentstatus>): each parent has its own conditions, and each
//! condition is of a generation.

use serde_json::Value;

use crate::text::printable;

/// How far the controllers are with a route as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Acceptance {
    /// Every parent that reports has taken it.
    Accepted,
    /// One of them has not looked at this generation yet.
    Pending(String),
    /// One of them says no to this generation: `Accepted is False at gateway/public: NoMatchingParent`.
    Refused(String),
    /// Nobody reports: no controller is there, or it says nothing.
    Unreported,
}

/// Conditions that are waited for where they are there.
const CONDITIONS: [&str; 3] = ["Accepted", "ResolvedRefs", "Programmed"];

/// Judges the status of an object.
#[must_use]
pub fn acceptance(object: &Value) -> Acceptance {
    let generation = object["metadata"]["generation"].as_i64().unwrap_or(0);
    let parents = object["status"]["parents"].as_array().map(Vec::as_slice).unwrap_or_default();
    let (mut reported, mut pending) = (false, None);
    for parent in parents {
        let name = printable(parent["parentRef"]["name"].as_str().unwrap_or_default());
        for condition in parent["conditions"].as_array().into_iter().flatten() {
            let Some(kind) = condition["type"].as_str().filter(|kind| CONDITIONS.contains(kind)) else { continue };
            reported = true;
            if condition["observedGeneration"].as_i64().is_some_and(|seen| seen < generation) {
                pending.get_or_insert_with(|| format!("{kind} at {name} is of a generation before"));
            } else if condition["status"] == "False" {
                let reason = printable(condition["reason"].as_str().unwrap_or("no reason"));
                return Acceptance::Refused(format!("{kind} is False at {name}: {reason}"));
            } else if condition["status"] != "True" {
                pending.get_or_insert_with(|| format!("{kind} at {name} is not known"));
            }
        }
    }
    match pending {
        Some(what) => Acceptance::Pending(what),
        None if reported => Acceptance::Accepted,
        None => Acceptance::Unreported,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// As Contour and Envoy Gateway report it (gateway-api's conformance tests ask for `observedGeneration`).
    fn route(generation: i64, conditions: &Value) -> Value {
        json!({"metadata": {"generation": generation}, "status": {"parents": [
            {"parentRef": {"name": "public"}, "controllerName": "projectcontour.io/gateway-controller",
             "conditions": conditions}]}})
    }

    fn condition(kind: &str, status: &str, seen: i64) -> Value {
        json!({"type": kind, "status": status, "reason": "Because", "observedGeneration": seen})
    }

    #[test]
    fn a_condition_counts_for_its_own_generation_alone() {
        let both = json!([condition("Accepted", "True", 2), condition("ResolvedRefs", "True", 2)]);
        assert_eq!(acceptance(&route(2, &both)), Acceptance::Accepted);
        assert!(matches!(acceptance(&route(3, &both)), Acceptance::Pending(_)));
        let late = json!([condition("Accepted", "True", 3), condition("ResolvedRefs", "False", 2)]);
        assert!(matches!(acceptance(&route(3, &late)), Acceptance::Pending(_)), "an old no is none");
        let no = json!([condition("Accepted", "True", 3), condition("ResolvedRefs", "False", 3)]);
        assert_eq!(acceptance(&route(3, &no)), Acceptance::Refused("ResolvedRefs is False at public: Because".into()));
    }

    #[test]
    fn nobody_is_waited_for_who_never_reports() {
        assert_eq!(acceptance(&json!({"metadata": {"generation": 4}})), Acceptance::Unreported);
        assert_eq!(acceptance(&route(4, &json!([condition("Odd", "False", 4)]))), Acceptance::Unreported);
    }
}
