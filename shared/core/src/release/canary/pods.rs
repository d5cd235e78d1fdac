//! How many pods a canary and its stable version have at a weight.

pub mod by_ratio;
pub mod routed;

use serde::{Deserialize, Serialize};

use super::amount::Amount;

/// What sizes depend on besides the weight.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Sizing {
    /// Of the stable version when it is alone.
    pub replicas: u32,
    pub max_surge: Amount,
    pub max_unavailable: Amount,
    /// Whoever has pods at all has at least so many; with a router only (`minPodsPerReplicaSet`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_pods: Option<u32>,
    /// The stable version shrinks as it loses requests; with a router only (`dynamicStableScale`).
    pub dynamic_stable: bool,
}

/// Of both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
pub struct Pods {
    pub canary: u32,
    pub stable: u32,
}

impl Sizing {
    /// As Argo has it where nothing is said (`utils/defaults`).
    #[must_use]
    pub fn of(replicas: u32) -> Self {
        let quarter = Amount::Percent(25);
        Self { replicas, max_surge: quarter, max_unavailable: quarter, min_pods: None, dynamic_stable: false }
    }

    /// So many pods above the stable version's size may there be.
    #[must_use]
    pub fn surge(&self) -> u32 {
        self.max_surge.of_up(self.replicas)
    }

    /// So many of the stable version's size may be missing: one where nothing could move otherwise
    /// (`resolveFenceposts` of Argo's `utils/replicaset/replicaset.go`).
    #[must_use]
    pub fn unavailable(&self) -> u32 {
        let unavailable = self.max_unavailable.of_down(self.replicas).min(self.replicas);
        if unavailable == 0 && self.surge() == 0 { self.replicas.min(1) } else { unavailable }
    }
}
