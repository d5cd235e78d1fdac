//! Third-party notices: which crates are in a program, under which licence, with whose copyright.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::sources::root;

/// Files in which a crate says what it is licensed under, by how their names begin.
const TEXTS: [&str; 5] = ["license", "licence", "copying", "notice", "copyright"];

/// A crate that is in one of the programs.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Part {
    name: String,
    version: String,
    licence: String,
    home: String,
    folder: PathBuf,
}

/// The notices of these programs: a list of crates, then every text once with the crates that have it.
///
/// # Errors
/// Where cargo can't tell, or a crate has neither a licence nor a text.
pub fn notices(programs: &[&str]) -> Result<String> {
    let parts = parts(&metadata()?, programs)?;
    ensure!(!parts.is_empty(), "nothing of anybody else is in {programs:?}");
    let mut shown =
        String::from("What others have written and is in these programs, with the licences it is under.\n\n");
    let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for part in &parts {
        let Part { name, version, licence, home, .. } = part;
        ensure!(!licence.is_empty(), "{name} {version} has no licence");
        shown.push_str(&format!("{name} {version}  {licence}  {home}\n"));
        for text in texts_of(&part.folder)? {
            texts.entry(text).or_default().push(format!("{name} {version}"));
        }
    }
    let mut texts: Vec<(String, Vec<String>)> = texts.into_iter().collect();
    texts.sort_by(|a, b| a.1.cmp(&b.1));
    for (text, of) in texts {
        let line = "-".repeat(72);
        shown.push_str(&format!("\n{line}\n{}\n{line}\n{}\n", of.join(", "), text.trim_end()));
    }
    Ok(shown)
}

/// What cargo knows, for the platform of this machine.
fn metadata() -> Result<Value> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    let asked = ["metadata", "--format-version=1", "--locked", "--offline"];
    let told = cargo.args(asked).current_dir(root()).output().context("cargo can't be run")?;
    ensure!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    Ok(serde_json::from_slice(&told.stdout)?)
}

/// The crates of others that are in these programs: what only builds or tests need is not.
fn parts(metadata: &Value, programs: &[&str]) -> Result<BTreeSet<Part>> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let packages: BTreeMap<String, Value> =
        list(&metadata["packages"]).into_iter().map(|package| (text(&package["id"]), package)).collect();
    let nodes: BTreeMap<String, Value> =
        list(&metadata["resolve"]["nodes"]).into_iter().map(|node| (text(&node["id"]), node)).collect();
    let is_program = |id: &&String| programs.contains(&text(&packages[*id]["name"]).as_str());
    let mut open: Vec<String> = packages.keys().filter(is_program).cloned().collect();
    ensure!(open.len() == programs.len(), "no such programs: {programs:?}");
    let mut seen = BTreeSet::new();
    while let Some(id) = open.pop() {
        if seen.insert(id.clone()) {
            let is_built_in = |dep: &Value| list(&dep["dep_kinds"]).iter().any(|kind| kind["kind"].is_null());
            open.extend(list(&nodes[&id]["deps"]).iter().filter(|dep| is_built_in(dep)).map(|dep| text(&dep["pkg"])));
        }
    }
    let foreign = seen.iter().map(|id| &packages[id]).filter(|package| package["source"].is_string());
    let part = |package: &Value| {
        let manifest = PathBuf::from(text(&package["manifest_path"]));
        Part {
            name: text(&package["name"]),
            version: text(&package["version"]),
            licence: text(&package["license"]),
            home: text(&package["repository"]),
            folder: manifest.parent().map(Path::to_path_buf).unwrap_or_default(),
        }
    };
    Ok(foreign.map(part).collect())
}

fn texts_of(folder: &Path) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        if path.is_file() && TEXTS.iter().any(|begin| name.starts_with(begin)) {
            found.push(String::from_utf8_lossy(&fs::read(&path)?).replace('\r', ""));
        }
    }
    found.sort();
    Ok(found)
}
