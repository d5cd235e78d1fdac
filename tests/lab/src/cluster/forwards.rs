//! How a port-forward reaches the one pod it was made to.
//!
//! kwok speaks the streams of `kubectl port-forward`, but can be told targets only by a pod's name,
//! one object a pod. So it is told a fixed set of made-up pods, each of which is an address of
//! loopback, and `lab pods` decides for the time of one port-forward which real pod that is.

use std::net::Ipv4Addr;

use serde_json::{Value, json};

/// How many port-forwards there can be at once.
pub const SLOTS: u8 = 250;
/// Where kwok's own kubelet server listens.
pub const KWOK_SERVER: &str = "127.0.0.1:10247";
/// Ports on which every pod answers: the first two in plain text, the third by TLS.
pub const POD_PORTS: [u16; 3] = [8080, 8081, 8443];

const NAMESPACE: &str = "lab";
/// Nobody listens here: a port that the pod doesn't have is refused.
const CLOSED: u16 = 1;

/// The address that stands for the pod of a slot.
pub fn address(slot: u8) -> Ipv4Addr {
    Ipv4Addr::new(127, 1, 0, slot)
}

/// The path that kwok's server knows the slot by.
pub fn path(slot: u8) -> String {
    format!("/portForward/{NAMESPACE}/slot-{slot}")
}

/// What kwok is told.
pub(super) fn rules() -> Vec<Value> {
    (1..=SLOTS).map(rule).collect()
}

fn rule(slot: u8) -> Value {
    let target = |port: u16| json!({"address": address(slot), "port": port});
    let mut forwards: Vec<Value> =
        POD_PORTS.iter().map(|port| json!({"ports": [port], "target": target(*port)})).collect();
    forwards.push(json!({"target": target(CLOSED)}));
    json!({
        "apiVersion": "kwok.x-k8s.io/v1alpha1",
        "kind": "ClusterPortForward",
        "metadata": {"name": format!("slot-{slot}")},
        "spec": {
            "selector": {"matchNamespaces": [NAMESPACE], "matchNames": [format!("slot-{slot}")]},
            "forwards": forwards,
        },
    })
}
