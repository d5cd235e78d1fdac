//! Which context, cluster and user count, and what flags change of them
//! (`client-go/tools/clientcmd/client_config.go`).

use std::path::Path;

use release_core::command::Command;
use release_core::failure::{Failure, Outcome};

use super::entries::{ClusterEntry, ContextEntry, UserEntry};
use super::merge::Merged;
use crate::connection::Connection;
use crate::userinfo::without_password_of_url;

/// Where kubectl goes when nothing says where.
pub(super) const NOWHERE: &str = "http://localhost:8080";

/// What was chosen, with the flags worked in.
pub(super) struct Choice {
    /// The context's name; empty where there is none.
    pub context: String,
    /// The context's namespace; empty where it has none.
    pub namespace: String,
    pub cluster: ClusterEntry,
    pub user: UserEntry,
    /// The user's name; empty where there is none.
    pub user_name: String,
    /// Nothing says where to go: not the files, not the flags, not KUBERNETES_MASTER.
    pub leads_nowhere: bool,
}

/// Chooses as kubectl does, with one difference: a context whose cluster isn't defined is an error
/// here, and there a connection to localhost.
///
/// # Errors
/// Where something is named that isn't there.
pub(super) fn choose(merged: &Merged, flags: &Connection) -> Outcome<Choice> {
    let context_name = flags.context.as_deref().unwrap_or(&merged.current_context);
    let context = context(merged, context_name, flags)?;
    let cluster_name = flags.cluster.as_deref().unwrap_or(&context.cluster);
    let cluster = with_cluster_flags(cluster(merged, cluster_name, flags)?, flags);
    let user_name = flags.user.as_deref().unwrap_or(&context.user);
    let user = with_user_flags(user(merged, user_name, flags)?, flags);
    let default_server = std::env::var("KUBERNETES_MASTER").ok().filter(|server| !server.is_empty());
    let leads_nowhere = cluster.server.is_empty() && cluster.proxy_url.is_empty() && default_server.is_none();
    let server =
        if cluster.server.is_empty() { default_server.unwrap_or_else(|| NOWHERE.to_owned()) } else { cluster.server };
    Ok(Choice {
        context: context_name.to_owned(),
        namespace: context.namespace,
        cluster: ClusterEntry { server, ..cluster },
        user,
        user_name: user_name.to_owned(),
        leads_nowhere,
    })
}

fn context(merged: &Merged, name: &str, flags: &Connection) -> Outcome<ContextEntry> {
    match merged.contexts.get(name) {
        Some(context) => Ok(context.clone()),
        None if name.is_empty() => Ok(ContextEntry::default()),
        None => Err(missing("context", name, "kubectl config get-contexts", flags)),
    }
}

fn cluster(merged: &Merged, name: &str, flags: &Connection) -> Outcome<ClusterEntry> {
    match merged.clusters.get(name) {
        Some(cluster) => Ok(cluster.clone()),
        None if name.is_empty() || (flags.server.is_some() && flags.cluster.is_none()) => Ok(ClusterEntry::default()),
        None => Err(missing("cluster", name, "kubectl config get-clusters", flags)),
    }
}

fn user(merged: &Merged, name: &str, flags: &Connection) -> Outcome<UserEntry> {
    match merged.users.get(name) {
        Some(user) => Ok(user.clone()),
        None if flags.user.is_none() => Ok(UserEntry::default()),
        None => Err(missing("auth info", name, "kubectl config get-users", flags)),
    }
}

/// Worded as kubectl does.
fn missing(what: &str, name: &str, look: &str, flags: &Connection) -> Failure {
    Failure::failed(
        "BadKubeconfig",
        format!("{what} \"{}\" does not exist", without_password_of_url(name).escape_debug()),
    )
    .look(Command::new(look).scope(&flags.scope_of_file()))
}

/// `--certificate-authority` and `--insecure-skip-tls-verify` push out what the file says of
/// either, and `--server` its name for TLS: that was another server's.
fn with_cluster_flags(mut cluster: ClusterEntry, flags: &Connection) -> ClusterEntry {
    let authority = path_text(flags.certificate_authority.as_deref());
    if flags.insecure_skip_tls_verify || !authority.is_empty() {
        cluster.insecure_skip_tls_verify = flags.insecure_skip_tls_verify;
        cluster.certificate_authority = authority;
        cluster.certificate_authority_data.clear();
    }
    if flags.server.is_some() || flags.tls_server_name.is_some() {
        cluster.tls_server_name = flags.tls_server_name.clone().unwrap_or_default();
    }
    if let Some(server) = &flags.server {
        cluster.server.clone_from(server);
    }
    cluster
}

fn with_user_flags(mut user: UserEntry, flags: &Connection) -> UserEntry {
    let certificate = path_text(flags.client_certificate.as_deref());
    if !certificate.is_empty() {
        user.client_certificate = certificate;
        user.client_certificate_data.clear();
    }
    let key = path_text(flags.client_key.as_deref());
    if !key.is_empty() {
        user.client_key = key;
        user.client_key_data.clear();
    }
    for (of_file, of_flag) in
        [(&mut user.token, &flags.token), (&mut user.as_user, &flags.as_user), (&mut user.as_uid, &flags.as_uid)]
    {
        if let Some(value) = of_flag {
            of_file.clone_from(value);
        }
    }
    if !flags.as_groups.is_empty() {
        user.as_groups.clone_from(&flags.as_groups);
    }
    user
}

fn path_text(path: Option<&Path>) -> String {
    path.map(|path| path.display().to_string()).unwrap_or_default()
}
