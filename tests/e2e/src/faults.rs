//! One fault at a time between the plugin and the API server, and how the verb must end.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use lab::api_proxy::ApiProxy;
use lab::{Output, Running};
use serde_json::Value;

use crate::claims::honest;
use crate::scene::{Scene, State};

/// More than any run with a fault may take; only one that hangs does.
pub const BOUND: Duration = Duration::from_secs(60);

/// A switch to green that proves itself and holds no longer.
pub const SWITCH: &[&str] =
    &["switch", "api", "--to", "green", "--yes", "--verify-for=0", "--timeout=20s", "--request-timeout=5s", "-ojson"];

/// What goes wrong, and how the verb must end.
#[derive(Debug, Clone, Copy)]
pub struct Fault {
    pub name: &'static str,
    /// Makes the proxy misbehave.
    pub rig: fn(&ApiProxy),
    pub exit: u8,
    /// What every Service selects afterwards.
    pub color: &'static str,
}

/// A verb, ready to be run from the same start with one fault after the other.
#[derive(Debug)]
pub struct Trial {
    pub scene: Scene,
    start: State,
}

/// How a run with a fault went.
#[derive(Debug)]
pub struct Ended {
    pub output: Output,
    /// Its document, known to be true of the cluster.
    pub said: Value,
    pub proxy: ApiProxy,
}

impl Trial {
    /// Begins from how things are.
    ///
    /// # Errors
    /// Where they can't be read.
    pub async fn of(scene: Scene) -> Result<Self> {
        let start = scene.state().await?;
        Ok(Self { scene, start })
    }

    /// Runs a verb with each fault, and wants it to end as the fault says.
    ///
    /// # Errors
    /// Where it doesn't: all faults of which that is so, each with what was said.
    pub async fn with_each(&self, verb: &[&str], faults: &[Fault]) -> Result<()> {
        let mut wrong = Vec::new();
        for fault in faults {
            if let Err(error) = self.with(verb, fault).await {
                wrong.push(format!("{error:#}"));
            }
        }
        ensure!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), faults.len(), wrong.join("\n\n"));
        println!("{}: {} faults", verb[0], faults.len());
        Ok(())
    }

    /// Runs a verb with one fault, from the start.
    ///
    /// # Errors
    /// Where it hangs, ends otherwise than the fault says, or says what isn't so.
    pub async fn with(&self, verb: &[&str], fault: &Fault) -> Result<Ended> {
        let (proxy, running) = self.start(verb, fault).await?;
        let output = running.wait(BOUND).await.context(fault.name)?;
        self.judge(fault, output, proxy).await
    }

    /// Runs a verb with one fault, from the start, and leaves judging to the caller.
    ///
    /// # Errors
    /// Where it hangs.
    pub async fn run(&self, verb: &[&str], fault: &Fault) -> Result<Output> {
        let (_proxy, running) = self.start(verb, fault).await?;
        running.wait(BOUND).await.context(fault.name)
    }

    /// Puts everything back to the start.
    ///
    /// # Errors
    /// Where that doesn't work out.
    pub async fn put_back(&self) -> Result<()> {
        self.scene.put_back(&self.start).await
    }

    /// Starts a verb with one fault, from the start.
    ///
    /// # Errors
    /// Where the start can't be reached.
    pub async fn start(&self, verb: &[&str], fault: &Fault) -> Result<(ApiProxy, Running)> {
        self.put_back().await.context(fault.name)?;
        let proxy = ApiProxy::start(self.scene.ns.lab()).await?;
        (fault.rig)(&proxy);
        let running = self.scene.start(proxy.kubeconfig(), verb)?;
        Ok((proxy, running))
    }

    /// Holds how a run ended against the fault and the cluster.
    ///
    /// # Errors
    /// Where it should have ended otherwise, or says what isn't so.
    pub async fn judge(&self, fault: &Fault, output: Output, proxy: ApiProxy) -> Result<Ended> {
        let told = || {
            format!(
                "{}: exit code {} after {:?}\n{}\n{}",
                fault.name, output.code, output.elapsed, output.stdout, output.stderr
            )
        };
        ensure!(output.code == fault.exit, "wanted exit code {}. {}", fault.exit, told());
        let colors = self.scene.colors().await.with_context(told)?;
        ensure!(colors.iter().all(|color| *color == fault.color), "wanted {}, is {colors:?}. {}", fault.color, told());
        let said = honest(&self.scene, &output).await.with_context(told)?;
        Ok(Ended { output, said, proxy })
    }
}
