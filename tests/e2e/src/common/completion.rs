//! What the Tab key offers after `kubectl PLUGIN …`.

use anyhow::{Context, Result, ensure};
use lab::{Namespace, Running};

use super::run::{Ended, said};
use crate::LIMIT;

/// The scripts that kubectl looks for, as people install them.
const SHIMS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../completions");
/// No file names (cobra's ShellCompDirectiveNoFileComp).
const NO_FILES: &str = ":4";

/// What `kubectl __complete PLUGIN -n NAMESPACE …` offers for the last of these words.
///
/// # Errors
/// Where kubectl doesn't find the shim, or something else than candidates is printed.
pub async fn offered(ns: &Namespace, plugin: &str, words: &[&str]) -> Result<Vec<String>> {
    let kubectl = ns.lab().kubectl(ns.lab().kubeconfig());
    let mut args = vec!["__complete", plugin, "-n", ns.name()];
    args.extend(words);
    let mut command = kubectl.command(&args);
    let path =
        command.as_std().get_envs().find_map(|(name, value)| value.filter(|_| name == "PATH")).context("no PATH")?;
    let path = format!("{SHIMS}:{}", path.to_string_lossy());
    command.env("PATH", path);
    let output = Running::start(command)?.wait(LIMIT).await?.ends(0)?;
    let mut lines: Vec<String> = output.stdout.lines().map(str::to_owned).collect();
    let directive = lines.pop();
    ensure!(directive.as_deref() == Some(NO_FILES), "{}", said(&output));
    Ok(lines.iter().map(|line| line.split('\t').next().unwrap_or_default().to_owned()).collect())
}
