//! Workloads: how far a rollout is, what is wrong with pods, what may take them away.

pub mod container_image;
pub mod disruption;
pub mod drain;
pub mod failing;
pub mod probes;
pub mod revisions;
pub mod rollout_pods;
pub mod rollout_status;
pub mod trouble;
pub mod twin;
