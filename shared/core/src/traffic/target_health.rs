//! What a load balancer says of the targets of a group
//! (<https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetHealth.html>).

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::text::printable;

/// The state of a target that gets requests.
const HEALTHY: &str = "healthy";
/// The reason of one whose group no load balancer uses: nobody checks its health.
const NOT_IN_USE: &str = "Target.NotInUse";

/// One target, as it is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetState {
    /// An address, where targets are addresses.
    pub id: String,
    /// `initial`, `healthy`, `unhealthy`, `unhealthy.draining`, `unused`, `draining`, `unavailable`.
    pub state: String,
    /// `Elb.RegistrationInProgress`
    pub reason: Option<String>,
}

/// How the pods of a color stand in one group.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    pub healthy: usize,
    pub of: usize,
    /// What the others are, with how many: `initial (Elb.InitialHealthChecking)`.
    pub others: BTreeMap<String, usize>,
    /// No load balancer uses the group: its health is not checked.
    pub is_unused: bool,
}

impl Standing {
    /// The addresses of the pods, as the group has them. One address may stand there with several ports: all of them
    /// have to be healthy.
    #[must_use]
    pub fn of(wanted: &BTreeSet<IpAddr>, states: &[TargetState]) -> Self {
        let mut seen: BTreeMap<IpAddr, Vec<&TargetState>> = BTreeMap::new();
        for state in states {
            if let Ok(address) = state.id.parse() {
                seen.entry(address).or_default().push(state);
            }
        }
        let mut standing = Self { of: wanted.len(), ..Self::default() };
        let mut unused = 0_usize;
        for address in wanted {
            let own = seen.get(address).map(Vec::as_slice).unwrap_or_default();
            match own.iter().find(|target| target.state != HEALTHY) {
                None if own.is_empty() => standing.count("not registered".to_owned()),
                None => standing.healthy = standing.healthy.saturating_add(1),
                Some(target) => {
                    if target.reason.as_deref() == Some(NOT_IN_USE) {
                        unused = unused.saturating_add(1);
                    }
                    let reason = target.reason.as_deref().map(|reason| format!(" ({})", printable(reason)));
                    standing.count(format!("{}{}", printable(&target.state), reason.unwrap_or_default()));
                }
            }
        }
        standing.is_unused = unused > 0 && unused == standing.of;
        standing
    }

    fn count(&mut self, what: String) {
        let count = self.others.entry(what).or_default();
        *count = count.saturating_add(1);
    }

    /// True where all of them get requests.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.of > 0 && self.healthy == self.of
    }

    /// `1/3 healthy, 2 initial (Elb.InitialHealthChecking)`
    #[must_use]
    pub fn shown(&self) -> String {
        let others = self.others.iter().map(|(what, count)| format!(", {count} {what}"));
        format!("{}/{} healthy{}", self.healthy, self.of, others.collect::<String>())
    }
}

/// The region of an ARN (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html>).
#[must_use]
pub fn region_of(arn: &str) -> Option<&str> {
    let mut parts = arn.split(':');
    let is_arn = parts.next() == Some("arn");
    let region = parts.nth(2).filter(|region| {
        !region.is_empty()
            && region.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    });
    region.filter(|_| is_arn)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(id: &str, state: &str, reason: Option<&str>) -> TargetState {
        TargetState { id: id.into(), state: state.into(), reason: reason.map(str::to_owned) }
    }

    fn wanted(addresses: &[&str]) -> BTreeSet<IpAddr> {
        addresses.iter().map(|address| address.parse().unwrap()).collect()
    }

    /// Clients would get errors while the pods that they are sent to are still being registered
    /// (aws-load-balancer-controller#2061, argo-rollouts#4433). The states are those of AWS's reference.
    #[test]
    fn only_what_is_healthy_counts_and_only_of_the_color() {
        let states = [
            state("10.0.0.1", "healthy", None),
            state("10.0.0.2", "initial", Some("Elb.InitialHealthChecking")),
            state("10.0.0.9", "draining", Some("Target.DeregistrationInProgress")),
        ];
        let now = Standing::of(&wanted(&["10.0.0.1", "10.0.0.2", "10.0.0.3"]), &states);
        assert_eq!(now.shown(), "1/3 healthy, 1 initial (Elb.InitialHealthChecking), 1 not registered");
        assert!(!now.is_whole());
        assert!(Standing::of(&wanted(&["10.0.0.1"]), &states).is_whole());
        assert!(!Standing::of(&wanted(&[]), &states).is_whole(), "nobody is nobody");
        let two_ports = [state("10.0.0.1", "healthy", None), state("10.0.0.1", "unhealthy", Some("Target.Timeout"))];
        assert!(!Standing::of(&wanted(&["10.0.0.1"]), &two_ports).is_whole());
        let ipv6 = [state("2001:db8::1", "healthy", None), state("i-0123", "healthy", None)];
        assert!(
            Standing::of(&wanted(&["2001:DB8:0:0:0:0:0:1"]), &ipv6).is_whole(),
            "one address, two ways to write it"
        );
    }

    /// A group that no listener uses has no health, and would be waited for until time is over.
    #[test]
    fn a_group_that_nobody_uses_is_told_from_one_that_is_sick() {
        let unused = [state("10.0.0.1", "unused", Some("Target.NotInUse"))];
        assert!(Standing::of(&wanted(&["10.0.0.1"]), &unused).is_unused);
        assert!(!Standing::of(&wanted(&["10.0.0.1", "10.0.0.2"]), &unused).is_unused);
    }

    #[test]
    fn an_arn_says_where_its_group_is() {
        let arn = "arn:aws-cn:elasticloadbalancing:cn-north-1:123456789012:targetgroup/k8s-shop-api/73e2d6bc24d8a067";
        assert_eq!(region_of(arn), Some("cn-north-1"));
        for odd in ["", "arn:aws", "green-tg", "arn:aws:elasticloadbalancing::1:targetgroup/x", "arn:a:b:../x:1:t"] {
            assert_eq!(region_of(odd), None, "{odd}");
        }
    }
}
