//! What a repository holds and in which order it was pushed, and which of it a workload can go
//! back to.
//!
//! The order is that of `imagePushedAt`, the time of the manifest's push: tagging an image again
//! does not change it, and a tag that is moved leaves the image it was on behind
//! (<https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ImageDetail.html>).
//!
//! [`choose`] decides; the rules it follows are written down in `docs/which-image.md`.

mod answer;
mod catalog;
mod choice;
mod deployable;
mod deployments;
mod doubt;
mod leaving;
mod listing;
mod never_named;
mod never_ready;
mod pushed_image;
mod question;
mod repository;
mod scan;
mod steps;
mod tag;
mod target;
mod unexpected;

pub use super::index_manifest::IndexChildren;
pub use answer::{Choice, Chosen, Counted, Decision, Pinned, SkipReason, Skipped, Why};
pub use choice::{choose, pick};
pub use deployable::{LeftOut, is_index, no_image};
pub use deployments::PUSH_MAY_FOLLOW;
pub use doubt::manifests_to_read;
pub use leaving::{
    Left, LeftBehind, PodImage, UnknownRunning, bare_digest, digest_of_image_id, repository_of_image_id,
};
pub use listing::{Candidate, Deployed};
pub use never_named::NeverNamed;
pub use never_ready::ready_before;
pub use pushed_image::{ImageStatus, PushedImage};
pub use question::{Options, Question, Source};
pub use repository::Repository;
pub use scan::{Findings, Scan, ScanSeverity};
pub use tag::variants::Variants;
pub use tag::{TagForm, TagKind};
pub use unexpected::{Names, Unexpected, Way, applications, unexpected, variants};

#[cfg(test)]
mod tests;
