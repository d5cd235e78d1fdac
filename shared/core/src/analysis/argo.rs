//! An analysis as Argo Rollouts runs it, whole: templates that name others, arguments, every provider that is asked
//! here, metrics that decide nothing (`utils/analysis` and `analysis/analysis.go` of argo-rollouts v1.10.1).
//!
//! `super::template` is the smaller part that a switch is verified with.

pub mod arguments;
pub mod field_path;
pub mod merged;
pub mod named;
pub mod no_data;
pub mod overrides;
pub mod provider;
pub mod run;
pub mod template;
pub mod time;

#[cfg(test)]
mod tests;
