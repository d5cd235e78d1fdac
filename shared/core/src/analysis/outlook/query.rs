//! What a query sees of a service and its canary. In doubt it sees everything, and nothing is said.

use super::remark::{Remark, Words};
use crate::analysis::promql::{Matcher, Operator, Query, Selector};

/// Labels that tell the pods of a service apart.
const OF_PODS: [&str; 20] = [
    "pod",
    "pod_name",
    "kubernetes_pod_name",
    "instance",
    "version",
    "app_version",
    "destination_version",
    "destination_workload",
    "workload",
    "deployment",
    "replicaset",
    "rollouts_pod_template_hash",
    "pod_template_hash",
    "subset",
    "canary",
    "track",
    "role",
    "revision",
    "destination_subset",
    "color",
];
/// Labels with what became of a request.
const OF_OUTCOMES: [&str; 10] = [
    "status",
    "code",
    "status_code",
    "response_code",
    "http_status",
    "http_status_code",
    "http_response_status_code",
    "grpc_code",
    "grpc_status",
    "response_code_class",
];

/// That it sees everybody, or the canary no more than the stable version.
pub fn seen(query: &Query, words: Words<'_>) -> Option<Remark> {
    if query.selectors.is_empty() {
        return None;
    }
    let any = |names: &dyn Fn(&Matcher) -> bool| query.selectors.iter().flat_map(|one| &one.matchers).any(names);
    let has_word =
        |matcher: &Matcher, all: &[&str]| all.iter().any(|word| !word.is_empty() && matcher.value.contains(word));
    let tells_pods = |label: &str| OF_PODS.contains(&label.to_ascii_lowercase().as_str());
    let sees_canary = any(&|matcher| has_word(matcher, words.canary) || tells_pods(&matcher.label))
        || query.grouped_by.iter().any(|label| tells_pods(label));
    if sees_canary {
        return None;
    }
    let by_name = query.selectors.iter().any(|selector| is_named_for(selector, words.service));
    let is_selected = by_name || any(&|matcher| is_positive(matcher) && has_word(matcher, words.service));
    Some(if is_selected { Remark::WholeService } else { Remark::NoSelector })
}

fn is_positive(matcher: &Matcher) -> bool {
    matches!(matcher.operator, Operator::Is | Operator::Matches)
}

/// `payment_service_requests_total`
fn is_named_for(selector: &Selector, service: &[&str]) -> bool {
    let metric = selector.metric.as_deref().unwrap_or_default().to_ascii_lowercase();
    service
        .iter()
        .map(|word| word.to_ascii_lowercase().replace('-', "_"))
        .any(|word| word.len() >= 3 && metric.contains(&word))
}

/// Whether it counts only what has failed, and nothing stands in for it.
pub fn is_empty_in_healthy_times(query: &Query) -> bool {
    let is_error = |matcher: &Matcher| {
        OF_OUTCOMES.contains(&matcher.label.to_ascii_lowercase().as_str())
            && is_positive(matcher)
            && matcher.value.trim_start_matches(['^', '(']).starts_with('5')
    };
    !query.has_or && query.selectors.iter().flat_map(|one| &one.matchers).any(is_error)
}
