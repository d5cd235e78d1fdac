//! moto's server, which the lab's registry stands on: pinned Python packages.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use super::cache::{self, Building, Cached};
use crate::host::CannotRunHere;

const REQUIREMENTS: &str = include_str!("../../toolchain-python/requirements.txt");
const PYTHON: &str = "python3";
const PYTHON_IS_NEEDED: &str = "Python 3.10 or newer is needed for the lab's registry, with its module venv or pip \
    (Debian: sudo apt-get install python3 python3-venv)";

/// moto 5.2.5 with all it needs, for this machine's `python3`.
#[derive(Debug, Clone)]
pub struct Moto {
    root: PathBuf,
}

impl Moto {
    /// Where its packages are, or would be.
    ///
    /// # Errors
    /// [`CannotRunHere`] without Python, and when neither `KUBECTL_RELEASE_CACHE`,
    /// `XDG_CACHE_HOME` nor `HOME` is set.
    pub fn locate() -> Result<Self> {
        Ok(Self { root: cached()?.root()? })
    }

    /// The same, installed first if they are not in the cache. Says what it does on stderr.
    ///
    /// # Errors
    /// [`CannotRunHere`] without Python or a way to install packages; or when that fails.
    pub fn ensure() -> Result<Self> {
        Ok(Self { root: cached()?.ensure(install)? })
    }

    /// Whether it can be used without installing.
    pub fn is_complete(&self) -> bool {
        cache::is_complete(&self.root)
    }

    /// The server, to be started, on a port of loopback.
    pub fn server(&self, port: u16) -> Command {
        let mut command = Command::new(PYTHON);
        command
            .env("PYTHONPATH", self.root.join("packages"))
            // What it writes belongs to the lab, and not into the shared cache.
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .args(["-c", "from moto.server import main; main()", "--host", "127.0.0.1", "--port"])
            .arg(port.to_string())
            .stdin(Stdio::null());
        command
    }
}

fn cached() -> Result<Cached> {
    Ok(Cached {
        folder: "registry",
        what: "the registry (moto 5.2.5)",
        cost: "about a minute (0.1 GB of downloads, 0.3 GB kept)",
        made_from: vec![REQUIREMENTS.to_owned(), python_version()?],
    })
}

/// Compiled packages fit one minor version of Python only.
fn python_version() -> Result<String> {
    let asked = Command::new(PYTHON)
        .args(["-I", "-S", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"])
        .stdin(Stdio::null())
        .output();
    match asked {
        Ok(output) if output.status.success() => Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned()),
        _ => Err(CannotRunHere(PYTHON_IS_NEEDED.to_owned()).into()),
    }
}

fn install(building: &Building<'_>) -> Result<()> {
    let requirements = building.work.join("requirements.txt");
    fs::write(&requirements, REQUIREMENTS)?;
    let python = python_with_pip(&building.work.join("venv"))?;
    let installed = Command::new(python)
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"])
        .args(["--require-hashes", "--only-binary", ":all:"])
        .arg("--target")
        .arg(building.out.join("packages"))
        .arg("--requirement")
        .arg(requirements)
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
