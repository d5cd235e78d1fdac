//! moto's server, which the lab's registry stands on: pinned Python packages.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::Result;

use super::cache::{self, Cached};
use super::python;

const REQUIREMENTS: &str = include_str!("../../toolchain-python/requirements.txt");

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
        Ok(Self { root: cached()?.ensure(|building| python::install(REQUIREMENTS, building))? })
    }

    /// Whether it can be used without installing.
    pub fn is_complete(&self) -> bool {
        cache::is_complete(&self.root)
    }

    /// The server, to be started, on a port of loopback.
    pub fn server(&self, port: u16) -> Command {
        let mut command = Command::new(python::PYTHON);
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
        made_from: vec![REQUIREMENTS.to_owned(), python::version()?],
    })
}
