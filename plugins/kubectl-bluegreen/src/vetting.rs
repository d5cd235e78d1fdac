//! What ECR knows of the images of a release: whether their scans pass a gate, and whether somebody has signed them.

pub mod known;
mod read;
mod running;

pub use read::read;
pub use running::runs_what_was_vetted;
