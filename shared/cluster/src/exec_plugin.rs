//! Programs that print credentials
//! (<https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins>,
//! `client-go/plugin/pkg/client/auth/exec/exec.go`).

use std::io::{IsTerminal as _, Read as _};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::kubeconfig::entries::ExecEntry;
use crate::kubeconfig::file::first_document;

/// Bytes of what it prints: a token goes into a header, of which the API server takes 1 MiB at most, and
/// certificates are smaller.
const LOGIN_BYTES: u64 = 1 << 20;
/// How long it may take where no person is there to stop it; some open a browser and wait for it.
const PATIENCE: Duration = Duration::from_secs(300);
/// How often it is looked at once it has printed everything.
const POLL: Duration = Duration::from_millis(2);

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
        let mut child = Command::new(command)
            .args(args)
            .envs(env.iter().map(|variable| (&variable.name, &variable.value)))
            .env("KUBERNETES_EXEC_INFO", self.info(interactive).to_string())
            .stdin(if interactive { Stdio::inherit() } else { Stdio::null() })
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .map_err(|e| self.not_started(&e))?;
        let patience = if interactive { Duration::MAX } else { PATIENCE };
        let ended = ended(&mut child, patience);
        // One that has ended already has nothing left to be killed.
        let _ = child.kill();
        let _ = child.wait();
        let (status, printed) = ended.with_context(|| format!("the credential plugin {command} was stopped"))?;
        ensure!(status.success(), "the credential plugin {command} failed ({status})");
        self.login(&printed).with_context(|| format!("the credential plugin {command} printed no ExecCredential"))
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

/// How it ended, and what it printed until then.
fn ended(child: &mut Child, patience: Duration) -> Result<(ExitStatus, Vec<u8>)> {
    let began = Instant::now();
    let stdout = child.stdout.take().context("it has no standard output")?;
    let (tell, told) = mpsc::channel();
    // It ends with the program, or once that has printed too much.
    std::thread::spawn(move || {
        let mut printed = Vec::new();
        let read = stdout.take(LOGIN_BYTES.saturating_add(1)).read_to_end(&mut printed);
        let _ = tell.send(read.map(|_| printed));
    });
    let late = || format!("it took longer than {} s", patience.as_secs());
    let printed = told.recv_timeout(patience).map_err(|_| anyhow!(late()))?.context("its output can't be read")?;
    ensure!(printed.len() as u64 <= LOGIN_BYTES, "it printed more than {} MiB", LOGIN_BYTES >> 20);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok((status, printed));
        }
        ensure!(began.elapsed() < patience, late());
        std::thread::sleep(POLL);
    }
}

impl Login {
    fn without_empty(self) -> Self {
        let some = |text: Option<String>| text.filter(|text| !text.is_empty());
        Self { token: some(self.token), certificate: some(self.certificate), key: some(self.key), until: self.until }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(script: &str, patience: Duration) -> Result<(ExitStatus, Vec<u8>)> {
        let mut child = Command::new("sh").args(["-c", script]).stdout(Stdio::piped()).spawn()?;
        let ended = ended(&mut child, patience);
        let _ = child.kill();
        child.wait()?;
        ended
    }

    #[test]
    fn what_it_prints_is_taken_whole_and_no_more_than_a_login_has() {
        let (status, printed) = run("echo one; sleep 0.1; echo two", PATIENCE).unwrap();
        assert!(status.success() && printed == b"one\ntwo\n");
        for endless in ["exec yes", "exec cat /dev/zero", "while :; do echo x; done"] {
            let error = run(endless, PATIENCE).unwrap_err().to_string();
            assert!(error.contains("more than 1 MiB"), "{error}");
        }
    }

    #[test]
    fn one_that_never_ends_is_not_waited_for() {
        let short = Duration::from_millis(200);
        // It holds its output open, closes it, or leaves somebody behind who holds it open.
        for endless in ["exec sleep 60", "exec >&-; exec sleep 60", "sleep 60 & exit 0"] {
            let began = Instant::now();
            assert!(run(endless, short).unwrap_err().to_string().contains("longer than"), "{endless}");
            assert!(began.elapsed() < Duration::from_secs(20), "{endless}");
        }
    }
}
