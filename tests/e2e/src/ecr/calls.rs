//! Which of `kubectl ecr-rollback`'s API calls is which.

use http::Method;
use lab::api_proxy::Call;
use serde_json::Value;

use crate::common::calls::json_patch;

/// A patch of a workload's images.
#[must_use]
pub fn is_image_patch(call: &Call) -> bool {
    image_patched_to(call).is_some()
}

/// The image that a patch of a workload's images sets.
#[must_use]
pub fn image_patched_to(call: &Call) -> Option<String> {
    let is_image = |op: &Value| op["path"].as_str().is_some_and(|path| path.ends_with("/image"));
    let replaced = operations(call).into_iter().find(|op| op["op"] == "replace" && is_image(op))?;
    Some(replaced["value"].as_str()?.to_owned())
}

/// The note of a result in the record.
#[must_use]
pub fn is_result_note(call: &Call) -> bool {
    !is_image_patch(call) && !operations(call).is_empty()
}

/// The patch that takes a failed rollback back.
#[must_use]
pub fn is_take_back(call: &Call) -> bool {
    is_image_patch(call) && String::from_utf8_lossy(&call.body).contains("rolled back")
}

/// A read of one workload.
#[must_use]
pub fn is_read_of_workload(call: &Call) -> bool {
    call.method == Method::GET && call.path.contains("/deployments/")
}

fn operations(call: &Call) -> Vec<Value> {
    json_patch(call, "/apis/apps/v1/")
}
