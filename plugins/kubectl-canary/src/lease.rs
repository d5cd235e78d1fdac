//! Who runs a release: a heartbeat in a Lease (`coordination.k8s.io/v1`,
//! <https://kubernetes.io/docs/concepts/architecture/leases/>) of the release's own.
//!
//! The record lies in annotations, which a Deployment's controller copies to its ReplicaSets: a heartbeat there would be
//! a write of each of them.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use release_core::kube::path::path_of;
use release_core::release::change::{Action, Change, Op};
use release_core::text::printable;
use serde_json::{Value, json};

/// A heartbeat that is older than this is that of a runner that is gone.
const STALE: u32 = 60;

/// Who holds a Lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Nobody where it is empty.
    pub holder: String,
    raw: Value,
    renewed: Option<Timestamp>,
    seconds: u32,
}

/// Whose heartbeat it is, and how often it beats.
#[derive(Debug, Clone)]
pub struct Runner {
    /// `USER (ID)`
    pub name: String,
    /// After so many seconds it is stale.
    pub seconds: u32,
}

impl Runner {
    /// A runner of a release whose times are so many times as short.
    #[must_use]
    pub fn new(user: &str, id: &str, time_scale: Option<u32>) -> Self {
        let seconds = STALE.checked_div(time_scale.unwrap_or(1)).unwrap_or(STALE).max(1);
        Self { name: format!("{} ({id})", printable(user)), seconds }
    }

    /// How often it beats.
    #[must_use]
    pub fn every(&self) -> Duration {
        let stale = Duration::from_secs(self.seconds.into());
        stale.checked_div(6).unwrap_or(stale)
    }
}

impl Held {
    /// Reads a Lease; what was written by somebody else makes nobody wait longer than ours do.
    #[must_use]
    pub fn of(lease: &Value) -> Self {
        let spec = &lease["spec"];
        let seconds = spec["leaseDurationSeconds"].as_u64().and_then(|seconds| u32::try_from(seconds).ok());
        Self {
            holder: printable(spec["holderIdentity"].as_str().unwrap_or_default()),
            renewed: spec["renewTime"].as_str().and_then(|time| time.parse().ok()),
            seconds: seconds.unwrap_or(STALE).clamp(1, STALE),
            raw: spec.clone(),
        }
    }

    /// True while whoever holds it is there.
    #[must_use]
    pub fn is_fresh(&self, now: Timestamp) -> bool {
        let stale = SignedDuration::from_secs(self.seconds.into());
        !self.holder.is_empty() && self.renewed.is_some_and(|at| now.duration_since(at) < stale)
    }

    /// How long ago it was renewed.
    #[must_use]
    pub fn renewed(&self) -> Option<Timestamp> {
        self.renewed
    }
}

/// The Lease of a Deployment's releases.
#[must_use]
pub fn name(stable: &str) -> String {
    format!("kubectl-canary-{stable}")
}

/// Its API path.
#[must_use]
pub fn path(namespace: &str, stable: &str) -> String {
    format!("{}/{}", collection(namespace), name(stable))
}

fn collection(namespace: &str) -> String {
    path_of("coordination.k8s.io", "v1", "leases", Some(namespace))
}

/// The write that takes it, or renews it: nobody else may have done so since it was read.
#[must_use]
pub fn taken(namespace: &str, stable: &str, found: Option<&Held>, runner: &Runner, now: Timestamp) -> Change {
    let time = format!("{now:.6}");
    let object = format!("lease/{}", name(stable));
    let spec = json!({"holderIdentity": runner.name, "leaseDurationSeconds": runner.seconds, "renewTime": time});
    let (path, action) = match found {
        None => {
            let lease = json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
                "metadata": {"name": name(stable), "namespace": namespace}, "spec": spec});
            (collection(namespace), Action::Create(lease))
        }
        Some(held) => {
            let ops = vec![Op::test("/spec", held.raw.clone()), Op::add("/spec", spec)];
            (path(namespace, stable), Action::JsonPatch(ops))
        }
    };
    Change { object, path, action, summary: format!("heartbeat of {}", runner.name), undo: None }
}

/// The write that lets it go, so that nobody has to wait for it.
#[must_use]
pub fn let_go(namespace: &str, stable: &str, found: &Held) -> Change {
    let ops = vec![Op::test("/spec", found.raw.clone()), Op::add("/spec/holderIdentity", "")];
    Change {
        object: format!("lease/{}", name(stable)),
        path: path(namespace, stable),
        action: Action::JsonPatch(ops),
        summary: "nobody runs it any more".to_owned(),
        undo: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(spec: &Value) -> Held {
        Held::of(&json!({"spec": spec}))
    }

    /// Two runners would write at once, or nobody would for an hour.
    #[test]
    fn a_heartbeat_is_fresh_for_as_long_as_it_says_and_never_longer_than_a_minute() {
        let now: Timestamp = "2026-01-01T00:01:00Z".parse().unwrap();
        for (renewed, seconds, is_fresh) in [
            ("2026-01-01T00:00:30.000000Z", json!(60), true),
            ("2025-12-31T23:59:59.000000Z", json!(60), false),
            ("2026-01-01T00:00:57.000000Z", json!(2), false),
            ("2025-12-31T23:59:59.000000Z", json!(86400), false),
            ("2026-01-01T00:00:30.000000Z", Value::Null, true),
            ("yesterday", json!(60), false),
        ] {
            let spec = json!({"holderIdentity": "me", "renewTime": renewed, "leaseDurationSeconds": seconds});
            assert_eq!(held(&spec).is_fresh(now), is_fresh, "{spec}");
        }
        assert!(!held(&json!({"holderIdentity": "", "renewTime": "2026-01-01T00:00:59.000000Z"})).is_fresh(now));
    }
}
