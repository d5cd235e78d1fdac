//! Sizes where a router shares the requests, whatever the pods are
//! (`CalculateReplicaCountsForTrafficRoutedCanary` of Argo's `utils/replicaset/canary.go`).

use super::{Pods, Sizing};
use crate::release::canary::step::CanaryScale;

/// What is asked of the pods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Load {
    /// The canary's share of the requests.
    pub weight: u32,
    /// All of them.
    pub most: u32,
    /// A size that was asked for.
    pub scale: Option<CanaryScale>,
    /// The share that the canary is known to have now.
    pub real: Option<u32>,
    /// Requests are led to it past its weight: by a header, or as copies.
    pub is_led_to: bool,
}

/// So many pods each of them has to have.
///
/// Stricter than Argo: whatever size was asked for, a canary has what its share of the requests takes, and one pod
/// where anything leads to it.
#[must_use]
pub fn routed(sizing: &Sizing, load: Load) -> Pods {
    let share = |weight: u32| share(sizing.replicas, weight.min(load.most), load.most);
    let at_least = |pods: u32| at_least(sizing, pods);
    let asked = match load.scale {
        // To Argo a number is a number, unless the stable version shrinks.
        Some(CanaryScale::Replicas(pods)) if sizing.dynamic_stable => at_least(pods),
        Some(CanaryScale::Replicas(pods)) => pods,
        Some(CanaryScale::Weight(weight)) => at_least(share(weight)),
        Some(CanaryScale::MatchTrafficWeight) | None => at_least(share(load.weight)),
    };
    let carries = share(load.weight).max(load.real.map(share).unwrap_or_default());
    let canary = asked.max(carries).max(load.is_led_to.into());
    if !sizing.dynamic_stable {
        return Pods { canary, stable: sizing.replicas };
    }
    let rest = |weight: u32| share(load.most.saturating_sub(weight));
    // Argo takes the size that was asked for the canary for its weight here, whichever is more.
    let as_asked = match load.scale {
        Some(CanaryScale::Weight(weight)) => weight,
        Some(CanaryScale::Replicas(_)) => 0,
        Some(CanaryScale::MatchTrafficWeight) | None => load.weight,
    };
    let stable = rest(load.weight).max(rest(as_asked)).max(load.real.map(rest).unwrap_or_default());
    Pods { canary: at_least(canary), stable: at_least(stable) }
}

/// Rounded up.
fn share(replicas: u32, weight: u32, most: u32) -> u32 {
    let all = u64::from(replicas).saturating_mul(weight.into());
    let pods = all.saturating_add(u64::from(most).saturating_sub(1)).checked_div(most.into());
    u32::try_from(pods.unwrap_or_default()).unwrap_or(u32::MAX)
}

/// Nobody who has pods has fewer than that (`CheckMinPodsPerReplicaSet`, capped since 1.10).
fn at_least(sizing: &Sizing, pods: u32) -> u32 {
    let least = sizing.min_pods.unwrap_or_default().min(sizing.replicas);
    if pods == 0 { 0 } else { pods.max(least) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOAD: Load = Load { weight: 0, most: 100, scale: None, real: None, is_led_to: false };

    fn both(sizing: &Sizing, load: Load) -> (u32, u32) {
        let pods = routed(sizing, load);
        (pods.canary, pods.stable)
    }

    #[test]
    fn a_share_is_rounded_up_and_stable_stays_whole() {
        for (replicas, weight, canary) in
            [(20, 5, 1), (10, 5, 1), (10, 15, 2), (3, 50, 2), (3, 100, 3), (1, 1, 1), (10, 0, 0)]
        {
            assert_eq!(
                both(&Sizing::of(replicas), Load { weight, ..LOAD }),
                (canary, replicas),
                "{weight} of {replicas}"
            );
        }
        assert_eq!(both(&Sizing::of(10), Load { weight: 5, most: 1000, ..LOAD }), (1, 10));
        assert_eq!(both(&Sizing::of(0), Load { weight: 50, ..LOAD }), (0, 0));
        assert_eq!(both(&Sizing::of(u32::MAX), Load { weight: 100, ..LOAD }), (u32::MAX, u32::MAX));
    }

    /// argo-rollouts#4424: more canary pods than replicas are pods, and no weight above all.
    #[test]
    fn a_size_that_is_asked_for_is_had_but_never_less_than_the_share_takes() {
        let sizing = Sizing::of(10);
        for (scale, weight, canary) in [
            (CanaryScale::Replicas(2), 5, 2),
            (CanaryScale::Replicas(30), 5, 30),
            (CanaryScale::Weight(25), 0, 3),
            (CanaryScale::Weight(100), 50, 10),
            (CanaryScale::MatchTrafficWeight, 50, 5),
            // Argo would have one pod serve half of all requests.
            (CanaryScale::Replicas(1), 50, 5),
            (CanaryScale::Weight(10), 50, 5),
            (CanaryScale::Replicas(0), 0, 0),
        ] {
            assert_eq!(
                both(&sizing, Load { weight, scale: Some(scale), ..LOAD }),
                (canary, 10),
                "{scale:?} at {weight}"
            );
        }
    }

    /// argo-rollouts#3501: testers were led to a canary that went down to no pod.
    #[test]
    fn a_canary_that_anything_leads_to_has_a_pod() {
        let led = Load { scale: Some(CanaryScale::MatchTrafficWeight), is_led_to: true, ..LOAD };
        assert_eq!(both(&Sizing::of(10), led), (1, 10));
    }

    #[test]
    fn who_has_pods_has_at_least_the_least_and_a_number_is_not_raised() {
        let sizing = Sizing { min_pods: Some(3), ..Sizing::of(10) };
        assert_eq!(both(&sizing, Load { weight: 5, ..LOAD }), (3, 10));
        assert_eq!(both(&sizing, LOAD), (0, 10));
        assert_eq!(both(&sizing, Load { weight: 5, scale: Some(CanaryScale::Replicas(1)), ..LOAD }), (1, 10));
        let small = Sizing { min_pods: Some(5), ..Sizing::of(2) };
        assert_eq!(both(&small, Load { weight: 10, ..LOAD }), (2, 2), "never more than it has alone");
        let dynamic = Sizing { dynamic_stable: true, ..sizing };
        assert_eq!(both(&dynamic, Load { weight: 5, scale: Some(CanaryScale::Replicas(1)), ..LOAD }), (3, 10));
    }

    /// argo-rollouts#3020, #3372: stable was small while it got all requests again.
    #[test]
    fn a_stable_version_that_shrinks_has_what_the_larger_of_both_shares_takes() {
        let sizing = Sizing { dynamic_stable: true, ..Sizing::of(10) };
        assert_eq!(both(&sizing, Load { weight: 50, ..LOAD }), (5, 5));
        assert_eq!(both(&sizing, Load { weight: 50, real: Some(20), ..LOAD }), (5, 8), "not before it has lost them");
        assert_eq!(both(&sizing, Load { weight: 0, real: Some(80), ..LOAD }), (8, 10), "on its way back");
        assert_eq!(both(&sizing, Load { weight: 100, ..LOAD }), (10, 0));
    }
}
