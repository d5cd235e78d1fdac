use serde_json::{Value, json};

use super::*;
use crate::lifecycle::samples::{HOST, digest, template, told};

fn object(name: &str, rest: &Value) -> Templated {
    let mut object = json!({"metadata": {"name": name, "namespace": "shop", "uid": "u"}});
    object.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
    serde_json::from_value(object).unwrap()
}

fn asked(kind: &str, object: &Templated) -> Vec<String> {
    let needs = of_template("prod", kind, object);
    needs.iter().map(|need| format!("{} {}", need.tag.clone().unwrap_or_default(), need.used.who())).collect()
}

/// Between two runs no pod shows that a CronJob will pull its image again, nor that a queued Job will.
#[test]
fn what_will_make_pods_needs_its_images_without_a_pod() {
    let cron = object("report", &json!({"spec": {"jobTemplate": {"spec": {"template": template("1.0.0")}}}}));
    assert_eq!(asked("CronJob", &cron), ["1.0.0 shop/cronjob/report (prod)"]);
    let queued = object("import", &json!({"spec": {"suspend": true, "template": template("1.0.1")}}));
    assert_eq!(asked("Job", &queued), ["1.0.1 shop/job/import (prod)"]);
    let plain = object("runner", &json!({"template": template("1.0.2")}));
    assert_eq!(asked("PodTemplate", &plain), ["1.0.2 shop/podtemplate/runner (prod)"]);
}

/// A Job that is done is never run again: its image may go, or old ones would stay for ever.
#[test]
fn a_job_needs_its_images_until_it_is_over() {
    let job = |kind: &str, status: &str| {
        let conditions = json!([{"type": "Suspended", "status": "False"}, {"type": kind, "status": status}]);
        let spec = json!({"template": template("1.0.0")});
        asked("Job", &object("import", &json!({"spec": spec, "status": {"conditions": conditions}}))).len()
    };
    for over in ["Complete", "Failed"] {
        assert_eq!((job(over, "True"), job(over, "False")), (0, 1), "{over}");
    }
    for goes_on in ["SuccessCriteriaMet", "FailureTarget", "Suspended"] {
        assert_eq!(job(goes_on, "True"), 1, "{goes_on}");
    }
}

/// A pin through another host, a volume and a sidecar are as needed as the container that serves.
#[test]
fn every_image_of_a_template_counts() {
    let spec = json!({
        "containers": [{"name": "api", "image": format!("images.example.com/api@{}", digest('1'))},
            {"name": "side", "image": "images.example.com/side:1"}],
        "initContainers": [{"name": "proxy", "restartPolicy": "Always", "image": format!("{HOST}/proxy:2")}],
        "volumes": [{"name": "plugins", "image": {"reference": format!("{HOST}/plugins")}}],
    });
    let found = of_template("prod", "Deployment", &object("api", &json!({"spec": {"template": {"spec": spec}}})));
    let one = digest('1');
    let named: Vec<_> = told(&found).into_iter().map(|(tag, digest, _)| (tag, digest)).collect();
    assert_eq!(named, [(Some("1"), None), (None, Some(one.as_str())), (Some("latest"), None), (Some("2"), None)]);
}
