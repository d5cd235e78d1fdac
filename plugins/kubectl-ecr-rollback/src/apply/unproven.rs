//! How the watch over a rollout ends that is not done.

use release_core::failure::Failure;

/// The reason of a failure whose pods failed, or whose deadline has passed.
pub const ROLLOUT_FAILED: &str = "RolloutFailed";

/// Not done, and what may be made of it.
#[derive(Debug)]
pub enum Unproven {
    /// It goes on, or waits for a person: it stays, and the same words watch on.
    Unfinished(Failure),
    /// It failed.
    Failed(Failure),
    /// Somebody else changed or took back the images: nothing of it is ours any more.
    Overtaken(Failure),
}
