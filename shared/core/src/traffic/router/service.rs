//! A Service's own selector: whoever it selects has all of its requests.

use serde_json::{Value, json};

use crate::kube::Labels;
use crate::release::change::Op;

/// Of the selector.
const SELECTOR: &str = "/spec/selector";

/// What a Service selects, as it was read.
#[must_use]
pub fn selector(seen: &Value) -> Labels {
    let labels = seen["spec"]["selector"].as_object().into_iter().flatten();
    labels.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
}

/// Refuses a patch unless it selects this.
#[must_use]
pub fn still(selector: &Labels) -> Op {
    Op::test(SELECTOR, json!(selector))
}

/// Makes it select this.
#[must_use]
pub fn select(selector: &Labels) -> Op {
    Op::replace(SELECTOR, json!(selector))
}

/// True where it selects exactly this.
#[must_use]
pub fn holds(seen: &Value, selector_of: &Labels) -> bool {
    selector(seen) == *selector_of
}
