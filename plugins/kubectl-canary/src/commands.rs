//! One verb a file.

pub mod abort;
pub mod history;
pub mod plan;
mod released;
pub mod run;
pub mod say;
pub mod set_weight;
pub mod shown;
pub mod status;
