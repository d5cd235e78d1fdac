//! Talking to Amazon ECR: reading, previewing a lifecycle policy, and the one place that writes.

mod apply;
mod index;
mod preview;
mod read;
mod registry;
mod repositories;
mod throttle;
mod translate;

pub use registry::{ImageId, PreviewAction, PreviewedImage, Registry, RepositoryInfo, TagMutability, connect};

#[cfg(test)]
mod tests;
