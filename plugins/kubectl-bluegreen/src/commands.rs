//! The verbs, one a file.

pub mod cleanup;
pub mod completion;
pub mod deploy;
pub mod history;
pub mod init;
mod objects;
pub mod preflight;
pub mod preview;
pub mod rollback;
pub mod status;
pub mod switch;
