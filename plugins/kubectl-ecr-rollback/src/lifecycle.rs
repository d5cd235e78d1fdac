//! What a lifecycle policy would do to repositories, and who would miss what it takes: all pure.

pub mod args;
pub mod compare;
pub mod demand;
pub mod document;
mod expansion;
pub mod going_later;
pub mod needs;
pub mod objections;
pub mod options;
pub mod other_kinds;
pub mod outlook;
pub mod pod_spec;
pub mod pods;
pub mod row;
pub mod targets;
pub mod text;
pub mod usage;
pub mod uses;
pub mod versions;
pub mod ways;
pub mod words;
pub mod workloads;

#[cfg(test)]
pub mod samples;
