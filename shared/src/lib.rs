//! What every plugin of the suite shares.
//!
//! Imports point one way. The pure files (`selector`, `rollout_status`, `endpoints`,
//! `disruption`, `record`, `change`, `revisions`, `push_history`) decide over values and know no
//! client, no clock and no terminal; `cluster` talks to the API server, and `cluster::apply` is
//! the only place that writes; `flags`, `confirm`, `progress`, `table` and `complete` are what a
//! person touches.
//! Imports point one way. The pure files (`selector`, `rollout_status`, `endpoints`, `lifecycle_policy`,
//! `disruption`, `record`, `change`) decide over values and know no client, no clock and no
//! terminal; `cluster` talks to the API server, and `cluster::apply` is the only place that
//! writes; `flags`, `confirm`, `progress`, `table` and `complete` are what a person touches.

pub mod change;
#[allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "talks to the API server"
)]
pub mod cluster;
#[allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "asks the cluster while the user presses Tab"
)]
pub mod complete;
#[allow(clippy::disallowed_types, clippy::disallowed_methods, clippy::disallowed_macros, reason = "asks a person")]
pub mod confirm;
pub mod disruption;
pub mod drain;
pub mod endpoints;
pub mod error;
pub mod event;
pub mod finding;
pub mod flags;
pub mod image;
pub mod lifecycle_policy;
pub mod objects;
pub mod ownership;
#[allow(clippy::disallowed_types, clippy::disallowed_methods, clippy::disallowed_macros, reason = "prints")]
pub mod print;
#[allow(clippy::disallowed_types, clippy::disallowed_methods, clippy::disallowed_macros, reason = "tells a person")]
pub mod progress;
pub mod push_history;
pub mod record;
#[cfg(feature = "registry")]
#[allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "talks to the registry"
)]
pub mod registry;
pub mod report;
pub mod revisions;
pub mod rollout_status;
pub mod routes;
#[allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "carries the connection and the clock"
)]
pub mod run;
pub mod selector;
pub mod table;
pub mod trouble;
