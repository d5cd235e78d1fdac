//! Sizes where the pods themselves share the requests, one as much as another: the total stays, and the stable version
//! shrinks (`approximateWeightedCanaryStableReplicaCounts` of Argo's `utils/replicaset/canary.go`, since 1.2).

use std::cmp::Ordering;

use super::Pods;

/// Whoever asks for a share of the requests counts them of so many.
const ALL: u64 = 100;

/// The sizes whose share is nearest to the weight: at least one pod of each from 1 to 99, and one more than there were
/// where that is nearer and allowed.
#[must_use]
pub fn by_ratio(replicas: u32, weight: u32, may_surge: bool) -> Pods {
    let weight = u64::from(weight).min(ALL);
    let hundredths = u64::from(replicas).saturating_mul(weight);
    let (up, down) = (small(hundredths.div_ceil(ALL)), small(hundredths.checked_div(ALL).unwrap_or_default()));
    let is_half = |total: u32| half(u64::from(total).saturating_mul(weight));
    let may_be_none = weight == 0 || weight == ALL || (replicas == 1 && !may_surge);
    let may_go_down = down != 0 || may_be_none;
    let more = replicas.saturating_add(1);
    // In this order: of two that are as near, the first is taken.
    let options = [
        (up, replicas, up < replicas || may_be_none),
        // Argo leaves it out wherever it is as near, and has no canary then where the other isn't allowed, either.
        (down, replicas, (!is_half(replicas) || up >= replicas) && may_go_down),
        (up, more, may_surge),
        (down, more, may_surge && !is_half(more) && may_go_down),
    ];
    let allowed = options.into_iter().filter(|(_, _, is_allowed)| *is_allowed && replicas > 0);
    let best = allowed.reduce(|best, next| if nearer(&next, &best, weight) { next } else { best });
    let (canary, total, _) = best.unwrap_or((0, replicas, true));
    Pods { canary, stable: total.saturating_sub(canary) }
}

fn small(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Hundredths of a pod that are half a one.
fn half(hundredths: u64) -> bool {
    hundredths.checked_rem(ALL) == Some(50)
}

/// Whether the first one's share is nearer to the weight: compared exactly, as fractions.
fn nearer(one: &(u32, u32, bool), other: &(u32, u32, bool), weight: u64) -> bool {
    let distance = |(canary, total, _): &(u32, u32, bool)| {
        let have = u128::from(*canary).saturating_mul(ALL.into());
        (have.abs_diff(u128::from(weight).saturating_mul((*total).into())), u128::from(*total))
    };
    let ((off, total), (other_off, other_total)) = (distance(one), distance(other));
    off.saturating_mul(other_total).cmp(&other_off.saturating_mul(total)) == Ordering::Less
}

/// A weight that pods can have.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reachable {
    pub pods: Pods,
    /// In percent of the requests, where each pod gets as many.
    pub share: f64,
}

/// What a weight really is with so many pods.
#[must_use]
pub fn reached(pods: Pods) -> f64 {
    let (canary, total) = (f64::from(pods.canary), f64::from(pods.canary) + f64::from(pods.stable));
    if total > 0.0 { canary / total * 100.0 } else { 0.0 }
}

/// Every share that so many pods can have, from the smallest on.
#[must_use]
pub fn reachable(replicas: u32, may_surge: bool) -> Vec<Reachable> {
    let mut all: Vec<Pods> = (1..=99).map(|weight| by_ratio(replicas, weight, may_surge)).collect();
    all.retain(|pods| pods.canary > 0 && pods.stable > 0);
    all.dedup();
    all.into_iter().map(|pods| Reachable { pods, share: reached(pods) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both(replicas: u32, weight: u32, may_surge: bool) -> (u32, u32) {
        let pods = by_ratio(replicas, weight, may_surge);
        (pods.canary, pods.stable)
    }

    /// argo-rollouts#1707, #1068 and #1726 ask why it is so many; #1759 is what came of it.
    #[test]
    fn sizes_are_those_that_come_nearest() {
        for (replicas, may_surge, weight, wanted) in [
            (1, false, 10, (0, 1)),
            (1, false, 50, (1, 0)),
            (3, true, 33, (1, 2)),
            (3, false, 50, (2, 1)),
            (10, true, 30, (3, 7)),
            (5, true, 20, (1, 4)),
            (6, true, 10, (1, 6)),
            (6, false, 10, (1, 5)),
            (10, true, 15, (2, 9)),
            (10, false, 5, (1, 9)),
            (10, false, 95, (9, 1)),
            (1, true, 5, (1, 1)),
            (10, true, 0, (0, 10)),
            (10, true, 100, (10, 0)),
            (0, true, 50, (0, 0)),
        ] {
            assert_eq!(both(replicas, weight, may_surge), wanted, "{weight}% of {replicas}, surge {may_surge}");
        }
    }

    /// argo-rollouts#2281: 70% and 95% of two pods are a half, and nothing said so.
    #[test]
    fn it_is_said_which_weights_so_many_pods_can_have() {
        assert_eq!((both(2, 70, false), both(2, 95, false)), ((1, 1), (1, 1)));
        let shares = |replicas, may_surge| -> Vec<u32> {
            reachable(replicas, may_surge).iter().map(|one| one.share.round() as u32).collect()
        };
        assert_eq!(shares(2, false), [50]);
        assert_eq!(shares(4, false), [25, 50, 75]);
        assert!(shares(1, false).is_empty(), "one pod is shared by nobody");
        assert_eq!(shares(1, true), [50]);
    }

    proptest::proptest! {
        #[test]
        fn both_have_a_pod_and_the_total_is_kept(replicas in 2_u32..2000, weight in 1_u32..100, may_surge: bool) {
            let pods = by_ratio(replicas, weight, may_surge);
            proptest::prop_assert!(pods.canary >= 1 && pods.stable >= 1);
            let total = pods.canary + pods.stable;
            proptest::prop_assert!(total == replicas || (may_surge && total == replicas + 1));
            // Nothing that is allowed comes nearer.
            let off = (reached(pods) - f64::from(weight)).abs();
            proptest::prop_assert!(off <= 100.0 / f64::from(replicas));
        }
    }
}
