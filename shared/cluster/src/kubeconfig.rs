//! From kubectl's connection flags and the kubeconfig to a `kube::Config`, as kubectl does it: the
//! same server as the same user, or a refusal where kubectl refuses.
//!
//! The order of precedence is kubectl's (<https://kubernetes.io/docs/reference/kubectl/>): flags,
//! kubeconfig, in-cluster. kube's own loader differs in a dozen places: it fails on a missing file
//! in KUBECONFIG, takes empty strings for values, runs a credential plugin beside a token, and
//! matches `NO_PROXY` against the proxy.

mod choice;
pub(crate) mod entries;
pub(crate) mod file;
mod merge;
mod rules;
mod tls;
mod url;

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs as _};
use std::time::Duration;

use kube::Config;
use kube::config::{AuthInfo, AuthProviderConfig};

use crate::connection::Connection;
use crate::credentials::Credentials;
use crate::exec_plugin::Plugin;
use crate::in_cluster;
use crate::kuberc;
use choice::{Choice, choose};
use entries::{ClusterEntry, UserEntry};
use merge::Merged;
use release_core::command::{Command, Scope};
use release_core::failure::{Failure, Next, Outcome};

/// What the kubeconfig and the flags say, before anything is sent.
pub(crate) struct Target {
    pub config: Config,
    pub credentials: Credentials,
    pub context: String,
    pub namespace: String,
    pub user: String,
}

/// Works out where to connect and as whom; a credential plugin is run for it.
///
/// # Errors
/// Exit 1 where the kubeconfig is missing, malformed, contradicts itself or names something it does
/// not define, and where the credentials can't be had.
pub(crate) fn resolve(flags: &Connection) -> Outcome<Target> {
    let merged = load(flags)?;
    let mut choice = choose(&merged, flags)?;
    if choice.leads_nowhere && in_cluster::is_possible() {
        choice = inside(choice);
    } else if choice.leads_nowhere && !answers_at_home() {
        return Err(leads_nowhere(&merged, flags));
    }
    rules::hold(&choice.cluster, &choice.user).map_err(malformed)?;
    let mut config = config_of(&choice.cluster).map_err(malformed)?;
    let then = |failure: Failure| if failure.next.is_some() { failure } else { failure.next(log_in_again(flags)) };
    let credentials = log_in(&mut config, &choice).map_err(then)?;
    let namespace = namespace(flags, &choice.namespace);
    config.default_namespace.clone_from(&namespace);
    Ok(Target { config, credentials, context: choice.context, namespace, user: choice.user_name })
}

fn load(flags: &Connection) -> Outcome<Merged> {
    merge::load(flags.kubeconfig.as_deref()).map_err(malformed)
}

/// `cause` is what was being done, and what went wrong with it.
fn malformed(cause: anyhow::Error) -> Failure {
    // kubectl can't read it either: none of its commands shows more.
    Failure::caused_by("BadKubeconfig", &cause.context("error loading config"))
        .next("correct it, or name another file with --kubeconfig")
}

/// The cluster that this pod runs in. Unlike kubectl, which forgets them here, what flags say of the
/// server's certificate and of impersonation is kept.
fn inside(choice: Choice) -> Choice {
    let (pods, flags) = (in_cluster::cluster(), choice.cluster);
    let trusts = flags.insecure_skip_tls_verify || !flags.certificate_authority.is_empty();
    let cluster = if trusts { ClusterEntry { server: pods.server, ..flags } } else { pods };
    let token_file = if choice.user.token.is_empty() { in_cluster::user().token_file } else { String::new() };
    let user = UserEntry { token_file, ..choice.user };
    Choice { context: "in-cluster".into(), cluster, user, user_name: "in-cluster".into(), ..choice }
}

/// True where somebody speaks HTTP at the address that kubectl falls back to, such as `kubectl proxy
/// --port=8080`.
fn answers_at_home() -> bool {
    let patience = Duration::from_millis(300);
    let speaks_http = |address: SocketAddr| -> std::io::Result<bool> {
        let mut stream = TcpStream::connect_timeout(&address, patience)?;
        stream.set_read_timeout(Some(patience))?;
        stream.write_all(b"GET /version HTTP/1.0\r\n\r\n")?;
        let mut first = [0; 5];
        stream.read_exact(&mut first)?;
        Ok(&first == b"HTTP/")
    };
    let addresses = ("localhost", 8080).to_socket_addrs().into_iter().flatten();
    addresses.into_iter().any(|address| speaks_http(address).unwrap_or(false))
}

fn leads_nowhere(merged: &Merged, flags: &Connection) -> Failure {
    if merged.files == 0 {
        return Failure::failed(
            "NoKubeconfig",
            "no kubeconfig was found, this is not a pod in a cluster, and nothing answers at localhost:8080",
        )
        .next("set KUBECONFIG, or name a file with --kubeconfig");
    }
    Failure::failed("BadKubeconfig", "the kubeconfig has no current-context, or one that leads to no server").next(
        Next::Look(
            Command::new("kubectl config get-contexts").scope(&flags.scope_of_file()),
            Some("then add --context and one of their names".into()),
        ),
    )
}

/// The flag's, the context's, in a pod the pod's own, or `default`.
fn namespace(flags: &Connection, of_context: &str) -> String {
    let named = flags.namespace.as_deref().unwrap_or(of_context);
    let of_pod = || if in_cluster::is_possible() { in_cluster::namespace() } else { String::new() };
    let named = if named.is_empty() { of_pod() } else { named.to_owned() };
    if named.is_empty() { "default".to_owned() } else { named }
}

fn config_of(cluster: &ClusterEntry) -> anyhow::Result<Config> {
    let server = url::server(&cluster.server)?;
    let proxy = url::proxy(&cluster.proxy_url, &server)?;
    let mut config = Config::new(server);
    config.proxy_url = proxy;
    config.root_cert = tls::authorities(cluster)?;
    config.accept_invalid_certs = cluster.insecure_skip_tls_verify;
    config.tls_server_name = Some(cluster.tls_server_name.clone()).filter(|name| !name.is_empty());
    // Retrying is decided per request here: a blind repeat of a write is worse than an error.
    config.default_retry = false;
    Ok(config)
}

/// Puts into the config what TLS and impersonation need; what is left is the header's.
fn log_in(config: &mut Config, choice: &Choice) -> Outcome<Credentials> {
    let user = &choice.user;
    config.auth_info = impersonation(user);
    // Where everybody could read them, kubectl sends no credentials, and runs no plugin for them (client-go
    // `clientcmd.ClientConfig`, `IsConfigTransportTLS`).
    if config.cluster_url.scheme_str() != Some("https") {
        return Ok(Credentials::None);
    }
    rules::has_known_version(user).map_err(malformed)?;
    if user.has_certificate() {
        tls::present(&mut config.auth_info, user);
    }
    let mut credentials = Credentials::of(user).map_err(unusable)?;
    if !credentials.is_none() {
        return Ok(credentials);
    }
    if let Some(exec) = user.exec.as_ref().filter(|_| !user.has_certificate()) {
        kuberc::allows(&exec.command).map_err(unusable)?;
        let plugin = Plugin::new(exec, || tls::told_to_plugins(&choice.cluster));
        let login = plugin.run().map_err(unusable)?;
        tls::present_login(&mut config.auth_info, &login);
        credentials = Credentials::of_plugin(plugin, &login).map_err(unusable)?;
    } else if let Some(provider) = &user.auth_provider {
        if provider.name != "oidc" {
            return Err(unusable(anyhow::anyhow!("kubectl has no auth-provider {:?} any more", provider.name)));
        }
        let config_of_provider = provider.config.clone();
        let provider = AuthProviderConfig { name: "oidc".into(), config: config_of_provider, ..<_>::default() };
        config.auth_info.auth_provider = Some(provider);
    } else if !user.has_certificate() {
        return Err(nobody(&choice.user_name));
    }
    Ok(credentials)
}

/// kubectl asks for a name and a password here; going out as nobody would be another user.
fn nobody(user: &str) -> Failure {
    let who = if user.is_empty() {
        "the context names no user".to_owned()
    } else {
        format!("user {user:?} has no credentials")
    };
    Failure::failed("BadCredentials", format!("{who} in the kubeconfig, and kubectl would ask for a password here"))
}

fn unusable(cause: anyhow::Error) -> Failure {
    Failure::caused_by("BadCredentials", &cause.context("can't use the kubeconfig's credentials"))
}

/// What to do about credentials that are none.
pub(crate) fn log_in_again(flags: &Connection) -> Next {
    Next::Look(who_am_i(&flags.scope()), Some("log in again first, or name another --user".into()))
}

/// The command that shows as whom a cluster knows us.
#[must_use]
pub fn who_am_i(scope: &Scope) -> Command {
    Command::new("kubectl auth whoami").scope(&scope.without_namespace())
}

fn impersonation(user: &UserEntry) -> AuthInfo {
    let some = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    AuthInfo {
        impersonate: some(&user.as_user),
        impersonate_uid: some(&user.as_uid),
        impersonate_groups: Some(user.as_groups.clone()).filter(|groups| !groups.is_empty()),
        impersonate_user_extra: Some(user.as_user_extra.clone().into_iter().collect()),
        ..AuthInfo::default()
    }
}

/// Names in the kubeconfig, for completion.
#[must_use]
pub fn context_names(flags: &Connection) -> Vec<String> {
    load(flags).map(|merged| merged.contexts.into_keys().collect()).unwrap_or_default()
}
