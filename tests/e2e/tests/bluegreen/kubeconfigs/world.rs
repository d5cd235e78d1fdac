//! What kubeconfigs of the cases lead to: two servers with TLS, one without, a proxy, a credential
//! plugin, and the files that they name.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, Result};
use lab::Lab;
use lab::identity::Pair;
use lab::recorder::{Asked, Recorder, Tunnel};
use tokio::process::Command;

use super::case::Case;
use super::variables;

/// Prints the token that is its second word, as an ExecCredential of the version that is its first;
/// notes that it ran and what it was told. With a file `cert` as its third word it prints that too.
const PLUGIN: &str = r#"#!/bin/sh
here=$(dirname "$0")
printf '%s\n' "$KUBERNETES_EXEC_INFO" | tr -d '\n' >> "$here/told"
echo >> "$here/told"
pem() { awk '{printf "%s\\n", $0}' "$here/$1"; }
certificate=
[ "$3" = certificate ] && certificate=",\"clientCertificateData\":\"$(pem client.crt)\",\"clientKeyData\":\"$(pem client.key)\""
printf '{"apiVersion":"client.authentication.k8s.io/%s","kind":"ExecCredential","status":{"token":"%s"%s}}' "$1" "$2$FROM_ENV" "$certificate"
"#;

/// Runs a program where a pod's service account is mounted.
const IN_POD: &str = r#"set -e
account=/run/secrets/kubernetes.io/serviceaccount
mount -t tmpfs tmpfs /run
mkdir -p $account
cp ca.crt $account/ca.crt
printf hunter2-of-the-pod > $account/token
printf of-the-pod > $account/namespace
exec "$@""#;

/// Everything that a case may name.
#[derive(Debug)]
pub struct World {
    server: Recorder,
    other: Recorder,
    plain: Recorder,
    tunnel: Tunnel,
    authority: String,
    client: Pair,
    stranger: Pair,
}

impl World {
    pub async fn start(lab: &Lab) -> Result<Self> {
        Ok(Self {
            server: Recorder::tls(lab).await?,
            other: Recorder::tls(lab).await?,
            plain: Recorder::plain().await?,
            tunnel: Tunnel::start().await?,
            authority: lab.authority().certificate().to_owned(),
            client: lab.authority().user("lee", &["dev"])?,
            stranger: lab.authority().user("kim", &[])?,
        })
    }

    /// Forgets what happened so far.
    pub fn forget(&self) {
        self.asked();
        self.tunnels();
    }

    /// What the servers were asked, each question once.
    pub fn asked(&self) -> Vec<(&'static str, Asked)> {
        let of = |name, recorder: &Recorder| recorder.take().into_iter().map(move |asked| (name, asked));
        let all = of("server", &self.server).chain(of("other", &self.other)).chain(of("plain", &self.plain));
        let mut all: Vec<_> = all.collect();
        all.sort();
        all.dedup();
        all
    }

    /// Where the proxy was asked to go.
    pub fn tunnels(&self) -> Vec<String> {
        self.tunnel.take()
    }

    /// Writes the files of a case, and those that they name.
    pub fn write(&self, case: &Case, folder: &Path) -> Result<()> {
        let expired = "-----BEGIN CERTIFICATE-----\nbm8gY2VydGlmaWNhdGU=\n-----END CERTIFICATE-----\n";
        let named = [
            ("ca.crt", self.authority.clone()),
            ("bundle.crt", format!("the lab's own\n{expired}\n{}", self.authority)),
            ("client.crt", self.client.certificate.clone()),
            ("client.key", self.client.key.clone()),
            ("stranger.key", self.stranger.key.clone()),
            ("token", "hunter2-in-a-file".to_owned()),
            ("token-line", " hunter2-in-a-line\n".to_owned()),
            ("blank", "\n".to_owned()),
            ("plugin", PLUGIN.to_owned()),
        ];
        let own = case.files.iter().map(|(name, text)| (name.as_str(), self.fill(text, folder)));
        for (name, text) in named.into_iter().chain(own) {
            let path = folder.join(name);
            std::fs::create_dir_all(path.parent().unwrap_or(folder))?;
            std::fs::write(&path, text).with_context(|| path.display().to_string())?;
        }
        std::fs::set_permissions(folder.join("plugin"), std::fs::Permissions::from_mode(0o755))?;
        Ok(())
    }

    /// Puts what the lab has in the place of `{{…}}`.
    pub fn fill(&self, text: &str, folder: &Path) -> String {
        let base64 = lab::identity::base64;
        let wrapped = |text: &str| {
            let text = base64(text);
            let lines: Vec<&str> =
                text.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
            lines.join("\n      ")
        };
        let oidc = format!(
            "e30.{}.c2ln",
            base64(r#"{"iss": "https://issuer.invalid", "exp": 32503680000}"#).trim_end_matches('=')
        );
        [
            ("server", format!("https://127.0.0.1:{}", self.server.port())),
            ("other", format!("https://127.0.0.1:{}", self.other.port())),
            ("plain", format!("http://127.0.0.1:{}", self.plain.port())),
            ("port", self.server.port().to_string()),
            ("plain-port", self.plain.port().to_string()),
            ("proxy", format!("127.0.0.1:{}", self.tunnel.port())),
            ("ca", base64(&self.authority)),
            ("ca-wrapped", wrapped(&self.authority)),
            ("certificate", base64(&self.client.certificate)),
            ("key", base64(&self.client.key)),
            ("id-token", oidc),
            ("folder", folder.display().to_string()),
        ]
        .iter()
        .fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{{{name}}}}}"), value))
    }

    /// The program with the environment of the case, in the folder of its files.
    pub fn command(&self, case: &Case, folder: &Path, program: &Path) -> Command {
        let mut command = if case.in_pod {
            let mut command = Command::new("unshare");
            command.args(["--mount", "--propagation", "private", "sh", "-c", IN_POD, "sh"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        command.env_clear().env("PATH", lab::sandbox::path_with_sbin()).env("HOME", folder);
        command.env("KUBECACHEDIR", folder.join("cache")).current_dir(folder).stdin(Stdio::null());
        if let Some(list) = &case.kubeconfig {
            command.env("KUBECONFIG", self.fill(list, folder));
        }
        for (name, value) in variables(&case.env) {
            command.env(name, self.fill(value, folder));
        }
        command
    }
}
