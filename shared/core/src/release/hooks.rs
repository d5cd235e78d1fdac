//! What a team runs around the move of its traffic: Jobs, and commands of its own. Pure.

mod identity;
mod job;
mod moment;
mod progress;
mod typed;

pub use identity::Identity;
pub use job::{BadJob, MOMENT, RELEASE, SERVICE, attempt_of, job_of, name_of, would_serve};
pub use moment::Moment;
pub use progress::{Progress, chosen, progress};
pub use typed::Hook;
