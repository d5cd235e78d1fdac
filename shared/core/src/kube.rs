//! The objects a release is made of, cut down to what decisions need.

mod labels;
mod node;
pub mod path;
mod pod;
pub mod service;
mod workload;

pub use labels::{Labels, has_all, selector_matches, selector_text};
pub use node::{Node, lose_unreachable};
pub use pod::{NODE_LOST, Owner, Pod, PodCondition, PodContainer, PodMeta, PodSpec, PodStatus};
pub use workload::{Condition, Replacement, Workload, WorkloadKind};
