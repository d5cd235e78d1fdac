//! One verb a file, read from top to bottom.

pub mod change;
pub mod completion;
pub mod decide;
pub mod history;
pub mod lifecycle;
pub mod registry;
pub mod rollback;
pub mod select;
pub mod unpin;
