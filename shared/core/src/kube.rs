//! The objects a release is made of, cut down to what decisions need.

pub mod differing;
mod labels;
pub mod manifest;
mod node;
mod owners;
pub mod path;
mod pod;
pub mod service;
mod workload;

pub use labels::{Labels, has_all, selector_matches, selector_text};
pub use node::{Node, lose_unreachable};
pub use owners::{OwnedSet, REVISION, attribute, controller_of, deployed_revision, lose_orphans};
pub use pod::{
    LEFT_OUT, NODE_LOST, OWNER_GONE, Owner, Pod, PodCondition, PodContainer, PodMeta, PodPort, PodSpec, PodStatus,
    RunBy,
};
pub use workload::{Condition, Replacement, TemplateRevision, Workload, WorkloadKind};
