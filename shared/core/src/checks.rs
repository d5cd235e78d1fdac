//! What checks find, and every check that plugins share.

pub mod finding;
pub mod ids;
pub mod image_updater;
pub mod ownership;
pub mod severity;
pub mod weighing;
