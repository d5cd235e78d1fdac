//! Where the demo plays: a namespace, headings, and commands as a person would type them.

use std::io::{IsTerminal, stdout};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use e2e::LIMIT;
use lab::{Lab, Namespace};

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

    /// Runs a command and wants exit code 1.
    pub async fn refused(&self, line: &str) -> Result<()> {
        self.run(line, 1).await?;
        println!("(exit code 1)");
        Ok(())
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
        println!("\n$ {line}");
        tokio::time::sleep(TO_READ).await;
        let words: Vec<&str> = line.split_whitespace().skip(1).collect();
        let lab = self.ns.lab();
        let started = Instant::now();
        let status = lab.kubectl(lab.kubeconfig()).command(&words).status().await;
        let code = status.with_context(|| format!("cannot run `{line}`"))?.code();
        ensure!(code == Some(wanted), "exit code {code:?} of `{line}`");
        Ok(started)
    }
}
