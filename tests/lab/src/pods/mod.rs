//! The processes in the pods: one HTTP server that is every pod of the lab.
//!
//! It listens on ports 8080 and 8081 of every address; the local address of an accepted
//! connection is the pod's IP and so says which pod is meant. It answers any path with
//! `{"version": …, "color": …, "pod": …}` and the header `x-version`, as long as the pod's
//! container runs. A connection to anything else is reset.
//!
//! A pod that is being deleted serves on through its preStop hook (`sleep`, or `exec` of a
//! command with `sleep N` in it), then does what a server does on SIGTERM: it resets new
//! connections and closes kept ones after the answer in flight. Without a hook that is at
//! once. Images of the lab's ECR are pulled by this process, too. Switches are annotations, read live; [`crate::annotations`] has their names.

mod images;
mod registry;
mod server;
mod settings;

use std::sync::Arc;

use anyhow::Result;
use kube::Client;

use images::Puller;
use registry::Registry;

/// Serves all pods until the API server can no longer be watched or a port is taken.
///
/// # Errors
/// When a port cannot be listened on.
pub async fn run(client: Client) -> Result<()> {
    let registry = Arc::new(Registry::default());
    tokio::try_join!(
        registry::follow(client.clone(), Arc::clone(&registry), Puller::new(client)),
        server::listen(8080, Arc::clone(&registry)),
        server::listen(8081, Arc::clone(&registry)),
    )?;
    Ok(())
}
