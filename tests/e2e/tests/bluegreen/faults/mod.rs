//! An API server that refuses, is busy, slow, breaks off or closes watches: every run ends with
//! the right exit code in bounded time, and never says what isn't so.

mod bounds;
mod cleanups;
mod notes;
mod reads;
mod rollbacks;
mod take_back;
mod together;
mod watches;
mod writes;

use std::collections::BTreeSet;
use std::sync::Mutex;

use lab::api_proxy::{Action, ApiProxy, Call};

/// Does this with the first request of each path among those that match.
fn first_of_each(proxy: &ApiProxy, matches: fn(&Call) -> bool, action: Action) {
    let seen = Mutex::new(BTreeSet::new());
    let is_first = move |call: &Call| matches(call) && seen.lock().is_ok_and(|mut seen| seen.insert(call.path.clone()));
    proxy.on(is_first, action);
}
