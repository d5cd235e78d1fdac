//! Which pods have passed which stage: what was tested is what may be switched to.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;

use super::asked::ForWorkload;
use super::test::{PodTest, Stage};
use crate::kube::{Pod, Workload};

/// A pod from one time that it became ready to the next: one whose container was started again is another one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TestedPod {
    uid: String,
    ready_since: Option<Timestamp>,
}

impl TestedPod {
    /// As it is now.
    #[must_use]
    pub fn of(pod: &Pod) -> Self {
        let ready_since = pod.condition("Ready").and_then(|condition| condition.last_transition_time);
        Self { uid: pod.metadata.uid.clone(), ready_since }
    }
}

/// The tests of a color, and who has passed them so far.
#[derive(Debug, Clone)]
pub struct Covered {
    asked: Vec<ForWorkload>,
    passed: BTreeSet<(Stage, TestedPod)>,
}

/// A pod whose turn it is.
#[derive(Debug, Clone)]
pub struct Turn {
    pub pod: Pod,
    pub tests: Vec<PodTest>,
}

impl Covered {
    /// Nobody has passed anything yet.
    #[must_use]
    pub fn nothing_of(asked: Vec<ForWorkload>) -> Self {
        Self { asked, passed: BTreeSet::new() }
    }

    /// The same smoke tests, which nobody has passed yet.
    #[must_use]
    pub fn smoke_again(&self) -> Self {
        let smoke = |one: &ForWorkload| ForWorkload {
            workload: one.workload.clone(),
            tests: one.tests.iter().filter(|test| test.stage == Stage::Smoke).cloned().collect(),
        };
        Self::nothing_of(self.asked.iter().map(smoke).collect())
    }

    /// Notes that a pod has passed all tests of a stage.
    pub fn pass(&mut self, stage: Stage, pod: TestedPod) {
        self.passed.insert((stage, pod));
    }

    /// The pods that have yet to pass a stage, of those that are ready: each of them, and of smoke tests one of each
    /// workload of which none has.
    #[must_use]
    pub fn outstanding(&self, stage: Stage, workloads: &[Arc<Workload>], ready: &[&Pod]) -> Vec<Turn> {
        let mut turns: Vec<Turn> = Vec::new();
        for one in &self.asked {
            let tests: Vec<PodTest> = one.tests.iter().filter(|test| test.stage == stage).cloned().collect();
            if tests.is_empty() {
                continue;
            }
            let mut own: Vec<&Pod> =
                ready.iter().copied().filter(|pod| self.asked_like(pod, workloads) == Some(one)).collect();
            own.sort_by(|a, b| a.metadata.name.cmp(&b.metadata.name));
            let has_passed = |pod: &&Pod| self.passed.contains(&(stage, TestedPod::of(pod)));
            let enough = stage == Stage::Smoke && own.iter().any(has_passed);
            let most = if stage == Stage::Smoke { 1 } else { own.len() };
            let waiting = own.into_iter().filter(|pod| !has_passed(pod) && !enough).take(most);
            turns.extend(waiting.map(|pod| Turn { pod: pod.clone(), tests: tests.clone() }));
        }
        turns
    }

    /// Names of the ready pods that something has yet to be asked of.
    #[must_use]
    pub fn untested(&self, workloads: &[Arc<Workload>], ready: &[&Pod]) -> BTreeSet<String> {
        let turns = Stage::ALL.iter().flat_map(|stage| self.outstanding(*stage, workloads, ready));
        turns.map(|turn| turn.pod.metadata.name).collect()
    }

    /// What a pod is asked: as its workload's pods, and where nobody of them runs it as the first one's that are
    /// asked anything.
    fn asked_like(&self, pod: &Pod, workloads: &[Arc<Workload>]) -> Option<&ForWorkload> {
        let runs = |one: &&ForWorkload| workloads.iter().any(|w| w.reference() == one.workload && w.owns(pod));
        let own = self.asked.iter().find(runs);
        own.or_else(|| self.asked.iter().find(|one| !one.tests.is_empty()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::release::pod_tests::testing::smoke;

    fn pod(name: &str, since: &str) -> Pod {
        serde_json::from_value(json!({
            "metadata": {"name": name, "uid": format!("uid-{name}")},
            "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": since}]},
        }))
        .unwrap()
    }

    fn covered() -> Covered {
        let health = PodTest { stage: Stage::Health, ..smoke("/health") };
        Covered::nothing_of(vec![ForWorkload { workload: "deploy/api".into(), tests: vec![health, smoke("/")] }])
    }

    fn names(covered: &Covered, stage: Stage, ready: &[&Pod]) -> Vec<String> {
        covered.outstanding(stage, &[], ready).into_iter().map(|turn| turn.pod.metadata.name).collect()
    }

    /// Pods that nobody tested would get the traffic.
    #[test]
    fn every_pod_is_asked_for_its_health_and_one_is_enough_for_smoke_tests() {
        const THEN: &str = "2026-01-01T00:00:00Z";
        let (a, b, c) = (pod("a", THEN), pod("b", THEN), pod("c", THEN));
        let mut covered = covered();
        assert_eq!(names(&covered, Stage::Health, &[&b, &a]), ["a", "b"]);
        assert_eq!(names(&covered, Stage::Smoke, &[&b, &a]), ["a"]);
        assert!(names(&covered, Stage::Dependencies, &[&a]).is_empty());
        for pod in [&a, &b] {
            covered.pass(Stage::Health, TestedPod::of(pod));
        }
        covered.pass(Stage::Smoke, TestedPod::of(&a));
        assert!(covered.untested(&[], &[&a, &b]).is_empty());
        // One that joined, one that was started again, and one that went with all that smoke tests had seen.
        assert_eq!(covered.untested(&[], &[&a, &b, &c]), BTreeSet::from(["c".to_owned()]));
        let again = pod("b", "2026-01-01T00:00:09Z");
        assert_eq!(names(&covered, Stage::Health, &[&a, &again]), ["b"]);
        assert_eq!(names(&covered, Stage::Smoke, &[&b]), ["b"]);
    }
}
