//! Which of a plugin's API calls is which, where that is the same for all of them.

use http::Method;
use lab::api_proxy::Call;
use serde_json::Value;

/// The operations of a JSON patch, if the call is one and its path has this in it.
#[must_use]
pub fn json_patch(call: &Call, about: &str) -> Vec<Value> {
    let patched = call.method == Method::PATCH && call.path.contains(about);
    if patched { serde_json::from_slice(&call.body).unwrap_or_default() } else { Vec::new() }
}

/// A new Event.
#[must_use]
pub fn is_event(call: &Call) -> bool {
    call.method == Method::POST && call.is_about("/events")
}

/// A read that is no watch.
#[must_use]
pub fn is_read(call: &Call) -> bool {
    call.method == Method::GET && !call.is_watch()
}

/// What stores something: a question about rights or about who one is is sent as a POST, too.
#[must_use]
pub fn stores(call: &Call) -> bool {
    call.is_write() && !call.path.contains("/selfsubject")
}
