//! Flags that mean the same in every plugin.

pub mod checks;
pub mod connection;
pub mod notify;
pub mod output;
pub mod severity;

pub use checks::check_of;
pub use connection::ConnectionFlags;
pub use notify::NotifyArgs;
pub use output::{CompleteArgs, DryRunFlag, Output, OutputArgs, STYLES, TIMEOUT, WriteArgs};
pub use severity::max_severity;
