//! Preparing a color: its writes, each on the condition that things are as they were read, and its rollout.

mod rewritten;
mod rollout;
mod write;

pub use rewritten::runs_as_asked;
pub use rollout::{Rollout, wait};
pub use write::{all, is_as_written};
