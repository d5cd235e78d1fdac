//! Judging a version by numbers: metrics as Argo's `AnalysisTemplate` says them, and a comparison of two versions.
//!
//! Everything here is a function of measurements and raw counters: any machine comes to the same verdict at any time.

pub mod address;
pub mod argo;
pub mod compare;
pub mod counters;
pub mod expression;
pub mod json_path;
pub mod judged;
pub mod metric;
pub mod outlook;
pub mod promql;
pub mod template;
pub mod verdict;
