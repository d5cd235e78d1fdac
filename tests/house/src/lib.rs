//! The shape of the workspace's sources, read as text: files, and which of them imports which.

pub mod circles;
pub mod held;
pub mod imports;
pub mod notices;
pub mod sources;
pub mod supply;
