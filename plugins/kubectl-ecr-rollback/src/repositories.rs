//! What the lifecycle verbs share that talks to registries and clusters.

pub mod again;
pub mod clusters;
pub mod failures;
pub mod inventory;
pub mod judge;
pub mod policy_text;
pub mod read;
pub mod session;
pub mod turns;
