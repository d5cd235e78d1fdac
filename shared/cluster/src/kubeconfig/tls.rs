//! Certificates of both sides: whom we trust, and who we are.

use anyhow::{Context as _, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kube::config::AuthInfo;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde_json::{Value, json};

use super::entries::{ClusterEntry, UserEntry};
use crate::exec_plugin::Login;

/// The extension of a cluster that is passed on to credential plugins.
const FOR_PLUGINS: &str = "client.authentication.k8s.io/exec";

/// Whom to trust, if the entry says so; else the system decides. As in Go, what is no usable
/// certificate is passed over as long as one is.
///
/// # Errors
/// Where there is no certificate in what should hold some.
pub(super) fn authorities(cluster: &ClusterEntry) -> Result<Option<Vec<Vec<u8>>>> {
    let file = &cluster.certificate_authority;
    let pem = match (&cluster.certificate_authority_data, file.as_str()) {
        (data, _) if !data.is_empty() => data.clone(),
        (_, "") => return Ok(None),
        (_, file) => std::fs::read(file).with_context(|| format!("certificate-authority {file}"))?,
    };
    let mut scratch = RootCertStore::empty();
    let found = CertificateDer::pem_slice_iter(&pem).filter_map(Result::ok);
    let usable: Vec<_> = found.filter(|der| scratch.add(der.clone()).is_ok()).map(|der| der.to_vec()).collect();
    ensure!(!usable.is_empty(), "certificate-authority: there is no certificate in it");
    Ok(Some(usable))
}

/// Presents the user's certificate to the server.
pub(super) fn present(auth: &mut AuthInfo, user: &UserEntry) {
    if user.client_certificate_data.is_empty() {
        auth.client_certificate = Some(user.client_certificate.clone());
    } else {
        auth.client_certificate_data = Some(STANDARD.encode(&user.client_certificate_data));
    }
    if user.client_key_data.is_empty() {
        auth.client_key = Some(user.client_key.clone());
    } else {
        auth.client_key_data = Some(STANDARD.encode(&user.client_key_data).into());
    }
}

/// Presents the certificate that a credential plugin printed, if it did.
pub(super) fn present_login(auth: &mut AuthInfo, login: &Login) {
    if let (Some(certificate), Some(key)) = (&login.certificate, &login.key) {
        auth.client_certificate_data = Some(STANDARD.encode(certificate));
        auth.client_key_data = Some(STANDARD.encode(key).into());
    }
}

/// What a credential plugin is told of the cluster, where it asked
/// (<https://kubernetes.io/docs/reference/config-api/client-authentication.v1/#client-authentication-k8s-io-v1-Cluster>).
pub(super) fn told_to_plugins(cluster: &ClusterEntry) -> Value {
    let from_file = || std::fs::read(&cluster.certificate_authority).unwrap_or_default();
    let data = &cluster.certificate_authority_data;
    let authority = if data.is_empty() { from_file() } else { data.clone() };
    let mut told = json!({"server": cluster.server});
    let texts = [
        ("tls-server-name", cluster.tls_server_name.clone()),
        ("proxy-url", cluster.proxy_url.clone()),
        ("certificate-authority-data", STANDARD.encode(authority)),
    ];
    for (name, text) in texts.into_iter().filter(|(_, text)| !text.is_empty()) {
        told[name] = text.into();
    }
    if cluster.insecure_skip_tls_verify {
        told["insecure-skip-tls-verify"] = true.into();
    }
    let extension = cluster.extensions.iter().find(|extension| extension.name == FOR_PLUGINS);
    if let Some(extension) = extension {
        told["config"] = extension.extension.clone();
    }
    told
}
