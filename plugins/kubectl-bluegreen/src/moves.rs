//! The way of every move, from reading to report: what `switch`, `rollback` and `preflight` share.

mod agreed;
mod expected;
mod hooked;
mod identified;
mod next_step;
mod planning;
mod report;
mod rights;
mod scaling;
mod steps;

pub use agreed::AgreedPlan;
pub use expected::{UNTESTED, all_tested, now};
pub use identified::of_moves;
pub use next_step::what_would_go_through;
pub use planning::{make_plan, views};
pub use report::MoveReport;
pub use rights::{by_route, may_move_all, rights};
pub use steps::{make, write_agreed};
