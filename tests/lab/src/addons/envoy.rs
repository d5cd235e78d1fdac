//! Envoy: the data plane of the routers.

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::Place;
use crate::cluster::Component;
use crate::session::Lab;
use crate::toolchain::Addon;

/// Where Envoy's own interface listens.
pub(super) const ADMIN_PORT: u16 = 9901;

/// The program; `None` when it is not to be had here.
pub(super) fn program() -> Result<Option<PathBuf>> {
    Ok(Addon::Envoy.root()?.map(|root| root.join("packages/envoy/_bin/envoy")))
}

/// Starts one. It has one thread, as the machine has few cores. `node` says who it is where the
/// bootstrap file doesn't.
pub(super) fn start(program: &Path, bootstrap: &Path, node: &[&str], place: &Place, lab: &Lab) -> Result<Component> {
    let name = place.log_name("envoy");
    let mut args = vec!["-c".to_owned(), bootstrap.display().to_string()];
    args.extend(node.iter().copied().map(str::to_owned));
    args.extend(["--disable-hot-restart", "--concurrency", "1", "--log-level", "warning"].map(str::to_owned));
    Component::start(&name, program, args, &lab.dir().join("logs"))
}
