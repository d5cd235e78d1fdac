//! Decides over values.
//!
//! Nothing here knows a client, a runtime, a parser of flags, an SDK, a clock, a terminal or an
//! environment: they are not among this crate's dependencies, and `clippy.toml` beside its
//! manifest forbids what the standard library would still offer. What it needs of the world comes
//! in as a value; what is to be done or said goes out as one.

// Numbers come from annotations, clusters and registries: none may end a run in the middle of it.
#![cfg_attr(
    not(test),
    deny(
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        clippy::cast_sign_loss
    )
)]

pub mod analysis;
pub mod checks;
pub mod command;
pub mod duration;
pub mod failure;
#[cfg(test)]
mod hostile;
pub mod kube;
pub mod log;
pub mod number_or_text;
pub mod registry;
pub mod release;
pub mod text;
pub mod traffic;
pub mod workload;
