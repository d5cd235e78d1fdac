//! One fault at a time between a plugin and the API server, and how the command must end.

use std::time::Duration;

use anyhow::{Result, ensure};
use lab::api_proxy::{Action, Answer, ApiProxy};
use lab::{Namespace, Output};

use super::run::said;

/// More than any run with a fault may take; only one that hangs does.
pub const BOUND: Duration = Duration::from_secs(60);

/// What goes wrong, and how the command must end.
#[derive(Debug, Clone, Copy)]
pub struct Fault {
    pub name: &'static str,
    /// Makes the proxy misbehave.
    pub inject: fn(&ApiProxy),
    pub exit: u8,
    /// What is there afterwards: the color that every Service selects, or the image's tag.
    pub ends_on: &'static str,
}

/// A fault in few words.
#[must_use]
pub const fn fault(name: &'static str, inject: fn(&ApiProxy), exit: u8, ends_on: &'static str) -> Fault {
    Fault { name, inject, exit, ends_on }
}

impl Fault {
    /// A proxy with this fault.
    ///
    /// # Errors
    /// Where it can't be started.
    pub async fn proxy(&self, ns: &Namespace) -> Result<ApiProxy> {
        let proxy = ApiProxy::start(ns.lab()).await?;
        (self.inject)(&proxy);
        Ok(proxy)
    }

    /// The run ended with the exit code that this fault has.
    ///
    /// # Errors
    /// Where it ended with another.
    pub fn has_ended(&self, output: &Output) -> Result<()> {
        ensure!(output.code == self.exit, "wanted exit code {}. {}", self.exit, self.told(output));
        Ok(())
    }

    /// All that is to be known of a run with this fault, for an error.
    #[must_use]
    pub fn told(&self, output: &Output) -> String {
        format!("{}: exit code {} after {:?}\n{}", self.name, output.code, output.elapsed, said(output))
    }
}

/// An answer of the proxy's own, nothing done.
#[must_use]
pub fn refused(status: u16) -> Action {
    Action::fail(status, "Injected", "a fault of this test")
}

/// The same after the API server did what it was asked.
#[must_use]
pub fn done_but(status: u16) -> Action {
    Action::ForwardThenRespond(Answer::status(status, "Injected", "a fault of this test"))
}

/// What went wrong with several faults, in one error.
///
/// # Errors
/// Where any of them did.
pub fn all_as_they_should(results: Vec<Result<()>>) -> Result<()> {
    let of = results.len();
    let wrong: Vec<String> = results.into_iter().filter_map(|r| r.err().map(|error| format!("{error:#}"))).collect();
    ensure!(wrong.is_empty(), "{} of {of}:\n{}", wrong.len(), wrong.join("\n\n"));
    Ok(())
}
