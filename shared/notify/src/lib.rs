//! Tells others about a release, beside it: nothing here ends a run, makes it wait longer than [`desk::LINGER`], or
//! prints what a Secret holds.

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

pub mod address;
mod audit;
pub mod desk;
mod gateway;
mod outlet;
mod post;
mod secrets;
mod trouble;
mod untold;
