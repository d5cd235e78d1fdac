//! The environment variables by which a command finds the lab it runs in.

use std::ffi::OsString;
use std::path::Path;

use crate::layout::Layout;

/// Names and values for a command that is to use the lab: its kubectl first on PATH, its
/// kubeconfig, and where its files are.
pub fn variables(layout: &Layout, port: u16, bin: &Path) -> Vec<(&'static str, OsString)> {
    let mut path = bin.as_os_str().to_owned();
    path.push(":");
    path.push(crate::enclosure::path_with_sbin());
    vec![
        ("KUBECONFIG", layout.kubeconfig().into()),
        ("PATH", path),
        ("LAB_DIR", layout.root().into()),
        ("LAB_API", format!("https://127.0.0.1:{port}").into()),
        // The lab's API is no other cluster's; its discovery cache ends with it.
        ("KUBECACHEDIR", layout.root().join("kubectl-cache").into()),
    ]
}
