//! The tests of a release's document, as they stand there.

use std::time::Duration;

use crate::duration::typed_duration;
use crate::release::document::{HealthCheck, SmokeTest, Spec, Time};

/// All of them together where nothing else is said.
const WITHIN: Duration = Duration::from_secs(30);

/// What a release's document asks.
#[derive(Debug, Clone, PartialEq)]
pub struct PodTests {
    pub health: Option<HealthCheck>,
    pub dependencies: Vec<SmokeTest>,
    pub smoke: Vec<SmokeTest>,
    /// How long all of it may take, from the initial delay on.
    pub within: Duration,
}

impl PodTests {
    /// Nothing where nothing is asked.
    #[must_use]
    pub fn of(spec: &Spec) -> Option<Self> {
        let tests = Self {
            health: spec.health_check.clone(),
            dependencies: spec.dependency_checks.clone(),
            smoke: spec.smoke_tests.clone(),
            within: spec.tests_within.map_or(WITHIN, |Time(within)| within),
        };
        let asks = tests.health.is_some() || !tests.dependencies.is_empty() || !tests.smoke.is_empty();
        asks.then_some(tests)
    }

    /// What can't all be meant, in a few words.
    #[must_use]
    pub fn contradiction(&self) -> Option<String> {
        let health = self.health.as_ref();
        if health.is_some_and(|health| health.http_get.is_some() && health.grpc.is_some()) {
            return Some("spec.healthCheck has httpGet and grpc, and asks in one way".to_owned());
        }
        let within = typed_duration(self.within);
        let seconds = health.and_then(|health| health.timeout_seconds).map(|s| Duration::from_secs(s.into()));
        let own = seconds.map(|timeout| ("spec.healthCheck.timeoutSeconds".to_owned(), timeout));
        let lists = [("spec.dependencyChecks", &self.dependencies), ("spec.smokeTests", &self.smoke)];
        let each = lists.into_iter().flat_map(|(field, tests)| {
            let timeout = |test: &SmokeTest| test.timeout.map(|Time(timeout)| timeout);
            let named = move |(index, test)| Some((format!("{field}[{index}].timeout"), timeout(test)?));
            tests.iter().enumerate().filter_map(named)
        });
        let (field, timeout) = own.into_iter().chain(each).find(|(_, timeout)| *timeout > self.within)?;
        let timeout = typed_duration(timeout);
        Some(format!("{field} is {timeout}, and all tests together have {within}: say spec.testsWithin"))
    }

    /// From a pod's start to its first probe.
    #[must_use]
    pub fn delay(&self) -> Duration {
        let seconds = self.health.as_ref().and_then(|health| health.initial_delay_seconds);
        Duration::from_secs(seconds.unwrap_or(0).into())
    }
}
