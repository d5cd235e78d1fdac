//! What a registry holds: references, the order of pushes, lifecycle policies.

pub mod ecr_reference;
pub mod image;
pub mod index_manifest;
pub mod lifecycle_policy;
pub mod manifest_content;
pub mod other_host;
pub mod platforms;
pub mod push_history;
pub mod scan_gate;
pub mod signature;
pub mod subject_tag;
