//! What a team runs around the move of its traffic: loaded before anything is written, and run when it is time.

mod about;
mod command;
mod job;
mod loaded;
mod logs;
mod tidy;

pub use about::About;
pub use loaded::{Hooks, Loaded};
pub use tidy::tidy;
