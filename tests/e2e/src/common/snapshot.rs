//! What people see, word for word, as files in the folder `snapshots` beside a plugin's tests.

use std::path::Path;

use lab::Output;

/// Regular expressions for what differs from run to run, and what snapshots have instead.
pub type Variable = (&'static str, &'static str);

/// What differs in every plugin's output.
const IN_ALL: [Variable; 4] = [
    (r"\bshop-[0-9a-f]{6}\b", "shop"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "2026-01-31T03:12:04Z"),
    (r"(?m)^\d\d:\d\d:\d\d\b", "03:12:04"),
    (r"https://127\.0\.0\.1:\d+", "https://127.0.0.1:6443"),
];

/// Compares what a command printed, with its exit code, to the snapshot of this name.
///
/// # Panics
/// Where it looks different.
pub fn looks(plugin: &str, name: &str, variable: &[Variable], output: &Output) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(plugin).join("snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    for (pattern, instead) in IN_ALL.iter().chain(variable) {
        settings.add_filter(pattern, *instead);
    }
    settings.bind(|| insta::assert_snapshot!(name, transcript(output)));
}

/// What a command printed, and its exit code.
fn transcript(output: &Output) -> String {
    let parts = [("stderr", &output.stderr), ("stdout", &output.stdout)];
    let shown = parts.iter().filter(|(_, text)| !text.is_empty()).map(|(name, text)| format!("--- {name}\n{text}"));
    format!("{}--- exit {}\n", shown.collect::<String>(), output.code)
}
