//! What the API server says of a canary and the version beside it.

use std::fmt;

use jiff::Timestamp;

/// Whose pods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    Stable,
    Canary,
}

impl fmt::Display for Which {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stable => "stable",
            Self::Canary => "canary",
        })
    }
}

/// Which template a workload asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// The one that the release began with.
    Old,
    /// The one that is released.
    New,
    /// Neither: somebody else's.
    Other,
}

/// One of the two workloads; by default it has no pods.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Side {
    /// Pods that are asked for (`spec.replicas`).
    pub wanted: u32,
    /// What we asked for last: another number is another hand's.
    pub noted: u32,
    /// Pods of the template that is there now which are available, and no more than are sure to be.
    pub available: u32,
    /// Pods of another template that it still has.
    pub others: u32,
    /// Its pods that requests go to, as the EndpointSlices of every Service in front have them.
    pub serving: u32,
    /// Its pods that any of these Services still has.
    pub listed: u32,
    /// Why its rollout will not end by itself, where that is so.
    pub stuck: Option<String>,
}

impl Side {
    /// Pods that take requests, and stay.
    #[must_use]
    pub fn carries(&self) -> u32 {
        self.available.min(self.serving).min(self.wanted)
    }
}

/// Both, at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    pub stable: Side,
    /// Which template the stable workload asks for.
    pub stable_asks_for: Version,
    /// Nothing where there is no canary.
    pub canary: Option<Side>,
    pub now: Timestamp,
}
