//! A policy in a file of a test's own.

use std::path::PathBuf;

use anyhow::Result;
use lab::Namespace;
use serde_json::{Value, json};

/// A file that is gone once the test ends.
#[derive(Debug)]
pub struct PolicyFile(pub PathBuf);

impl PolicyFile {
    /// Writes it.
    ///
    /// # Errors
    /// Where there is no room.
    pub fn new(ns: &Namespace, name: &str, bytes: &[u8]) -> Result<Self> {
        let path = std::env::temp_dir().join(format!("{}-{name}.json", ns.name()));
        std::fs::write(&path, bytes)?;
        Ok(Self(path))
    }

    /// One rule: what it selects and how it counts, and `expire` or `archive`.
    ///
    /// # Errors
    /// Where there is no room.
    pub fn of_rule(ns: &Namespace, name: &str, selection: &Value, action: &str) -> Result<Self> {
        let action = match action {
            "archive" => json!({"type": "transition", "targetStorageClass": "archive"}),
            other => json!({"type": other}),
        };
        let rule = json!({"rulePriority": 1, "selection": selection, "action": action});
        Self::new(ns, name, json!({"rules": [rule]}).to_string().as_bytes())
    }
}

impl Drop for PolicyFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
