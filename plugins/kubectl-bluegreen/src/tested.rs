//! What became of a test of a pod.

use std::time::Duration;

use release_core::release::pod_tests::{PodTest, Stage};

/// One test of one pod, ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tested {
    pub stage: Stage,
    pub test: String,
    pub pod: String,
    pub pod_uid: String,
    pub tries: u32,
    /// Failures in a row at its end.
    pub failed: u32,
    /// Of the last answer, where there was one: `200`, `SERVING`.
    pub status: Option<String>,
    /// Of the last try, from the request to its answer.
    pub took: Duration,
    /// Why the last try failed; nothing where the test has passed.
    pub why: Option<String>,
}

impl Tested {
    /// `passed`, `failed`.
    #[must_use]
    pub fn result(&self) -> &'static str {
        if self.why.is_none() { "passed" } else { "failed" }
    }
}

/// One test as it is planned.
#[must_use]
pub fn planned(test: &PodTest) -> String {
    let asked = format!("{} on {}", test.ask, test.port);
    if test.stage == Stage::Health { asked } else { format!("{} ({asked})", test.name) }
}
