//! Releases that never were: their counters, as Prometheus would have kept them, are judged by the comparison that real
//! releases are judged by, and by the rules of Argo Rollouts, Flagger and Kayenta. A seed is one release.

pub mod many;
pub mod random;
pub mod release;
pub mod rules;
pub mod setting;
pub mod table;
