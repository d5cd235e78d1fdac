//! A verb, run from the same start with one fault after the other.

use anyhow::{Context, Result, ensure};
use lab::api_proxy::ApiProxy;
use lab::{Output, Running};
use serde_json::Value;

use super::claims::true_document;
use super::setup::{Setup, State};
use crate::common::faults::{BOUND, Fault, all_as_they_should};

/// A switch to green that proves itself and holds no longer.
pub const SWITCH: &[&str] =
    &["switch", "api", "--to", "green", "--yes", "--verify-for=0", "--timeout=20s", "--request-timeout=5s", "-ojson"];

/// A setup, and how it was at the start.
#[derive(Debug)]
pub struct Trial {
    pub setup: Setup,
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
    pub async fn of(setup: Setup) -> Result<Self> {
        let start = setup.state().await?;
        Ok(Self { setup, start })
    }

    /// Begins with `api` on blue, with nothing done to it yet.
    ///
    /// # Errors
    /// Outside a lab, or where the pods don't become ready.
    pub async fn on_blue(test: &str) -> Result<Self> {
        Self::of(Setup::new(test, &["api"]).await?).await
    }

    /// Begins with `api` switched to green; blue is idle.
    ///
    /// # Errors
    /// Outside a lab, or where the switch fails.
    pub async fn on_green(test: &str) -> Result<Self> {
        let setup = Setup::new(test, &["api"]).await?;
        setup.must(&["switch", "api", "--to", "green", "--yes", "--verify-for=0"]).await?;
        Self::of(setup).await
    }

    /// Runs a verb with each fault, and wants it to end as the fault says.
    ///
    /// # Errors
    /// Where it doesn't: all faults of which that is so, each with what was said.
    pub async fn with_each(&self, verb: &[&str], faults: &[Fault]) -> Result<()> {
        let mut results = Vec::new();
        for fault in faults {
            results.push(self.with(verb, fault).await.map(drop));
        }
        all_as_they_should(results)?;
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
        self.setup.put_back(&self.start).await
    }

    /// Starts a verb with one fault, from the start.
    ///
    /// # Errors
    /// Where the start can't be put back.
    pub async fn start(&self, verb: &[&str], fault: &Fault) -> Result<(ApiProxy, Running)> {
        self.put_back().await.context(fault.name)?;
        let proxy = fault.proxy(&self.setup.ns).await?;
        let running = self.setup.start(proxy.kubeconfig(), verb)?;
        Ok((proxy, running))
    }

    /// Holds how a run ended against the fault and the cluster.
    ///
    /// # Errors
    /// Where it should have ended otherwise, or says what isn't so.
    pub async fn judge(&self, fault: &Fault, output: Output, proxy: ApiProxy) -> Result<Ended> {
        let told = || fault.told(&output);
        fault.has_ended(&output)?;
        let colors = self.setup.colors().await.with_context(told)?;
        ensure!(colors.iter().all(|c| *c == fault.ends_on), "wanted {}, is {colors:?}. {}", fault.ends_on, told());
        let said = true_document(&self.setup, &output).await.with_context(told)?;
        Ok(Ended { output, said, proxy })
    }
}
