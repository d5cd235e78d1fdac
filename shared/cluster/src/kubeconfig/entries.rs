//! What stands in one kubeconfig file, typed as kubectl types it
//! (`client-go/tools/clientcmd/api/v1/types.go`): an empty string is the same as none.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// Where to connect. None of its fields is printed: some hold secrets.
#[derive(Clone, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "kebab-case", expecting = "a mapping")]
pub struct ClusterEntry {
    pub server: String,
    pub tls_server_name: String,
    pub insecure_skip_tls_verify: bool,
    pub certificate_authority: String,
    #[serde(deserialize_with = "base64")]
    pub certificate_authority_data: Vec<u8>,
    pub proxy_url: String,
    pub extensions: Vec<Extension>,
}

/// Something that a tool keeps beside a cluster.
#[derive(Clone, Default, PartialEq, Deserialize)]
#[serde(default, expecting = "a mapping")]
pub struct Extension {
    pub name: String,
    pub extension: Value,
}

/// As whom to connect.
#[derive(Clone, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "kebab-case", expecting = "a mapping")]
pub struct UserEntry {
    pub client_certificate: String,
    #[serde(deserialize_with = "base64")]
    pub client_certificate_data: Vec<u8>,
    pub client_key: String,
    #[serde(deserialize_with = "base64")]
    pub client_key_data: Vec<u8>,
    pub token: String,
    #[serde(rename = "tokenFile")]
    pub token_file: String,
    pub username: String,
    pub password: String,
    #[serde(rename = "as")]
    pub as_user: String,
    pub as_uid: String,
    pub as_groups: Vec<String>,
    pub as_user_extra: BTreeMap<String, Vec<String>>,
    pub auth_provider: Option<AuthProvider>,
    pub exec: Option<ExecEntry>,
}

/// A login that is built into kubectl; only `oidc` is left of them.
#[derive(Clone, Default, PartialEq, Deserialize)]
#[serde(default, expecting = "a mapping")]
pub struct AuthProvider {
    pub name: String,
    pub config: HashMap<String, String>,
}

/// A program that prints credentials.
#[derive(Clone, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase", expecting = "a mapping")]
pub struct ExecEntry {
    pub api_version: String,
    pub command: String,
    pub args: Vec<String>,
    pub env: Vec<Variable>,
    pub install_hint: String,
    pub provide_cluster_info: bool,
    pub interactive_mode: String,
}

/// An environment variable of such a program.
#[derive(Clone, Default, PartialEq, Deserialize)]
#[serde(default, expecting = "a mapping")]
pub struct Variable {
    pub name: String,
    pub value: String,
}

/// Names a cluster and a user that belong together.
#[derive(Clone, Default, PartialEq, Deserialize)]
#[serde(default, expecting = "a mapping")]
pub struct ContextEntry {
    pub cluster: String,
    pub user: String,
    pub namespace: String,
}

impl UserEntry {
    /// Whether it names a client certificate, by file or inline.
    pub fn has_certificate(&self) -> bool {
        !self.client_certificate.is_empty() || !self.client_certificate_data.is_empty()
    }

    /// File names are meant from the folder of the kubeconfig, a plugin's only where it is no name
    /// that PATH is searched for.
    pub(super) fn resolve_paths(&mut self, folder: &Path) {
        resolve(&mut self.client_certificate, folder);
        resolve(&mut self.client_key, folder);
        resolve(&mut self.token_file, folder);
        if let Some(exec) = self.exec.as_mut().filter(|exec| exec.command.contains('/')) {
            resolve(&mut exec.command, folder);
        }
    }
}

impl ClusterEntry {
    pub(super) fn resolve_paths(&mut self, folder: &Path) {
        resolve(&mut self.certificate_authority, folder);
    }
}

fn resolve(path: &mut String, folder: &Path) {
    if !path.is_empty() {
        *path = folder.join(&*path).display().to_string();
    }
}

/// As Go reads `[]byte` from JSON: line breaks inside are skipped, as `base64` writes them.
fn base64<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &base64::alphabet::STANDARD,
        GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
    );
    let mut text = String::deserialize(deserializer)?;
    text.retain(|c| !matches!(c, '\n' | '\r'));
    LENIENT.decode(text).map_err(|_| serde::de::Error::custom("expected base64"))
}
