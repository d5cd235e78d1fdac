//! Where the demo plays: a namespace, headings, and commands as a person would type them.

use std::io::{IsTerminal, stdout};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use e2e::LIMIT;
use e2e::bluegreen::active;
use e2e::common::pods::pods;
use kube::ResourceExt;
use lab::{Lab, Namespace, eventually};
use tokio::process::{Child, Command};

/// Between a heading and what follows, for people to read it.
const TO_READ: Duration = Duration::from_secs(1);

/// The namespace `demo` of a lab.
pub struct Stage {
    ns: Namespace,
    bold: bool,
}

impl Stage {
    pub async fn set(lab: Lab) -> Result<Self> {
        let bold = stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let ns = lab.namespace_called("demo").await.context("is a demo running in this lab already?")?;
        Ok(Self { ns, bold })
    }

    pub fn namespace(&self) -> &Namespace {
        &self.ns
    }

    pub fn heading(&self, text: &str) {
        if self.bold { println!("\n\x1b[1m{text}\x1b[0m") } else { println!("\n{text}") }
    }

    /// Runs a command and wants exit code 0; gives the moment it was started.
    pub async fn must(&self, line: &str) -> Result<Instant> {
        self.run(line, 0).await
    }

    /// Starts a command, to be waited for.
    pub async fn start(&self, line: &str) -> Result<Child> {
        self.announced(line).await;
        let mut command = self.command(line);
        command.spawn().with_context(|| format!("cannot run `{line}`"))
    }

    /// Waits for what was started, and wants this exit code.
    pub async fn ends(&self, mut child: Child, wanted: i32) -> Result<()> {
        let code = child.wait().await?.code();
        ensure!(code == Some(wanted), "exit code {code:?}");
        println!("(exit code {wanted})");
        Ok(())
    }

    /// Waits until a Service selects a color.
    pub async fn until_selected(&self, service: &str, color: &str) -> Result<()> {
        eventually("the traffic is on it", LIMIT, || async {
            Ok((active(&self.ns, service).await? == color).then_some(()))
        })
        .await
    }

    /// A pod with this label: `pod/NAME`.
    pub async fn a_pod(&self, label: &str) -> Result<String> {
        let found = pods(&self.ns, label).await?;
        let pod = found.first().with_context(|| format!("no pod has {label}"))?;
        Ok(format!("pod/{}", pod.name_any()))
    }

    /// Waits until Deployments are rolled out.
    pub async fn until_ready(&self, deployments: &[&str]) -> Result<()> {
        for name in deployments {
            self.ns.rolled_out(&format!("deployment/{name}"), LIMIT).await?;
        }
        Ok(())
    }

    /// Output goes where ours goes, so that it looks as it does by hand.
    async fn run(&self, line: &str, wanted: i32) -> Result<Instant> {
        self.announced(line).await;
        let started = Instant::now();
        let status = self.command(line).status().await;
        let code = status.with_context(|| format!("cannot run `{line}`"))?.code();
        ensure!(code == Some(wanted), "exit code {code:?} of `{line}`");
        Ok(started)
    }

    async fn announced(&self, line: &str) {
        println!("\n$ {line}");
        tokio::time::sleep(TO_READ).await;
    }

    fn command(&self, line: &str) -> Command {
        let words: Vec<&str> = line.split_whitespace().skip(1).collect();
        let lab = self.ns.lab();
        lab.kubectl(lab.kubeconfig()).command(&words)
    }
}
