//! What a lifecycle policy would do to repositories, and who would miss what it takes: all pure.

pub mod args;
pub mod compare;
pub mod document;
pub mod needs;
pub mod objections;
pub mod options;
pub mod outlook;
pub mod row;
pub mod text;
pub mod usage;
pub mod uses;
pub mod words;

#[cfg(test)]
mod samples;
