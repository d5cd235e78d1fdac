//! A notice as events of PagerDuty's Events API v2
//! (<https://developer.pagerduty.com/docs/send-alert-event>): one a Service, which open and close one incident.

use serde_json::{Value, json};

use super::{Notice, Released, Stage, cut};

/// Characters of a summary; PagerDuty refuses the whole event with more.
const SUMMARY_CHARS: usize = 1024;
/// Characters of a deduplication key.
const KEY_CHARS: usize = 255;

/// The bodies of the requests.
#[must_use]
pub fn events(notice: &Notice, routing_key: &str) -> Vec<Value> {
    notice.services.iter().map(|service| event(notice, service, routing_key)).collect()
}

fn event(notice: &Notice, service: &Released, routing_key: &str) -> Value {
    let key = dedup_key(notice, service);
    if notice.stage == Stage::Verified {
        return json!({"routing_key": routing_key, "event_action": "resolve", "dedup_key": key});
    }
    let first = notice.message.lines().next().unwrap_or_default();
    let summary = cut(&format!("{}: {first}", notice.headline()), SUMMARY_CHARS);
    // What was taken back is served as it was before.
    let severity = if notice.stage == Stage::RolledBack { "error" } else { "critical" };
    json!({
        "routing_key": routing_key,
        "event_action": "trigger",
        "dedup_key": key,
        "client": "kubectl bluegreen",
        "payload": {
            "summary": summary,
            "source": format!("{}/{}", notice.namespace, service.name),
            "severity": severity,
            "timestamp": notice.at,
            "component": service.name,
            "group": notice.namespace,
            "class": notice.verb,
            "custom_details": notice,
        },
    })
}

/// One incident a Service, whoever released it and from where: the UID tells it from one of the same name in
/// another cluster.
fn dedup_key(notice: &Notice, service: &Released) -> String {
    let uid = service.uid.as_deref().unwrap_or("unknown");
    let key = format!("kubectl-release:{uid}:{}/{}", notice.namespace, service.name);
    key.chars().take(KEY_CHARS).collect()
}
