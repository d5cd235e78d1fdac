//! The environment variables by which a command finds the lab it runs in.

use std::ffi::OsString;
use std::path::Path;

use crate::ecr;
use crate::layout::Layout;

/// Names and values for a command that is to use the lab: its kubectl first on PATH, its
/// kubeconfig, where its files are, and its registry.
pub fn variables(layout: &Layout, port: u16, bin: &Path) -> Vec<(&'static str, OsString)> {
    let mut path = bin.as_os_str().to_owned();
    path.push(":");
    path.push(crate::sandbox::path_with_sbin());
    let mut variables: Vec<(_, OsString)> = vec![
        ("KUBECONFIG", layout.kubeconfig().into()),
        ("PATH", path),
        ("LAB_DIR", layout.root().into()),
        ("LAB_API", format!("https://127.0.0.1:{port}").into()),
        // The lab's API is no other cluster's; its discovery cache ends with it.
        ("KUBECACHEDIR", layout.root().join("kubectl-cache").into()),
    ];
    variables.extend(aws(&ecr::endpoint()).map(|(name, value)| (name, value.into())));
    variables
}

/// What makes the AWS SDKs and the AWS CLI use the lab's registry, and nothing else of AWS.
pub fn aws(endpoint: &str) -> [(&'static str, String); 6] {
    [
        ("AWS_ENDPOINT_URL", endpoint.to_owned()),
        ("AWS_ACCESS_KEY_ID", ecr::ACCESS_KEY.to_owned()),
        ("AWS_SECRET_ACCESS_KEY", ecr::SECRET_KEY.to_owned()),
        ("AWS_REGION", ecr::REGION.to_owned()),
        // What the AWS CLI reads.
        ("AWS_DEFAULT_REGION", ecr::REGION.to_owned()),
        ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
    ]
}
