//! What a move does to each Service: pure, from a snapshot and options.

mod back;
mod by_hand;
mod case;
mod choice;
mod movement;
mod pairing;
pub mod scale;
mod services;
mod size;
mod step;
mod text;

pub use movement::Move;
pub use services::{Planned, ServicePlan, SwitchPlan, tracks_of};
pub use step::{MoveRequest, Stay, StayState};
pub use text::{subjects_of, text};
