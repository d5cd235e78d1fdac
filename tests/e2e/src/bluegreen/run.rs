//! Running `kubectl bluegreen …` in few words.

use anyhow::{Result, ensure};
use lab::api_proxy::{ApiProxy, Call, When};
use lab::{Kubectl, Namespace, Output, Running};

use crate::common::kill_points::{HeldRun, Hold, kill_at};
use crate::common::run::{admin, words_of};

/// Runs `kubectl bluegreen WORDS` with all rights; words are split at blanks.
///
/// # Errors
/// Where it can't be run; a bad exit code is none.
pub async fn bluegreen(ns: &Namespace, words: &str) -> Result<Output> {
    bluegreen_as(&admin(ns), words).await
}

/// The same as somebody else.
///
/// # Errors
/// Where it can't be run; a bad exit code is none.
pub async fn bluegreen_as(kubectl: &Kubectl, words: &str) -> Result<Output> {
    kubectl.run(&words_of("bluegreen", words)).await
}

/// The same, without waiting for the end.
///
/// # Errors
/// Where it can't be started.
pub fn start(ns: &Namespace, words: &str) -> Result<Running> {
    admin(ns).start(&words_of("bluegreen", words))
}

/// A run whose machine goes away at this write: before it is sent, or once it has been made and before its answer is
/// there.
///
/// # Errors
/// Where it never makes that write.
pub async fn killed_at(ns: &Namespace, words: &str, when: When, write: fn(&Call) -> bool) -> Result<()> {
    let plugin = ns.lab().plugins().join("kubectl-bluegreen");
    let killed = kill_at(async |_| {
        let proxy = ApiProxy::start(ns.lab()).await?;
        let hold = Hold::Cluster(proxy.hold(when, write));
        let own: Vec<&str> = words.split_whitespace().collect();
        let running = Running::start(ns.kubectl_as(proxy.kubeconfig()).plugin(&plugin, &own))?;
        Ok(HeldRun { proxy, hold, running })
    });
    ensure!(killed.await?.is_some(), "it was never there");
    Ok(())
}
