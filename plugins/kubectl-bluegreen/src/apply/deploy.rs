//! Preparing a color: its writes, each on the condition that things are as they were read, and its rollout,
//! and tests of it.

mod may_test;
mod pod_tests;
mod rewritten;
mod rollout;
mod still_idle;
mod try_pod;
mod write;

pub use may_test::may_test;
pub use pod_tests::{TESTS_FAILED, cover};
pub use rewritten::runs_as_asked;
pub use rollout::{Rollout, wait};
pub use still_idle::still_idle;
pub use try_pod::{Limit, take};
pub use write::{all, is_as_written};
