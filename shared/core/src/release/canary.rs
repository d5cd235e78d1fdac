//! A canary release as values: its steps, what is judged at them, and the pods that it takes.
//!
//! Words are Argo's where it has them (`rollout/canary.go`, `utils/replicaset/canary.go` of argo-rollouts v1.10.1),
//! and so are the rules; where ours are stricter it says so. Nothing here knows who routes the traffic.

pub mod amount;
pub mod judging;
pub mod pods;
pub mod routes;
pub mod run;
pub mod step;
pub mod steps;
pub mod threshold;
