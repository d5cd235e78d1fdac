//! Bringing the idle color's pod template to what the active one has, besides what makes it another.

use serde_json::Value;

use super::copy::exchanged_template;
use super::exchange::Exchange;
use super::references::of_one_color;

/// The active color's pod template for the idle color, which keeps the environment that it has: variables of
/// its own, those that are set otherwise, where it takes them from, and volumes of its own ConfigMaps and
/// Secrets. What only the active one has is added.
#[must_use]
pub fn synced(active: &Value, idle: &Value, exchange: &Exchange<'_>) -> Value {
    let mut template = active["spec"]["template"].clone();
    exchanged_template(&mut template, exchange);
    let own = &idle["spec"]["template"]["spec"];
    for list in ["containers", "initContainers"] {
        for container in template["spec"].get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
            if let Some(before) = named(&own[list], &container["name"]) {
                keep_environment(container, before);
            }
        }
    }
    for volume in template["spec"].get_mut("volumes").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(before) = named(&own["volumes"], &volume["name"]).filter(|own| is_of_color(own, exchange.to)) {
            *volume = before.clone();
        }
    }
    template
}

fn keep_environment(container: &mut Value, before: &Value) {
    if before["envFrom"].is_array() {
        container["envFrom"] = before["envFrom"].clone();
    }
    let Some(kept) = before["env"].as_array() else { return };
    let mut variables = container["env"].as_array().cloned().unwrap_or_default();
    for variable in kept {
        match variables.iter_mut().find(|known| known["name"] == variable["name"]) {
            Some(known) => known.clone_from(variable),
            None => variables.push(variable.clone()),
        }
    }
    container["env"] = variables.into();
}

fn named<'v>(list: &'v Value, name: &Value) -> Option<&'v Value> {
    list.as_array()?.iter().find(|item| item["name"] == *name)
}

fn is_of_color(volume: &Value, color: &str) -> bool {
    let mut workload = Value::Null;
    workload["spec"]["template"]["spec"]["volumes"] = vec![volume.clone()].into();
    !of_one_color(&workload, color).is_empty()
}
