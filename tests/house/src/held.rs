//! The tests that there are, by path, and those that a document names.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::Result;

use crate::sources::{EVERYTHING, root};

/// A test, a module of tests or a file of them, as a document names it: `hostile::`, `kubeconfigs/cases/x-*`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Named(pub String);

impl Named {
    /// True where it is there: a path that ends so, a module that has tests, a file.
    #[must_use]
    pub fn is_one_of(&self, there: &BTreeSet<String>) -> bool {
        let name = self.0.as_str();
        if let Some(pattern) = name.strip_suffix('*').filter(|name| name.contains('/')) {
            return files_begin_with(pattern);
        }
        if name.contains('/') {
            return root().join(name).exists();
        }
        let module = name.strip_suffix("::");
        there.iter().any(|test| match module {
            Some(module) => format!("::{test}").contains(&format!("::{module}::")),
            None => format!("::{test}").ends_with(&format!("::{name}")),
        })
    }
}

fn files_begin_with(pattern: &str) -> bool {
    let path = root().join("tests/e2e/tests/bluegreen").join(pattern);
    let (Some(folder), Some(begin)) = (path.parent(), path.file_name()) else { return false };
    let begin = begin.to_string_lossy().into_owned();
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.into_iter().any(|entry| entry.file_name().to_string_lossy().starts_with(&begin))
}

/// What stands in code marks and looks like a test, or like a file of the repository.
#[must_use]
pub fn named_in(document: &str) -> BTreeSet<Named> {
    let words = document.split('`').skip(1).step_by(2);
    let is_test = |word: &&str| {
        let plain = word.chars().all(|c| c.is_ascii_alphanumeric() || "_:/.*-".contains(c));
        let is_path =
            ["shared/", "plugins/", "tests/", "kubeconfigs/", "docs/"].iter().any(|top| word.starts_with(top));
        plain && (word.contains("::") || is_path)
    };
    words.filter(is_test).map(|word| Named(word.to_owned())).collect()
}

/// Paths of all tests, each with the modules that it is in: `faults::bounds::NAME`.
///
/// # Errors
/// Where a file can't be read.
pub fn tests() -> Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    for folder in EVERYTHING {
        visit(&root().join(folder), &[], &mut found)?;
    }
    Ok(found)
}

fn visit(folder: &Path, module: &[String], found: &mut BTreeSet<String>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let stem = path.file_stem().and_then(|s| s.to_str()).unwrap_or_default().to_owned();
        if path.is_dir() {
            visit(&path, &[module, &[stem]].concat(), found)?;
        } else if path.extension().is_some_and(|e| e == "rs") {
            let module = [module, &[stem]].concat().into_iter().filter(|part| part != "mod").collect::<Vec<_>>();
            let text = fs::read_to_string(&path)?;
            let within = text.find("\nmod tests {").unwrap_or(text.len());
            for (text, module) in
                [(&text[..within], module.clone()), (&text[within..], [module, vec!["tests".to_owned()]].concat())]
            {
                found.extend(in_file(text).into_iter().map(|name| format!("{}::{name}", module.join("::"))));
            }
        }
    }
    Ok(())
}

/// Functions right behind a `#[test]`, of whatever kind, or within `proptest!`.
fn in_file(text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let is_mark = |line: &str| line == "#[test]" || line.starts_with("#[tokio::test");
    let marks = lines.iter().enumerate().filter(|(_, line)| is_mark(line));
    let function = |line: &&str| {
        let rest = line.trim_start_matches("pub ").trim_start_matches("async ").strip_prefix("fn ")?;
        Some(rest.split('(').next().unwrap_or_default().to_owned())
    };
    marks.filter_map(|(at, _)| lines[at..].iter().take(6).find_map(function)).collect()
}
