//! One verb a file, read from top to bottom.

pub mod history;
pub mod lifecycle;
pub mod rollback;
pub mod unpin;
