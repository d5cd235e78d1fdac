//! What a pod knows of its own cluster
//! (<https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/>, `client-go/rest/config.go`).

use std::net::IpAddr;
use std::path::Path;

use crate::kubeconfig::entries::{ClusterEntry, UserEntry};

const FOLDER: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// True in a pod that has a service account's token.
pub fn is_possible() -> bool {
    address().is_some() && Path::new(FOLDER).join("token").is_file()
}

/// The cluster that this pod runs in.
pub fn cluster() -> ClusterEntry {
    let authority = Path::new(FOLDER).join("ca.crt");
    let readable = std::fs::File::open(&authority).is_ok();
    ClusterEntry {
        server: address().unwrap_or_default(),
        certificate_authority: if readable { authority.display().to_string() } else { String::new() },
        ..ClusterEntry::default()
    }
}

/// Its service account; the kubelet renews the token in the file.
pub fn user() -> UserEntry {
    UserEntry { token_file: format!("{FOLDER}/token"), ..UserEntry::default() }
}

/// The pod's own namespace.
pub fn namespace() -> String {
    let from_file = || std::fs::read_to_string(Path::new(FOLDER).join("namespace")).ok();
    let named = variable("POD_NAMESPACE").or_else(from_file).unwrap_or_default();
    named.trim().to_owned()
}

fn address() -> Option<String> {
    let (host, port) = (variable("KUBERNETES_SERVICE_HOST")?, variable("KUBERNETES_SERVICE_PORT")?);
    let is_v6 = matches!(host.parse(), Ok(IpAddr::V6(_)));
    Some(if is_v6 { format!("https://[{host}]:{port}") } else { format!("https://{host}:{port}") })
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
