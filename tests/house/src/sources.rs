//! The Rust files of the workspace's crates, with the module path that each has.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// Folders of crates: what users run.
pub const PRODUCT: [&str; 2] = ["shared", "plugins"];
/// Folders of crates: what users run, and what tests it.
pub const EVERYTHING: [&str; 3] = ["shared", "plugins", "tests"];

/// One source file that is compiled into a library or program; tests are none.
#[derive(Debug, Clone)]
pub struct Source {
    /// From the root of the repository.
    pub path: PathBuf,
    /// `release_core::traffic::selector`
    pub module: Vec<String>,
    /// Without its unit tests.
    pub text: String,
    /// Lines of the whole file.
    pub lines: usize,
}

/// The root of the repository.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// All sources of the crates in these folders.
///
/// # Errors
/// Where a file can't be read.
pub fn sources(folders: &[&str]) -> Result<Vec<Source>> {
    let mut found = Vec::new();
    for folder in folders {
        for entry in fs::read_dir(root().join(folder))? {
            let manifest = entry?.path();
            if manifest.join("Cargo.toml").is_file() {
                of_crate(&manifest, &mut found)?;
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

fn of_crate(folder: &Path, found: &mut Vec<Source>) -> Result<()> {
    let manifest = fs::read_to_string(folder.join("Cargo.toml"))?;
    let name = manifest.lines().find_map(|line| line.strip_prefix("name = ")).context("a crate without a name")?;
    let name = name.trim_matches('"').replace('-', "_");
    visit(&folder.join("src"), &[name], found)
}

fn visit(folder: &Path, module: &[String], found: &mut Vec<Source>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))? {
        let path = entry?.path();
        let stem = path.file_stem().and_then(|s| s.to_str()).unwrap_or_default().to_owned();
        let is_test = stem == "tests" || stem == "testing";
        if path.is_dir() && !is_test {
            visit(&path, &[module, &[stem]].concat(), found)?;
        } else if path.extension().is_some_and(|e| e == "rs") && !is_test {
            let text = fs::read_to_string(&path)?;
            let is_root = matches!(stem.as_str(), "lib" | "main" | "mod");
            let module = if is_root { module.to_vec() } else { [module, &[stem]].concat() };
            let lines = text.lines().count();
            let path = path.canonicalize()?.strip_prefix(root().canonicalize()?)?.to_owned();
            found.push(Source { path, module, text: without_tests(&text), lines });
        }
    }
    Ok(())
}

/// Unit tests stand at the end of a file, and import what they test.
fn without_tests(text: &str) -> String {
    let end = text.find("\n#[cfg(test)]\nmod tests {").unwrap_or(text.len());
    text[..end].to_owned()
}
