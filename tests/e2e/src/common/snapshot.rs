//! What people see, word for word, as files in the folder `snapshots` beside a plugin's tests.

use std::path::Path;

use anyhow::Result;
use lab::{Kubectl, Output};

use super::run::words_of;

/// Regular expressions for what differs from run to run, and what snapshots have instead.
pub type Variable = (&'static str, &'static str);

/// What differs in every plugin's output.
const IN_ALL: [Variable; 5] = [
    (r"\bshop-[0-9a-f]{6}\b", "shop"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "2026-01-31T03:12:04Z"),
    (r"(?m)^\d\d:\d\d:\d\d\b", "03:12:04"),
    (r"\buntil \d\d:\d\d:\d\d\b", "until 03:12:34"),
    (r"https://127\.0\.0\.1:\d+", "https://127.0.0.1:6443"),
];

/// The snapshots of a plugin.
#[derive(Debug, Clone, Copy)]
pub struct Snapshots {
    /// The folder of its tests.
    pub folder: &'static str,
    /// As kubectl calls it.
    pub plugin: &'static str,
    /// What differs from run to run in its output alone.
    pub variable: &'static [Variable],
}

impl Snapshots {
    /// Runs the plugin, and compares; words are split at blanks.
    ///
    /// # Errors
    /// Where it can't be run; a bad exit code is none.
    ///
    /// # Panics
    /// Where it looks different.
    pub async fn see(&self, user: &Kubectl, name: &str, words: &str) -> Result<()> {
        self.compare(name, &user.run(&words_of(self.plugin, words)).await?);
        Ok(())
    }

    /// Compares what a command printed, with its exit code, to the snapshot of this name.
    ///
    /// # Panics
    /// Where it looks different.
    pub fn compare(&self, name: &str, output: &Output) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(self.folder).join("snapshots");
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(folder);
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        for (pattern, instead) in IN_ALL.iter().chain(self.variable) {
            settings.add_filter(pattern, *instead);
        }
        settings.bind(|| insta::assert_snapshot!(name, transcript(output)));
    }
}

/// What a command printed, and its exit code.
fn transcript(output: &Output) -> String {
    let parts = [("stderr", &output.stderr), ("stdout", &output.stdout)];
    let shown = parts.iter().filter(|(_, text)| !text.is_empty()).map(|(name, text)| format!("--- {name}\n{text}"));
    format!("{}--- exit {}\n", shown.collect::<String>(), output.code)
}
