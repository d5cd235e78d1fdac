//! Flags that mean the same in every plugin.

pub mod connection;
pub mod output;

pub use connection::ConnectionFlags;
pub use output::{CompleteArgs, DryRunFlag, Output, OutputArgs, STYLES, WriteArgs};
