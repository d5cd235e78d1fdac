//! Tools in the cluster that write a workload's image by themselves when a newer one is pushed, as the
//! workload itself says.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::Value;

use crate::text::printable;

/// Who writes the images of the object, if anybody does: `Keel (policy minor)`.
#[must_use]
pub fn image_updater(metadata: &ObjectMeta) -> Option<String> {
    let noted = |key: &str| {
        let annotation = metadata.annotations.as_ref().and_then(|a| a.get(key));
        annotation.or_else(|| metadata.labels.as_ref().and_then(|l| l.get(key))).map(String::as_str)
    };
    keel(noted("keel.sh/policy")).or_else(|| flux(noted)).or_else(|| openshift(noted("image.openshift.io/triggers")))
}

/// <https://keel.sh/docs/#policies>: as label or annotation; `never` is none.
fn keel(policy: Option<&str>) -> Option<String> {
    let policy = policy.filter(|policy| !policy.is_empty() && *policy != "never")?;
    Some(format!("Keel (policy {})", printable(policy)))
}

/// Flux 1 (<https://fluxcd.io/legacy/flux/references/automated-image-update/>).
fn flux<'m>(noted: impl Fn(&str) -> Option<&'m str>) -> Option<String> {
    let automated = ["fluxcd.io/automated", "flux.weave.works/automated"].iter().any(|key| noted(key) == Some("true"));
    automated.then(|| "Flux".to_owned())
}

/// <https://docs.openshift.com/container-platform/latest/openshift_images/triggering-updates-on-imagestream-changes.html>
fn openshift(triggers: Option<&str>) -> Option<String> {
    let triggers: Value = serde_json::from_str(triggers?).ok()?;
    let is_on = |trigger: &Value| {
        let paused = trigger["paused"].as_bool().or_else(|| trigger["paused"].as_str().map(|text| text == "true"));
        !paused.unwrap_or(false)
    };
    let on = triggers.as_array()?.iter().find(|trigger| is_on(trigger))?;
    let stream = on.pointer("/from/name").and_then(Value::as_str).unwrap_or("an image stream");
    Some(format!("OpenShift ({})", printable(stream)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(labels: &Value, annotations: &Value) -> Option<String> {
        let metadata = json!({"name": "api", "labels": labels, "annotations": annotations});
        image_updater(&serde_json::from_value(metadata).unwrap())
    }

    #[test]
    fn those_that_write_images_by_themselves_are_known() {
        let none = json!({});
        assert_eq!(of(&json!({"keel.sh/policy": "minor"}), &none).as_deref(), Some("Keel (policy minor)"));
        assert_eq!(
            of(&none, &json!({"keel.sh/policy": "glob:build-*"})).as_deref(),
            Some("Keel (policy glob:build-*)")
        );
        assert_eq!(of(&none, &json!({"fluxcd.io/automated": "true"})).as_deref(), Some("Flux"));
        let trigger =
            |paused: Value| json!([{"from": {"kind": "ImageStreamTag", "name": "api:latest"}, "paused": paused}]);
        let triggers = |paused| json!({"image.openshift.io/triggers": trigger(paused).to_string()});
        assert_eq!(of(&none, &triggers(Value::Null)).as_deref(), Some("OpenShift (api:latest)"));
        for off in
            [json!({"keel.sh/policy": "never"}), json!({"fluxcd.io/automated": "false"}), triggers(json!("true"))]
        {
            assert_eq!(of(&none, &off), None, "{off}");
        }
        assert_eq!(of(&none, &json!({"image.openshift.io/triggers": "garbled"})), None);
    }
}
