//! What a move does to each Service: pure, from a snapshot and options.

mod back;
mod by_hand;
mod case;
mod choice;
pub mod deploy;
mod images;
pub mod init;
mod movement;
mod pairing;
pub mod scale;
mod services;
mod size;
mod stay;
mod step;
mod text;
mod way;

pub use choice::runs;
pub use images::{running, shown};
pub use movement::{Move, Place, Width};
pub use services::{Planned, ServicePlan, SwitchPlan, tracks_of};
pub use stay::{Stay, StayState};
pub use step::MoveRequest;
pub use text::{moves_text, subjects_of, text};
pub use way::describe;
