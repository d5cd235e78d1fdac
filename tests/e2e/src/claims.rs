//! What the plugin says, held against what is so.

use anyhow::{Result, ensure};
use lab::Output;
use serde_json::Value;

use crate::document;
use crate::scene::Scene;

/// The document of `-o json`, after its exit code and what it says of every Service were held
/// against the process and the cluster.
///
/// # Errors
/// Where it claims what is not so.
pub async fn honest(scene: &Scene, output: &Output) -> Result<Value> {
    let said = document(&output.stdout)?;
    ensure!(said["exitCode"] == output.code, "exit code {} and {}: {said}", output.code, said["exitCode"]);
    ensure!((output.code == 0) == (said["reason"] == "Done"), "exit code {}, reason {}", output.code, said["reason"]);
    let colors = scene.colors().await?;
    for (name, color) in scene.services().iter().zip(colors) {
        let Some(service) = said["services"].as_array().into_iter().flatten().find(|s| s["name"] == **name) else {
            ensure!(output.code != 0, "done, but not a word about {name}: {said}");
            continue;
        };
        let there = service["to"] == color;
        match service["changed"].as_bool() {
            Some(true) => {
                ensure!(there, "{name} is said to have moved to {}, and selects {color}: {said}", service["to"])
            }
            Some(false) if service["active"].is_string() => {
                ensure!(service["active"] == color, "{name} selects {color}: {said}")
            }
            Some(false) => ensure!(!there, "{name} is said not to have moved, and selects {color}: {said}"),
            None => ensure!(said["reason"] == "Unclear", "nothing is said about whether {name} moved: {said}"),
        }
        ensure!(output.code != 0 || there || service["active"] == color, "done, but {name} selects {color}: {said}");
    }
    Ok(said)
}
