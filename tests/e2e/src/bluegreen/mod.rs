//! `kubectl bluegreen` on a blue and a green version behind a Service.

pub mod admission;
pub mod app;
pub mod balancer;
pub mod calls;
pub mod claims;
pub mod kill_points;
pub mod moto;
pub mod previewed;
pub mod routed;
pub mod run;
pub mod setup;
pub mod states;
pub mod trial;
pub mod under_load;
pub mod written;
pub mod zone;

pub use app::{active, blue_green};
