//! Annotations that somebody fills, up to the last byte that the API server lets them have.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use lab::{Kubectl, Namespace};
use serde_json::{Map, Value, json};

use super::run::said;

/// What all annotations of an object may have together (`TotalAnnotationSizeLimitB`).
const ALL: usize = 256 * 1024;

/// How somebody leaves the annotations of an object.
#[derive(Debug, Clone, Copy)]
pub struct Fill {
    /// So many values of the same size.
    pub values: usize,
    /// Bytes that are left over.
    pub spare: usize,
    /// What is there is taken away before.
    pub without_ours: bool,
}

impl Fill {
    /// Fills an object that has these annotations.
    ///
    /// # Errors
    /// Where the API server refuses.
    pub async fn fill(
        self,
        (ns, as_whom): (&Namespace, &Kubectl),
        resource: &str,
        there: &BTreeMap<String, String>,
    ) -> Result<()> {
        // What its controller wrote comes back by itself.
        let ours: Vec<&String> =
            there.keys().filter(|key| self.without_ours && !key.starts_with("deployment.kubernetes.io/")).collect();
        let mut annotations: Map<String, Value> = ours.iter().map(|key| ((*key).clone(), Value::Null)).collect();
        let kept = there.iter().filter(|(key, _)| !ours.contains(key));
        let taken: usize = kept.map(|(key, value)| key.len() + value.len()).sum();
        let keys: Vec<String> = (0..self.values).map(|index| format!("example.com/fill-{index}")).collect();
        let of_keys: usize = keys.iter().map(String::len).sum();
        let free = ALL - taken - of_keys - self.spare;
        for (index, key) in keys.into_iter().enumerate() {
            let rest = if index == 0 { free % self.values } else { 0 };
            annotations.insert(key, json!("x".repeat(free / self.values + rest)));
        }
        let file = ns.lab().write_kubeconfig(&json!({"metadata": {"annotations": annotations}}).to_string())?;
        let patched = as_whom.run(&["patch", resource, "--patch-file", &file.display().to_string()]).await?;
        ensure!(patched.code == 0, "the attacker could not: {}", said(&patched));
        Ok(())
    }
}
