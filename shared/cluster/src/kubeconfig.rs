//! From kubectl's connection flags and the kubeconfig to a `kube::Config`.
//!
//! kube's own loader reads `NO_PROXY` against the proxy and fails on a trailing comma, so the
//! few fields are put together here. The order of precedence is kubectl's
//! (<https://kubernetes.io/docs/reference/kubectl/>): flags, kubeconfig, in-cluster.

use anyhow::{Context as _, Result, anyhow};
use http::Uri;
use kube::Config;
use kube::config::{AuthInfo, Cluster, Context, ExecAuthCluster, Kubeconfig};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::proxy_env::proxy_for;
use crate::connection::Connection;
use release_core::command::Command;
use release_core::failure::{Failure, Outcome};

/// What the kubeconfig and the flags say, before anything is sent.
pub struct Target {
    pub config: Config,
    pub context: String,
    pub namespace: String,
    pub user: String,
}

impl std::fmt::Debug for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Target").field("context", &self.context).finish_non_exhaustive()
    }
}

/// Works out where to connect and as whom.
///
/// # Errors
/// Exit 1 where the kubeconfig is missing, malformed or names something it does not define.
pub fn resolve(flags: &Connection) -> Outcome<Target> {
    let Some(kubeconfig) = read_kubeconfig(flags)? else {
        return in_cluster_or_server_flag(flags);
    };
    let context_name = flags.context.clone().or_else(|| kubeconfig.current_context.clone()).unwrap_or_default();
    let context = find_context(&kubeconfig, &context_name, flags)?;
    let cluster_name = flags.cluster.clone().unwrap_or_else(|| context.cluster.clone());
    let cluster = find_cluster(&kubeconfig, &cluster_name, flags)?;
    let user_name = flags.user.clone().or_else(|| context.user.clone()).unwrap_or_default();
    let mut user = find_user(&kubeconfig, &user_name, flags)?;
    if let Some(exec) = user.exec.as_mut().filter(|exec| exec.provide_cluster_info) {
        exec.cluster = Some(ExecAuthCluster::try_from(&cluster).map_err(|e| malformed(e.into()))?);
    }
    let namespace = namespace_of(flags, context.namespace.as_deref());
    let mut config = config_of(&cluster, flags).map_err(malformed)?;
    config.auth_info = with_flags(user, flags);
    config.default_namespace = namespace.clone();
    config.proxy_url = proxy_url(&config, cluster.proxy_url.as_deref()).map_err(malformed)?;
    Ok(Target { config, context: context_name, namespace, user: user_name })
}

fn read_kubeconfig(flags: &Connection) -> Outcome<Option<Kubeconfig>> {
    let given = flags.kubeconfig.is_some() || std::env::var_os("KUBECONFIG").is_some_and(|v| !v.is_empty());
    let read = match &flags.kubeconfig {
        Some(path) => Kubeconfig::read_from(path),
        None => Kubeconfig::read(),
    };
    match read {
        Ok(kubeconfig) => Ok(Some(kubeconfig)),
        Err(kube::config::KubeconfigError::ReadConfig(_, _) | kube::config::KubeconfigError::FindPath) if !given => {
            Ok(None)
        }
        Err(e) => Err(malformed(anyhow!(one_line(&e)))),
    }
}

/// Error texts of YAML parsers quote the file, and a kubeconfig holds secrets: the first line
/// says where it went wrong, the quotation after it is dropped.
fn one_line(error: &dyn std::error::Error) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}

/// `cause` is what was being done, and what went wrong with it.
fn malformed(cause: anyhow::Error) -> Failure {
    Failure::caused_by("BadKubeconfig", &cause.context("error loading config"))
        .next("check it with: kubectl config view")
}

fn in_cluster_or_server_flag(flags: &Connection) -> Outcome<Target> {
    let mut config = match (&flags.server, Config::incluster()) {
        (Some(_), _) => Config::new(Uri::from_static("https://localhost")),
        (None, Ok(config)) => config,
        (None, Err(_)) => {
            return Err(Failure::failed("NoKubeconfig", "no kubeconfig was found, and this is not a pod in a cluster")
                .next("set KUBECONFIG, or name a file with --kubeconfig"));
        }
    };
    let mut namespace = namespace_of(flags, Some(&config.default_namespace));
    if namespace.is_empty() {
        "default".clone_into(&mut namespace);
    }
    apply_server_flags(&mut config, flags).map_err(malformed)?;
    config.auth_info = with_flags(config.auth_info, flags);
    Ok(Target { config, context: "in-cluster".into(), namespace, user: "in-cluster".into() })
}

fn namespace_of(flags: &Connection, from_context: Option<&str>) -> String {
    let named = flags.namespace.as_deref().or(from_context).unwrap_or_default();
    if named.is_empty() { "default".to_owned() } else { named.to_owned() }
}

fn find_context(kubeconfig: &Kubeconfig, name: &str, flags: &Connection) -> Outcome<Context> {
    let found = kubeconfig.contexts.iter().find(|c| c.name == name).and_then(|c| c.context.clone());
    match found {
        Some(context) => Ok(context),
        None if flags.cluster.is_some() || flags.server.is_some() => Ok(Context::default()),
        None if name.is_empty() => {
            Err(Failure::failed("BadKubeconfig", "current-context is not set in the kubeconfig")
                .next("kubectl config get-contexts, then --context NAME"))
        }
        None => Err(Failure::failed("BadKubeconfig", format!("context \"{name}\" does not exist"))
            .look(Command::new("kubectl config get-contexts"))),
    }
}

fn find_cluster(kubeconfig: &Kubeconfig, name: &str, flags: &Connection) -> Outcome<Cluster> {
    let found = kubeconfig.clusters.iter().find(|c| c.name == name).and_then(|c| c.cluster.clone());
    match found {
        Some(cluster) => Ok(cluster),
        None if flags.server.is_some() && flags.cluster.is_none() => Ok(Cluster::default()),
        None => Err(Failure::failed("BadKubeconfig", format!("cluster \"{name}\" does not exist"))
            .look(Command::new("kubectl config get-clusters"))),
    }
}

fn find_user(kubeconfig: &Kubeconfig, name: &str, flags: &Connection) -> Outcome<AuthInfo> {
    let found = kubeconfig.auth_infos.iter().find(|u| u.name == name).and_then(|u| u.auth_info.clone());
    match found {
        Some(user) => Ok(user),
        None if flags.user.is_some() => {
            Err(Failure::failed("BadKubeconfig", format!("auth info \"{name}\" does not exist"))
                .look(Command::new("kubectl config get-users")))
        }
        None => Ok(AuthInfo::default()),
    }
}

fn config_of(cluster: &Cluster, flags: &Connection) -> Result<Config> {
    let server = flags.server.clone().or_else(|| cluster.server.clone()).unwrap_or_default();
    let mut config = Config::new(parse_url("server", &server)?);
    config.accept_invalid_certs = cluster.insecure_skip_tls_verify.unwrap_or(false);
    config.tls_server_name.clone_from(&cluster.tls_server_name);
    if let Some(pem) = ExecAuthCluster::try_from(cluster)?.certificate_authority_data {
        config.root_cert = Some(certificates(&pem)?);
    }
    apply_server_flags(&mut config, flags)?;
    Ok(config)
}

fn apply_server_flags(config: &mut Config, flags: &Connection) -> Result<()> {
    if let Some(server) = &flags.server {
        config.cluster_url = parse_url("--server", server)?;
    }
    if let Some(path) = &flags.certificate_authority {
        let pem = std::fs::read(path).with_context(|| format!("--certificate-authority {}", path.display()))?;
        config.root_cert = Some(certificates(&pem)?);
        config.root_cert_file = None;
    }
    if let Some(name) = &flags.tls_server_name {
        config.tls_server_name = Some(name.clone());
    }
    config.accept_invalid_certs |= flags.insecure_skip_tls_verify;
    // Retrying is decided per request here: a blind repeat of a write is worse than an error.
    config.default_retry = false;
    Ok(())
}

fn certificates(pem: &[u8]) -> Result<Vec<Vec<u8>>> {
    CertificateDer::pem_slice_iter(pem)
        .map(|der| der.map(|der| der.to_vec()))
        .collect::<Result<Vec<_>, _>>()
        .context("certificate authority")
}

fn with_flags(mut user: AuthInfo, flags: &Connection) -> AuthInfo {
    if let Some(token) = &flags.token {
        user = AuthInfo { token: Some(token.clone().into()), impersonate: user.impersonate, ..AuthInfo::default() };
    }
    if let Some(path) = &flags.client_certificate {
        user.client_certificate = Some(path.display().to_string());
        user.client_certificate_data = None;
    }
    if let Some(path) = &flags.client_key {
        user.client_key = Some(path.display().to_string());
        user.client_key_data = None;
    }
    if flags.as_user.is_some() {
        user.impersonate.clone_from(&flags.as_user);
    }
    if !flags.as_groups.is_empty() {
        user.impersonate_groups = Some(flags.as_groups.clone());
    }
    if flags.as_uid.is_some() {
        user.impersonate_uid.clone_from(&flags.as_uid);
    }
    user
}

fn proxy_url(config: &Config, from_kubeconfig: Option<&str>) -> Result<Option<Uri>> {
    let host = config.cluster_url.host().unwrap_or_default();
    let port = config.cluster_url.port_u16().unwrap_or(443);
    let env = |upper: &str, lower: &str| std::env::var(upper).or_else(|_| std::env::var(lower)).ok();
    let url = match from_kubeconfig.filter(|url| !url.is_empty()) {
        Some(url) => Some(url.to_owned()),
        None => {
            proxy_for(host, port, env("HTTPS_PROXY", "https_proxy").as_deref(), env("NO_PROXY", "no_proxy").as_deref())
        }
    };
    url.map(|url| parse_url("proxy", &url)).transpose()
}

fn parse_url(what: &str, url: &str) -> Result<Uri> {
    let with_scheme = if url.contains("://") { url.to_owned() } else { format!("http://{url}") };
    let parsed: Option<Uri> = with_scheme.parse().ok();
    parsed.filter(|uri| uri.host().is_some()).with_context(|| format!("{what}: not a URL with a host"))
}

/// Names in the kubeconfig, for completion.
#[must_use]
pub fn context_names(flags: &Connection) -> Vec<String> {
    let kubeconfig = read_kubeconfig(flags).ok().flatten().unwrap_or_default();
    kubeconfig.contexts.into_iter().map(|c| c.name).collect()
}
