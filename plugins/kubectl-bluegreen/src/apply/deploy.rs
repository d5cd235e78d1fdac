//! Preparing a color: its writes, each on the condition that things are as they were read, and its rollout.

mod rollout;
mod write;

pub use rollout::{Rollout, wait};
pub use write::all;
