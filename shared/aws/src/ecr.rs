//! Talking to Amazon ECR: reading, previewing a lifecycle policy, and the one place that writes.

mod apply;
mod contents;
mod index;
mod preview;
mod read;
mod registry;
mod repositories;
mod scans;
mod signatures;
mod throttle;
mod translate;

pub use registry::{ImageId, PreviewAction, PreviewedImage, Registry, RepositoryInfo, TagMutability, connect};
pub use scans::ScannedImage;

#[cfg(test)]
mod tests;
