//! When enough of a canary's pods are available to go on (`replicaProgressThreshold`, Argo Rollouts since 1.9).

use serde::{Deserialize, Serialize};

/// So many pods are enough; all of them where nothing is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Threshold {
    #[serde(rename = "type")]
    pub of: ThresholdOf,
    pub value: u32,
}

/// What the number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
pub enum ThresholdOf {
    Percent,
    Pods,
}

impl Threshold {
    /// How many of these have to be available; never more than there are to be.
    ///
    /// Argo waits for ever where the number is more than the step has pods (`ReplicaProgressThresholdMet`).
    #[must_use]
    pub fn least(self, desired: u32) -> u32 {
        let least = match self.of {
            ThresholdOf::Pods => u64::from(self.value),
            ThresholdOf::Percent => u64::from(self.value).saturating_mul(desired.into()).div_ceil(100),
        };
        u32::try_from(least).unwrap_or(u32::MAX).min(desired)
    }
}

/// Whether enough are available.
#[must_use]
pub fn is_enough(threshold: Option<Threshold>, available: u32, desired: u32) -> bool {
    available >= threshold.map_or(desired, |threshold| threshold.least(desired))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_rounded_up_and_a_number_is_never_out_of_reach() {
        for (of, value, desired, least) in [
            (ThresholdOf::Percent, 70, 10, 7),
            (ThresholdOf::Percent, 90, 3, 3),
            (ThresholdOf::Percent, 0, 3, 0),
            (ThresholdOf::Percent, 90, 0, 0),
            (ThresholdOf::Pods, 2, 10, 2),
            (ThresholdOf::Pods, 20, 10, 10),
        ] {
            assert_eq!(Threshold { of, value }.least(desired), least, "{of:?} {value} of {desired}");
        }
        assert!(is_enough(None, 3, 3) && !is_enough(None, 2, 3));
    }
}
