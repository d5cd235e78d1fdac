//! Every read of one moment: the Services named, and all that decides about switching them.
//!
//! The first read opens the connection and the rest share it, concurrently. What a switch can't
//! do without fails the snapshot; everything else becomes a [`Reading`] that may say why it
//! could not be made.

mod beyond;
mod ingresses;
mod load;
mod looking;
mod moment;
mod optional;
mod read;
mod records;
mod routers;
mod zone_seen;

pub use beyond::routes_from_beyond;
pub use ingresses::{canaries_now, with_whose_ingresses};
pub use load::load;
pub use looking::Looking;
pub use moment::Snapshot;
pub use optional::{ReadScope, rollouts_in};
#[cfg(test)]
pub use read::ReplicaSets;
pub use read::{
    attributed, daemon_sets, nodes, pods_selected, pods_with, service, templates, workload_now, workloads,
    workloads_and_images, workloads_and_pods,
};
pub use records::{place_of, with_records};
pub use release_cluster::read::Reading;
pub use routers::{Routes, all_routes, decide, destination_rules_in, routes_in};
