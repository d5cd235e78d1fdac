//! What a person touches: flags, prompts, progress, tables, completion, and how a run ends.

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

pub mod bounded_file;
mod caught;
pub mod clock;
pub mod complete;
pub mod confirm;
mod escape;
pub mod flags;
pub mod images;
pub mod manifest_file;
pub mod news;
pub mod output;
pub mod print;
pub mod progress;
pub mod report;
pub mod run;
pub mod schema;
pub mod table;
pub mod talk;
mod told;
pub mod usage;
pub mod verb;
