//! Records of Amazon Route 53, where DNS decides between the colors, each behind a load balancer of its own: *weighted*
//! records share the answers of one name, *failover* records have one for all and one for when that is unhealthy
//! (<https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/routing-policy.html>). All that is here is decided over
//! record sets as they were read; who reads and writes them is elsewhere.
//!
//! A record's color is that of the load balancer that it leads to ([`balancers`]). What is read are [`Records`]; a move is
//! a [`Batch`] that deletes exactly what was read and creates the new, and that Route 53 makes as a whole or not at all.
//! Answers stay with resolvers for a time ([`staleness`]), and a failed health check has a say, too ([`health`]).

pub mod balancers;
mod batch;
pub mod by_dns;
pub mod external_dns;
pub mod health;
mod name;
mod plan;
mod record_set;
mod records;
mod refusal;
pub mod staleness;

/// The annotation that a move of records leaves on the Service beside its record: the id of Route 53's change, by which
/// anybody can ask how far it is. Nothing else writes it, so that the API server keeps when it was written.
pub const CHANGE: &str = "kubectl-release.dev/bluegreen-route53-change";

pub use balancers::{Balancers, Leads};
pub use batch::{Batch, Change, Fate};
pub use by_dns::ByDns;
pub use name::{DnsName, Place, zone_id};
pub use record_set::{AliasTarget, RecordSet, ResourceRecord, Role, Routing};
pub use records::{Group, Record, Records};
pub use refusal::Refusal;

#[cfg(test)]
mod tests;
