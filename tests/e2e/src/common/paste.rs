//! Printed commands, as a person pastes them.

use anyhow::{Result, ensure};
use lab::{Kubectl, Namespace, Output};

use super::printed::words::split;

/// Runs one, by the lab's kubectl.
///
/// # Errors
/// Where it is none of kubectl's, or a shell would read more than one plain command.
pub async fn paste(ns: &Namespace, command: &str) -> Result<Output> {
    let words = words(command)?;
    ns.kubectl(&words.iter().map(String::as_str).collect::<Vec<_>>()).await
}

/// Runs one as somebody else.
///
/// # Errors
/// As [`paste`].
pub async fn paste_as(user: &Kubectl, command: &str) -> Result<Output> {
    let words = words(command)?;
    user.run(&words.iter().map(String::as_str).collect::<Vec<_>>()).await
}

fn words(command: &str) -> Result<Vec<String>> {
    let words = split(command)?;
    ensure!(words.first().is_some_and(|word| word == "kubectl"), "{command}");
    Ok(words.into_iter().skip(1).collect())
}
