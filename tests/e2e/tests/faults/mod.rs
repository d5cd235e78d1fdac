//! An API server that refuses, is busy, slow, breaks off or closes watches: every run ends with
//! the right exit code in bounded time, and never says what isn't so.

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

use anyhow::Result;
use e2e::faults::{Fault, Trial};
use e2e::scene::Scene;
use lab::api_proxy::{Action, ApiProxy, Call};

const fn fault(name: &'static str, rig: fn(&ApiProxy), exit: u8, color: &'static str) -> Fault {
    Fault { name, rig, exit, color }
}

/// `api` on blue, with nothing done to it yet.
async fn on_blue(test: &str) -> Result<Trial> {
    Trial::of(Scene::set(test, &["api"]).await?).await
}

/// `api` switched to green.
async fn on_green(test: &str) -> Result<Trial> {
    let scene = Scene::set(test, &["api"]).await?;
    scene.must(&["switch", "api", "--to", "green", "--yes", "--verify-for=0"]).await?;
    Trial::of(scene).await
}

/// An answer of the proxy's own, nothing done.
fn refused(status: u16) -> Action {
    Action::fail(status, "Injected", "a fault of this test")
}

/// Does this with the first request of each path among those that match.
fn first_of_each(proxy: &ApiProxy, matches: fn(&Call) -> bool, action: Action) {
    let seen = Mutex::new(BTreeSet::new());
    let is_first = move |call: &Call| matches(call) && seen.lock().is_ok_and(|mut seen| seen.insert(call.path.clone()));
    proxy.on(is_first, action);
}
