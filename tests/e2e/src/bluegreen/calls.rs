//! Which of `kubectl bluegreen`'s API calls is which.

use http::Method;
use lab::api_proxy::Call;
use serde_json::Value;

use crate::common::calls::{is_read, json_patch};

/// A patch of a Service's selector.
#[must_use]
pub fn is_move(call: &Call) -> bool {
    color_moved_to(call).is_some()
}

/// The color that a patch of a Service's selector moves it to.
#[must_use]
pub fn color_moved_to(call: &Call) -> Option<String> {
    let replaced = |op: &Value| op["op"] == "replace" && op["path"] == "/spec/selector";
    let color = json_patch(call, "/services/").into_iter().find(replaced)?["value"]["version"].as_str()?.to_owned();
    Some(color)
}

/// The note of a move's result in the record.
#[must_use]
pub fn is_outcome(call: &Call) -> bool {
    let ops = json_patch(call, "/services/");
    !is_move(call) && ops.iter().any(|op| op["op"] == "replace" && is_annotation(op, "bluegreen"))
}

/// A cleanup's note on the Service, its first write.
#[must_use]
pub fn is_cleanup_note(call: &Call) -> bool {
    json_patch(call, "/services/").iter().any(|op| op["op"] == "add" && is_annotation(op, "bluegreen-cleanup"))
}

/// A change of a workload's size.
#[must_use]
pub fn is_resize(call: &Call) -> bool {
    call.method == Method::PATCH && call.is_about("/scale")
}

/// A deletion of a workload.
#[must_use]
pub fn is_deletion(call: &Call) -> bool {
    call.method == Method::DELETE && call.path.contains("/deployments/")
}

/// A read of one Service.
#[must_use]
pub fn is_read_of_service(call: &Call) -> bool {
    is_read(call) && call.path.contains("/services/")
}

/// A read that a switch can go without.
#[must_use]
pub fn is_optional_read(call: &Call) -> bool {
    let needed = ["/deployments", "/statefulsets", "/pods", "/endpointslices"];
    let asks_who = call.is_about("/selfsubjectreviews");
    asks_who || (is_read(call) && !call.path.contains("/services/") && !needed.iter().any(|end| call.is_about(end)))
}

fn is_annotation(op: &Value, name: &str) -> bool {
    op["path"].as_str() == Some(&format!("/metadata/annotations/kubectl-release.dev~1{name}"))
}
