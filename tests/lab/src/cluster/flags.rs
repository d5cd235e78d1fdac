//! The flags each part of the cluster is started with.

use std::path::{Path, PathBuf};

use super::forwards;
use crate::layout::Layout;

/// Address of the one machine that all nodes are.
pub const NODE_ADDRESS: &str = "10.0.0.1";
/// Where the API server finds every node's kubelet.
pub const KUBELET_PORT: u16 = 10250;
/// The node whose kube-proxy this machine runs.
pub const PROXY_NODE: &str = "node-a";
pub(super) const POD_RANGE: &str = "10.7.0.0/16";
const SERVICE_RANGE: &str = "10.96.0.0/16";
const ETCD_CLIENTS: &str = "http://127.0.0.1:2379";
const ETCD_PEERS: &str = "http://127.0.0.1:2380";

pub(super) fn file(layout: &Layout, name: &str) -> PathBuf {
    layout.root().join(name)
}

fn arg(name: &str, path: &Path) -> String {
    format!("--{name}={}", path.display())
}

fn owned(args: &[&str]) -> Vec<String> {
    args.iter().map(|arg| (*arg).to_owned()).collect()
}

pub(super) fn etcd(layout: &Layout) -> Vec<String> {
    let mut args = owned(&[
        "--unsafe-no-fsync",
        "--log-level=warn",
        "--quota-backend-bytes=4294967296",
        "--auto-compaction-retention=10m",
    ]);
    args.push(arg("data-dir", &layout.etcd()));
    for name in ["listen-client-urls", "advertise-client-urls"] {
        args.push(format!("--{name}={ETCD_CLIENTS}"));
    }
    for name in ["listen-peer-urls", "initial-advertise-peer-urls"] {
        args.push(format!("--{name}={ETCD_PEERS}"));
    }
    args.push(format!("--initial-cluster=default={ETCD_PEERS}"));
    args
}

pub(super) fn kube_apiserver(layout: &Layout, port: u16) -> Vec<String> {
    let mut args = owned(&[
        "--bind-address=0.0.0.0",
        "--service-account-issuer=https://kubernetes.default.svc",
        "--authorization-mode=RBAC",
        // Pods name no ServiceAccount here, and none needs one.
        "--disable-admission-plugins=ServiceAccount",
        "--profiling=false",
        "--max-requests-inflight=1500",
        "--max-mutating-requests-inflight=750",
        "--allow-privileged=true",
        // Nodes are no names here that anybody could resolve.
        "--kubelet-preferred-address-types=InternalIP",
    ]);
    args.push(format!("--etcd-servers={ETCD_CLIENTS}"));
    args.push(format!("--secure-port={port}"));
    args.push(format!("--advertise-address={NODE_ADDRESS}"));
    args.push(format!("--service-cluster-ip-range={SERVICE_RANGE}"));
    args.push(arg("cert-dir", &file(layout, "apiserver-certs")));
    args.push(arg("tls-cert-file", &file(layout, "apiserver.crt")));
    args.push(arg("tls-private-key-file", &file(layout, "apiserver.key")));
    args.push(arg("client-ca-file", &layout.ca_certificate()));
    args.push(arg("token-auth-file", &file(layout, "tokens.csv")));
    args.push(arg("service-account-key-file", &file(layout, "service-account.pub")));
    args.push(arg("service-account-signing-key-file", &file(layout, "service-account.key")));
    args
}

pub(super) fn kube_controller_manager(layout: &Layout, kubeconfig: &Path) -> Vec<String> {
    let mut args = owned(&[
        "--leader-elect=false",
        "--use-service-account-credentials=false",
        "--secure-port=0",
        "--profiling=false",
        // Enough for 5,000 pods in a minute or two.
        "--kube-api-qps=500",
        "--kube-api-burst=1000",
        "--concurrent-replicaset-syncs=20",
        "--concurrent-deployment-syncs=20",
        "--concurrent-namespace-syncs=20",
        // Many namespaces come and go at once.
        "--namespace-sync-period=30s",
    ]);
    args.push(arg("kubeconfig", kubeconfig));
    args.push(arg("cert-dir", &file(layout, "controller-manager-certs")));
    args.push(arg("service-account-private-key-file", &file(layout, "service-account.key")));
    args
}

pub(super) fn kube_scheduler(kubeconfig: &Path) -> Vec<String> {
    let mut args = owned(&[
        "--leader-elect=false",
        "--secure-port=0",
        "--profiling=false",
        "--kube-api-qps=500",
        "--kube-api-burst=1000",
    ]);
    args.push(arg("kubeconfig", kubeconfig));
    args
}

pub(super) fn kwok(layout: &Layout, kubeconfig: &Path) -> Vec<String> {
    let mut args = owned(&[
        "--manage-all-nodes=true",
        // Without leases nodes go NotReady after 40 s and take every endpoint with them.
        "--node-lease-duration-seconds=40",
        "--v=WARN",
    ]);
    args.push(format!("--cidr={POD_RANGE}"));
    // Without the address kube-proxy waits 30 s for it before it programs anything.
    args.push(format!("--node-ip={NODE_ADDRESS}"));
    // For port-forward: `lab pods` is the kubelet's port that the API server sees.
    args.push(format!("--server-address={}", forwards::KWOK_SERVER));
    args.push(arg("kubeconfig", kubeconfig));
    args.push(arg("config", &file(layout, "stages.yaml")));
    args
}

pub(super) fn kube_proxy(kubeconfig: &Path) -> Vec<String> {
    let mut args = owned(&[
        "--proxy-mode=nftables",
        "--conntrack-max-per-core=0",
        "--conntrack-tcp-timeout-established=0",
        "--conntrack-tcp-timeout-close-wait=0",
        "--metrics-bind-address=127.0.0.1:10249",
        "--healthz-bind-address=127.0.0.1:10256",
    ]);
    args.push(format!("--hostname-override={PROXY_NODE}"));
    args.push(format!("--cluster-cidr={POD_RANGE}"));
    args.push(arg("kubeconfig", kubeconfig));
    args
}
