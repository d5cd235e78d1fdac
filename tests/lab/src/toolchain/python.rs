//! Python packages, pinned and checked by hash.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use super::cache::Building;
use crate::host::CannotRunHere;

pub(super) const PYTHON: &str = "python3";
const PYTHON_IS_NEEDED: &str = "Python 3.10 or newer is needed, with its module venv or pip \
    (Debian: sudo apt-get install python3 python3-venv)";

/// Compiled packages fit one minor version of Python only.
///
/// # Errors
/// [`CannotRunHere`] without Python.
pub(super) fn version() -> Result<String> {
    let asked = Command::new(PYTHON)
        .args(["-I", "-S", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"])
        .stdin(Stdio::null())
        .output();
    match asked {
        Ok(output) if output.status.success() => Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned()),
        _ => Err(CannotRunHere(PYTHON_IS_NEEDED.to_owned()).into()),
    }
}

/// Installs pinned packages into the folder `packages` of what is built.
///
/// # Errors
/// [`CannotRunHere`] without Python or a way to install packages; or when that fails.
pub(super) fn install(requirements: &str, building: &Building<'_>) -> Result<()> {
    let file = building.work.join("requirements.txt");
    fs::write(&file, requirements)?;
    let python = python_with_pip(&building.work.join("venv"))?;
    let installed = Command::new(python)
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"])
        .args(["--require-hashes", "--only-binary", ":all:"])
        .arg("--target")
        .arg(building.out.join("packages"))
        .arg("--requirement")
        .arg(file)
        .stdin(Stdio::null())
        .output()
        .context("cannot run pip")?;
    if !installed.status.success() {
        bail!("pip failed ({}):\n{}", installed.status, String::from_utf8_lossy(&installed.stderr).trim());
    }
    Ok(())
}

/// The pip of a fresh environment, or else the machine's own.
fn python_with_pip(environment: &Path) -> Result<PathBuf> {
    let made = runs(Command::new(PYTHON).args(["-m", "venv"]).arg(environment));
    let own = environment.join("bin").join("python");
    if made && runs(Command::new(&own).args(["-m", "pip", "--version"])) {
        return Ok(own);
    }
    if runs(Command::new(PYTHON).args(["-m", "pip", "--version"])) {
        return Ok(PYTHON.into());
    }
    Err(CannotRunHere(PYTHON_IS_NEEDED.to_owned()).into())
}

fn runs(command: &mut Command) -> bool {
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}
