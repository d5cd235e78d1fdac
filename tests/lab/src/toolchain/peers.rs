//! Tools of others that do what the plugins do, for benchmarks side by side.

use std::path::PathBuf;

use anyhow::Result;

use super::cache;
use super::go_tools::GoTools;

/// Argo Rollouts v1.10.1: its controller and its kubectl plugin.
#[derive(Debug, Clone)]
pub struct Peers {
    root: PathBuf,
}

impl Peers {
    /// Where they are, or would be.
    ///
    /// # Errors
    /// When neither `KUBECTL_RELEASE_CACHE`, `XDG_CACHE_HOME` nor `HOME` is set.
    pub fn locate() -> Result<Self> {
        Ok(Self { root: tools().root()? })
    }

    /// The same, built first if they are not in the cache. Says what it does on stderr.
    ///
    /// # Errors
    /// When Go is missing, or a download or the build fails.
    pub fn ensure() -> Result<Self> {
        Ok(Self { root: tools().ensure(|_| Ok(()))? })
    }

    /// Whether they can be used without building.
    pub fn is_complete(&self) -> bool {
        cache::is_complete(&self.root)
    }

    /// The folder with `kubectl-argo-rollouts`.
    pub fn bin(&self) -> PathBuf {
        self.root.join("bin")
    }

    /// The controller.
    pub fn controller(&self) -> PathBuf {
        self.bin().join("rollouts-controller")
    }
}

fn tools() -> GoTools {
    GoTools {
        folder: "peers",
        what: "Argo Rollouts v1.10.1",
        cost: "about 5 minutes on 2 cores (0.3 GB of downloads, 0.2 GB kept)",
        go_mod: include_str!("../../toolchain-peers/go.mod"),
        go_sum: include_str!("../../toolchain-peers/go.sum"),
        linker_flags: "-s -w -X github.com/argoproj/argo-rollouts/utils/version.version=v1.10.1",
        also: String::new(),
    }
}
