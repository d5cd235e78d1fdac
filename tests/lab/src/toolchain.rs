//! The programs the lab starts: built once from pinned Go modules and Python packages, then kept
//! in the user's cache.

mod addons;
mod cache;
mod debian;
mod go_tools;
mod moto;
mod peers;
mod python;

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::crds;
use cache::Building;
use go_tools::GoTools;

pub use addons::Addon;
pub use moto::Moto;
pub use peers::Peers;

const LINKER_FLAGS: &str = "-s -w \
    -X k8s.io/component-base/version.gitVersion=v1.36.3 \
    -X k8s.io/component-base/version.gitMajor=1 \
    -X k8s.io/component-base/version.gitMinor=36 \
    -X k8s.io/component-base/version.gitTreeState=clean \
    -X k8s.io/client-go/pkg/version.gitVersion=v1.36.3";

/// A real Kubernetes and the resource definitions of what it is used with.
#[derive(Debug, Clone)]
pub struct Toolchain {
    root: PathBuf,
}

impl Toolchain {
    /// Where the toolchain for the present pins is, or would be.
    ///
    /// # Errors
    /// When neither `KUBECTL_RELEASE_CACHE`, `XDG_CACHE_HOME` nor `HOME` is set.
    pub fn locate() -> Result<Self> {
        Ok(Self { root: tools().root()? })
    }

    /// The toolchain, built first if it is not in the cache. Says what it does on stderr.
    ///
    /// # Errors
    /// When Go is missing, or a download or the build fails.
    pub fn ensure() -> Result<Self> {
        Ok(Self { root: tools().ensure(finish)? })
    }

    /// Whether it can be used without building.
    pub fn is_complete(&self) -> bool {
        cache::is_complete(&self.root)
    }

    /// The folder with etcd, kube-apiserver, kubectl and the others.
    pub fn bin(&self) -> PathBuf {
        self.root.join("bin")
    }

    /// One of the binaries.
    pub fn tool(&self, name: &str) -> PathBuf {
        self.bin().join(name)
    }

    /// The folder with custom resource definitions, one JSON file a kind of router.
    pub fn crds(&self) -> PathBuf {
        self.root.join("crds")
    }
}

fn tools() -> GoTools {
    GoTools {
        folder: "lab",
        what: "Kubernetes v1.36.3, etcd and kwok",
        cost: "about 10 minutes on 2 cores (1 GB of downloads, 0.6 GB kept)",
        go_mod: include_str!("../toolchain/go.mod"),
        go_sum: include_str!("../toolchain/go.sum"),
        linker_flags: LINKER_FLAGS,
        also: crds::pins(crds::BASE),
    }
}

fn finish(building: &Building<'_>) -> Result<()> {
    let bin = building.out.join("bin");
    fs::rename(bin.join("server"), bin.join("etcd")).context("etcd was not built")?;
    crds::download(crds::BASE, &building.work.join("download"), &building.out.join("crds"))
}
