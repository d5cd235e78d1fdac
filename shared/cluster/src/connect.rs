//! From a kubeconfig to a cluster.

use std::sync::Arc;

use release_core::failure::{Failure, Outcome};

use super::Cluster;
use super::clock::Clock;
use super::kubeconfig;
use crate::connection::Connection;
use crate::userinfo::without_password;
use crate::way::Way;

/// Opens nothing yet: the first request does.
///
/// # Errors
/// Exit 1 where the kubeconfig or the credentials it names can't be used.
pub fn connect(connection: &Connection) -> Outcome<Cluster> {
    if connection.has_password_in_server() {
        connection.log.tell("Warning: the password in --server is left out of the commands printed here");
    }
    let target = kubeconfig::resolve(connection)?;
    let server = without_password(target.config.cluster_url.to_string().trim_end_matches('/'));
    let then = |failure: Failure| match failure.reason {
        "BadCredentials" => failure.next(kubeconfig::log_in_again(connection)),
        _ => failure,
    };
    let way = Way::new(target.config, target.credentials);
    let client = way.client().map_err(then)?;
    Ok(Cluster {
        client,
        way: Arc::new(way),
        context: target.context,
        scope: connection.scope().in_namespace(&target.namespace),
        namespace: target.namespace,
        user: target.user,
        server,
        request_timeout: connection.request_timeout,
        field_manager: connection.field_manager.clone(),
        log: connection.log,
        clock: Clock::default(),
    })
}
