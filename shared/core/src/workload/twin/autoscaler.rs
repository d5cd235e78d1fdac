//! An autoscaler like another workload's.

use serde_json::{Value, json};

use super::copy::metadata;
use super::exchange::Exchange;

/// The autoscaler of the other color's workload, with this lower bound.
#[must_use]
pub fn autoscaler_alike(autoscaler: &Value, exchange: &Exchange<'_>, workload: &str, floor: i32) -> Value {
    let mut spec = autoscaler["spec"].clone();
    spec["scaleTargetRef"]["name"] = workload.into();
    spec["minReplicas"] = floor.into();
    json!({
        "apiVersion": autoscaler["apiVersion"].as_str().unwrap_or("autoscaling/v2"),
        "kind": "HorizontalPodAutoscaler",
        "metadata": metadata(autoscaler, exchange),
        "spec": spec,
    })
}
