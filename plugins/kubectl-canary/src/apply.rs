//! Carrying a release out: one conditional write after the other, each by a fresh look.

pub mod begin;
mod confirmed;
pub mod drive;
mod ended;
pub mod heartbeat;
pub mod orphan;
mod rewritten;
mod told;
pub mod write;

pub use ended::stopped as stops_for;
pub use told::wait as waits_for;
