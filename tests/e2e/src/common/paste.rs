//! Printed commands, as a person pastes them.

use anyhow::{Result, ensure};
use lab::{Namespace, Output};

use super::printed::words::split;

/// Runs one, by the lab's kubectl.
///
/// # Errors
/// Where it is none of kubectl's, or a shell would read more than one plain command.
pub async fn paste(ns: &Namespace, command: &str) -> Result<Output> {
    let words = split(command)?;
    ensure!(words.first().is_some_and(|word| word == "kubectl"), "{command}");
    let words: Vec<&str> = words.iter().skip(1).map(String::as_str).collect();
    ns.kubectl(&words).await
}
