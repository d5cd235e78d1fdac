//! Programs that print credentials
//! (<https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins>,
//! `client-go/plugin/pkg/client/auth/exec/exec.go`).

use std::io::IsTerminal as _;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::kubeconfig::entries::ExecEntry;
use crate::kubeconfig::file::first_document;

/// One such program, with all that it needs to know.
#[derive(Clone)]
pub struct Plugin {
    exec: ExecEntry,
    /// What it is told of the cluster, where it asked for that.
    cluster: Option<Value>,
}

/// What it printed.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Login {
    pub token: Option<String>,
    #[serde(rename = "clientCertificateData")]
    pub certificate: Option<String>,
    #[serde(rename = "clientKeyData")]
    pub key: Option<String>,
    #[serde(rename = "expirationTimestamp")]
    pub until: Option<Timestamp>,
}

impl Plugin {
    /// The program of a kubeconfig entry.
    #[must_use]
    pub fn new(exec: &ExecEntry, cluster: impl FnOnce() -> Value) -> Self {
        Self { exec: exec.clone(), cluster: exec.provide_cluster_info.then(cluster) }
    }

    /// Runs it; what it has to say to a person goes to our stderr.
    ///
    /// # Errors
    /// Where it can't be run, fails, or prints no login. What it printed is never in the text: that
    /// may be a token.
    pub fn run(&self) -> Result<Login> {
        let ExecEntry { command, args, env, .. } = &self.exec;
        let interactive = self.is_interactive()?;
        let output = Command::new(command)
            .args(args)
            .envs(env.iter().map(|variable| (&variable.name, &variable.value)))
            .env("KUBERNETES_EXEC_INFO", self.info(interactive).to_string())
            .stdin(if interactive { Stdio::inherit() } else { Stdio::null() })
            .stderr(Stdio::inherit())
            .output()
            .map_err(|e| self.not_started(&e))?;
        ensure!(output.status.success(), "the credential plugin {command} failed ({})", output.status);
        self.login(&output.stdout).with_context(|| format!("the credential plugin {command} printed no ExecCredential"))
    }

    fn is_interactive(&self) -> Result<bool> {
        let terminal = std::io::stdin().is_terminal();
        match self.exec.interactive_mode.as_str() {
            "Never" => Ok(false),
            "Always" if !terminal => Err(anyhow!(
                "the credential plugin {} wants to ask a person, and standard input is not a terminal",
                self.exec.command
            )),
            _ => Ok(terminal),
        }
    }

    fn info(&self, interactive: bool) -> Value {
        let mut spec = json!({"interactive": interactive});
        if let Some(cluster) = &self.cluster {
            spec["cluster"] = cluster.clone();
        }
        json!({"kind": "ExecCredential", "apiVersion": self.exec.api_version, "spec": spec})
    }

    fn not_started(&self, error: &std::io::Error) -> anyhow::Error {
        let hint: String = self.exec.install_hint.chars().filter(|c| *c == '\n' || !c.is_control()).collect();
        let hint = hint.trim();
        let started = format!("the credential plugin {} could not be started: {error}", self.exec.command);
        if hint.is_empty() { anyhow!(started) } else { anyhow!("{started}\n{hint}") }
    }

    fn login(&self, stdout: &[u8]) -> Result<Login> {
        let document = first_document(std::str::from_utf8(stdout).ok().context("no text")?)?;
        ensure!(document["kind"] == "ExecCredential", "its kind is another");
        ensure!(document["apiVersion"] == self.exec.api_version.as_str(), "its apiVersion is not the kubeconfig's");
        let status = document.get("status").context("it has no status")?;
        let login =
            Login::deserialize(status).map_err(|_| anyhow!("its status has fields of another type"))?.without_empty();
        match (&login.token, &login.certificate, &login.key) {
            (_, Some(_), None) | (_, None, Some(_)) => bail!("it has a certificate or a key, not both"),
            (None, None, None) => bail!("it has neither a token nor a certificate"),
            _ => Ok(login),
        }
    }
}

impl Login {
    fn without_empty(self) -> Self {
        let some = |text: Option<String>| text.filter(|text| !text.is_empty());
        Self { token: some(self.token), certificate: some(self.certificate), key: some(self.key), until: self.until }
    }
}
