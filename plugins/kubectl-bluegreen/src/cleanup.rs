//! Taking down colors whose retention has passed: which they are, what keeps them, the writes and the waiting. The verb is
//! in `commands/cleanup.rs`; a release does the same first with what is due.

mod asked;
mod brought_back;
mod budgets;
mod by_other_routes;
pub mod decision;
pub mod due;
mod due_by_route;
mod gone;
mod hindrance;
mod judge;
pub mod left_preview;
mod look;
pub mod overdue;
mod overtaken;
pub mod place;
mod put_back;
mod refused;
pub mod removal;
mod retention;
mod seen;
pub mod take_down;
pub mod unexposed;
mod writing;
