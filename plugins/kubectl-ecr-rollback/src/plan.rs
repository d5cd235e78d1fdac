//! What a rollback does to the workload: pure, from a snapshot and a choice.

pub mod evidence;
pub mod image_change;
pub mod lines;
pub mod state_of_record;
pub mod way_back;

#[cfg(test)]
pub mod tests;
