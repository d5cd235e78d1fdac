//! What a verb found and did, as text and values.

pub mod plan_text;
pub mod status_text;
