//! The AWS CLI, from PyPI, in an environment of its own that is kept in the user's cache.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

const VERSION: &str = "1.46.2";

/// The program `aws`; installed first if it is not in the cache, which takes a minute.
pub fn ensure() -> Result<PathBuf> {
    let folder = cache()?.join(format!("awscli-{VERSION}"));
    let program = folder.join("bin").join("aws");
    // Written last: an installation that was cut off is made again.
    let complete = folder.join("complete");
    if !complete.exists() {
        eprintln!("installing the AWS CLI {VERSION} into {} (about a minute)", folder.display());
        install(&folder)?;
        fs::write(complete, "")?;
    }
    Ok(program)
}

fn install(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)?;
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(folder))?;
    let pip = folder.join("bin").join("pip");
    let package = format!("awscli=={VERSION}");
    run(Command::new(pip).args(["install", "--quiet", "--disable-pip-version-check", "--no-input", &package]))
}

fn run(command: &mut Command) -> Result<()> {
    let output = command.output().with_context(|| format!("cannot run {command:?}"))?;
    ensure!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(())
}

fn cache() -> Result<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let named = set("KUBECTL_RELEASE_CACHE");
    let usual = || Some(set("XDG_CACHE_HOME").or_else(|| Some(set("HOME")?.join(".cache")))?.join("kubectl-release"));
    named.or_else(usual).context("neither KUBECTL_RELEASE_CACHE, XDG_CACHE_HOME nor HOME is set")
}
