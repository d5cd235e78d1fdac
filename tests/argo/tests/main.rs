//! What we say of measurements, conditions, paths, sizes and Rollouts is what Argo Rollouts v1.10.1 says: asked with
//! the same questions, deviations named one by one.

mod conditions;
mod examples;
mod paths;
mod runs;
mod sizes;
