//! Where code of others comes in: actions of workflows, and calls of cargo.

use std::fs;
use std::path::PathBuf;

use anyhow::Result;

use crate::sources::root;

/// What a build is made by: workflows, scripts, the Makefile.
///
/// # Errors
/// Where one can't be read.
pub fn recipes() -> Result<Vec<(PathBuf, String)>> {
    let mut paths =
        vec![root().join("Makefile"), root().join(".ci/run"), root().join("tests/on-lab"), root().join("tests/beside")];
    for entry in fs::read_dir(root().join(".github/workflows"))? {
        paths.push(entry?.path());
    }
    paths.sort();
    paths.into_iter().map(|path| Ok((path.clone(), fs::read_to_string(path)?))).collect()
}

/// Actions that are not pinned by the commit of their code: a tag can be moved.
#[must_use]
pub fn unpinned(workflow: &str) -> Vec<&str> {
    let uses = workflow.lines().filter_map(|line| line.trim_start().trim_start_matches("- ").strip_prefix("uses:"));
    let is_commit = |at: &str| at.len() == 40 && at.chars().all(|c| c.is_ascii_hexdigit());
    let pinned = |action: &&str| {
        let name = action.split_whitespace().next().unwrap_or_default();
        name.starts_with("./") || name.split_once('@').is_some_and(|(_, at)| is_commit(at))
    };
    uses.map(str::trim).filter(|action| !pinned(action)).collect()
}

/// Calls of cargo that may take other versions of others' code than those that were reviewed.
#[must_use]
pub fn unlocked(recipe: &str) -> Vec<&str> {
    const RESOLVE: [&str; 8] = ["build", "test", "check", "clippy", "run", "install", "metadata", "bench"];
    let calls = |line: &str| {
        let code = line.split(" #").next().unwrap_or_default();
        let words: Vec<&str> = code.split(|c: char| c.is_whitespace() || "\"'".contains(c)).collect();
        words.windows(2).any(|pair| pair[0] == "cargo" && RESOLVE.contains(&pair[1]))
    };
    let lines = recipe.lines().filter(|line| !line.trim_start().starts_with('#'));
    lines.filter(|line| calls(line) && !line.contains("--locked")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_branches_and_short_commits_are_no_pins() {
        let commit = "3d3c42e5aac5ba805825da76410c181273ba90b1";
        for (action, pinned) in [
            (format!("actions/checkout@{commit} # v7.0.1"), true),
            ("./.github/actions/own".to_owned(), true),
            ("actions/checkout@v7".to_owned(), false),
            ("actions/checkout@main".to_owned(), false),
            (format!("actions/checkout@{}", &commit[..12]), false),
            ("actions/checkout".to_owned(), false),
            ("docker://alpine:3".to_owned(), false),
        ] {
            assert_eq!(unpinned(&format!("steps:\n  - uses: {action}\n")).is_empty(), pinned, "{action}");
        }
    }

    #[test]
    fn a_call_of_cargo_that_may_resolve_anew_is_seen() {
        assert_eq!(unlocked("\tcargo install cargo-deny@1 --root x\n").len(), 1);
        assert_eq!(unlocked("  run: cargo build --release\n# cargo test\n").len(), 1);
        assert_eq!(unlocked("\tcargo fmt --all\n\tcargo test --locked\n").len(), 0);
    }
}
