//! Who may log in: an authority of the lab's own that signs certificates for servers and users.

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use serde_json::{Value, json};

use crate::layout::Layout;

/// A certificate and its key, both PEM.
#[derive(Debug, Clone)]
pub struct Pair {
    /// The certificate (PEM).
    pub certificate: String,
    /// The private key (PKCS #8, PEM).
    pub key: String,
}

/// Someone who can talk to the API server, with a kubeconfig of their own.
#[derive(Debug, Clone)]
pub struct Identity {
    /// The name the API server knows them by.
    pub user: String,
    /// Path of their kubeconfig.
    pub kubeconfig: PathBuf,
    /// Their certificate and key.
    pub credentials: Pair,
}

/// Signs certificates that the lab's API server, and whoever has its kubeconfig, trusts.
#[derive(Debug)]
pub struct Authority {
    certificate: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    /// Makes the lab's authority and writes it into the state folder.
    ///
    /// # Errors
    /// When no key can be made or the files cannot be written.
    pub fn create(layout: &Layout) -> Result<Self> {
        let key = KeyPair::generate()?;
        let certificate = authority_params()?.self_signed(&key)?.pem();
        fs::write(layout.ca_certificate(), &certificate)?;
        write_private(&layout.ca_key(), &key.serialize_pem())?;
        Self::from_parts(certificate, key)
    }

    /// Reads the authority of a running lab.
    ///
    /// # Errors
    /// When its files are missing or damaged.
    pub fn load(layout: &Layout) -> Result<Self> {
        let read = |path: PathBuf| fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()));
        let key = KeyPair::from_pem(&read(layout.ca_key())?)?;
        Self::from_parts(read(layout.ca_certificate())?, key)
    }

    fn from_parts(certificate: String, key: KeyPair) -> Result<Self> {
        let issuer = Issuer::new(authority_params()?, key);
        Ok(Self { certificate, issuer })
    }

    /// The authority's own certificate (PEM).
    pub fn certificate(&self) -> &str {
        &self.certificate
    }

    /// A certificate for a server that is reached by these names and addresses.
    ///
    /// # Errors
    /// When a name is not a DNS name or an address.
    pub fn server(&self, names: &[&str]) -> Result<Pair> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names)?;
        params.distinguished_name.push(DnType::CommonName, "lab server");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        self.sign(&params)
    }

    /// A certificate that logs `user` in as a member of `groups`.
    ///
    /// # Errors
    /// When there are more than two groups, or no key can be made.
    pub fn user(&self, user: &str, groups: &[&str]) -> Result<Pair> {
        self.sign(&user_params(user, groups)?)
    }

    /// A certificate of `user` that was good until the end of 2019.
    ///
    /// # Errors
    /// When no key can be made.
    pub fn expired_user(&self, user: &str) -> Result<Pair> {
        let mut params = user_params(user, &[])?;
        params.not_before = date_time_ymd(2019, 1, 1);
        params.not_after = date_time_ymd(2019, 12, 31);
        self.sign(&params)
    }

    fn sign(&self, params: &CertificateParams) -> Result<Pair> {
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.issuer)?.pem();
        Ok(Pair { certificate, key: key.serialize_pem() })
    }
}

fn authority_params() -> Result<CertificateParams> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name.push(DnType::CommonName, "kubectl-release lab");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
    Ok(params)
}

/// Kubernetes reads the user from the common name and a group from each organization. rcgen
/// keeps one value a name type, so that a second group needs another type of the same OID.
fn user_params(user: &str, groups: &[&str]) -> Result<CertificateParams> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name = rcgen::DistinguishedName::new();
    let organization = [DnType::OrganizationName, DnType::CustomDnType(vec![2, 5, 4, 10])];
    ensure!(groups.len() <= organization.len(), "a lab user can be in two groups at most");
    for (name_type, group) in organization.into_iter().zip(groups) {
        params.distinguished_name.push(name_type, *group);
    }
    params.distinguished_name.push(DnType::CommonName, user);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    Ok(params)
}

/// Text of a kubeconfig (JSON, which is YAML too) whose user logs in with a certificate.
pub fn kubeconfig(server: &str, authority: &str, user: &str, credentials: &Pair) -> String {
    let login = json!({
        "client-certificate-data": STANDARD.encode(&credentials.certificate),
        "client-key-data": STANDARD.encode(&credentials.key),
    });
    kubeconfig_with(server, authority, user, login)
}

/// Text of a kubeconfig whose user logs in with a bearer token.
pub fn kubeconfig_with_token(server: &str, authority: &str, user: &str, token: &str) -> String {
    kubeconfig_with(server, authority, user, json!({"token": token}))
}

fn kubeconfig_with(server: &str, authority: &str, user: &str, login: Value) -> String {
    let config = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "lab",
        "clusters": [{
            "name": "lab",
            "cluster": {
                "server": server,
                "certificate-authority-data": STANDARD.encode(authority),
            },
        }],
        "users": [{"name": user, "user": login}],
        "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": user}}],
    });
    format!("{config:#}\n")
}

/// The text as kubeconfigs hold data.
pub fn base64(text: &str) -> String {
    STANDARD.encode(text)
}

/// Writes a file that only this user can read.
///
/// # Errors
/// When it cannot be written.
pub fn write_private(path: &Path, text: &str) -> Result<()> {
    fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .with_context(|| format!("cannot write {}", path.display()))
}
