//! Talking to the API server: connecting, reading, watching, and the one place that writes.

// Numbers come from annotations, clusters and registries: none may end a run in the middle of it.
#![cfg_attr(
    not(test),
    deny(
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        clippy::cast_sign_loss
    )
)]

pub mod apply;
mod ask_pod;
mod bounds;
mod clock;
pub mod conditional;
pub mod connect;
pub mod connection;
mod credentials;
pub mod discovery;
pub mod exchange;
mod exec_plugin;
mod go_json;
mod in_cluster;
pub mod job;
pub mod kubeconfig;
mod kuberc;
pub mod local_port;
mod page;
pub mod pod_log;
mod port_forward;
pub mod proxy_env;
mod query;
pub mod read;
pub mod service_proxy;
pub mod slice_view;
pub mod trust;
mod userinfo;
pub mod via_proxy;
pub mod wait;
pub mod watch;
mod way;

use std::sync::Arc;
use std::time::Duration;

use clock::Clock;
use jiff::Timestamp;
use kube::Client;
use release_core::command::Scope;
use release_core::log::Log;
use way::Way;

/// A connection to one cluster, and what every request to it has in common.
#[derive(Clone)]
pub struct Cluster {
    client: Client,
    way: Arc<Way>,
    /// Name of the kubeconfig context, `in-cluster` without a kubeconfig.
    pub context: String,
    /// Namespace from the flags, else from the context, else `default`.
    pub namespace: String,
    /// The kubeconfig's name for the user; a label for people, not an identity.
    pub user: String,
    scope: Scope,
    server: String,
    request_timeout: Duration,
    field_manager: String,
    log: Log,
    clock: Clock,
}

impl std::fmt::Debug for Cluster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cluster").field("context", &self.context).field("server", &self.server).finish_non_exhaustive()
    }
}

impl Cluster {
    /// The API server's address, without credentials.
    #[must_use]
    pub fn server(&self) -> &str {
        &self.server
    }

    /// The name that the API server notes our writes under.
    #[must_use]
    pub fn field_manager(&self) -> &str {
        &self.field_manager
    }

    /// Where warnings and requests are told.
    #[must_use]
    pub fn log(&self) -> Log {
        self.log
    }

    /// The time, by the API server's clock once it has answered.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// How long one request may take.
    #[must_use]
    pub fn request_timeout(&self) -> Duration {
        self.request_timeout
    }

    /// What a printed command must repeat to reach our namespace of this cluster.
    #[must_use]
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// The same cluster with another limit for one request.
    #[must_use]
    pub fn with_request_timeout(&self, limit: Duration) -> Self {
        Self { request_timeout: limit, ..self.clone() }
    }

    /// The same cluster with another namespace.
    #[must_use]
    pub fn in_namespace(&self, namespace: &str) -> Self {
        Self { namespace: namespace.to_owned(), scope: self.scope.in_namespace(namespace), ..self.clone() }
    }
}
