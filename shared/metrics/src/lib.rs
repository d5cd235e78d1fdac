//! Asking Prometheus, through the API server or directly. What the answers mean is `release_core::analysis`.

// Numbers come from servers: none may end a run in the middle of it.
#![cfg_attr(
    not(test),
    deny(
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        clippy::cast_sign_loss
    )
)]

pub mod answer;
pub mod credentials;
mod direct;
pub mod find;
pub mod source;
pub mod trouble;
