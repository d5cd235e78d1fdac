//! A release as values: a write before it is made, what is recorded of it, who is told.

pub mod annotations;
pub mod argo_rollout;
pub mod canary;
pub mod change;
pub mod document;
pub mod event;
pub mod freeze;
pub mod hand;
pub mod hooks;
pub mod notice;
pub mod pod_tests;
pub mod record;
pub mod rewritten;
