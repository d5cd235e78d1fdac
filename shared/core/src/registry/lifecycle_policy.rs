//! Lifecycle policies of ECR: what their text means, what they do to the images of a repository,
//! and how to change one so that it spares an image.
//!
//! The grammar is that of "Lifecycle policy properties in Amazon ECR"
//! (<https://docs.aws.amazon.com/AmazonECR/latest/userguide/lifecycle_policy_parameters.html>), the
//! evaluation that of "Lifecycle policy evaluation rules"
//! (<https://docs.aws.amazon.com/AmazonECR/latest/userguide/LifecyclePolicies.html>). Where these
//! leave something open, we assume what takes more images away, so that nobody is told that an
//! image stays which does not.

mod build;
mod difference;
mod evaluate;
mod file;
mod grammar;
mod later;
mod pattern;
mod policy;
mod problem;
mod protect;
mod remarks;
mod text;
mod words;

pub use build::{Keep, build};
pub use difference::{Change, Difference, difference};
pub use evaluate::{Judged, Kept, Taken, Verdict, evaluate};
pub use file::text_in_file;
pub use grammar::parse;
pub use later::{Later, later};
pub use policy::{Action, Limit, LimitKind, Policy, Rule, StorageClass, Tags};
pub use problem::{MAX_CHARS, MAX_RULES, Problem, RulePosition};
pub use protect::{Horizon, Protection, Raised, Spare, protect};
pub use remarks::{Remark, remarks};

#[cfg(test)]
mod samples;
