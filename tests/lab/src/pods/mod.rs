//! The processes in the pods: one HTTP server that is every pod of the lab.
//!
//! It listens on ports 8080, 8081 and 8443 (TLS) of every address; the local address of an
//! accepted connection is the pod's IP and so says which pod is meant. It answers any path with
//! `{"version": …, "color": …, "pod": …}` and the header `x-version`, as long as the pod's
//! container runs. A connection to anything else is reset. It is the kubelet, too, where the API
//! server asks for logs and port-forwards.
//!
//! A pod that is being deleted serves on through its preStop hook (`sleep`, or `exec` of a
//! command with `sleep N` in it), then does what a server does on SIGTERM: it resets new
//! connections and closes kept ones after the answer in flight. Without a hook that is at
//! once. Images of the lab's ECR are pulled by this process, too. Switches are annotations, read
//! live; [`crate::annotations`] has their names.

mod answer;
mod answers;
mod grpc_health;
mod images;
mod kubelet;
mod log;
mod metrics;
mod registry;
mod server;
mod settings;

use std::sync::Arc;

use anyhow::Result;
use kube::Client;

use crate::cluster::NODE_ADDRESS;
use crate::cluster::forwards::POD_PORTS;
use crate::identity::Authority;
use crate::tls_server;
use images::Puller;
use kubelet::Kubelet;
use registry::Registry;

/// Serves all pods until the API server can no longer be watched or a port is taken.
///
/// # Errors
/// When a port cannot be listened on.
pub async fn run(client: Client, authority: &Authority) -> Result<()> {
    let registry = Arc::new(Registry::default());
    let kubelet = Arc::new(Kubelet::new(Arc::clone(&registry)));
    let acceptor = tls_server::acceptor(&authority.server(&[NODE_ADDRESS])?, &["http/1.1"])?;
    let [first, second, by_tls] = POD_PORTS;
    tokio::try_join!(
        registry::follow(client.clone(), registry, Puller::new(client)),
        server::listen(first, Arc::clone(&kubelet), None),
        server::listen(second, Arc::clone(&kubelet), None),
        server::listen(by_tls, Arc::clone(&kubelet), Some(acceptor.clone())),
        kubelet::listen(kubelet, acceptor),
    )?;
    Ok(())
}
