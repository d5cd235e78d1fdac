//! What `make verify` holds the sources to, beyond what compiler and lints do.

use std::fs;

use anyhow::Result;
use house::circles::circles;
use house::held::{named_in, tests};
use house::imports::imports;
use house::notices::notices;
use house::sources::{EVERYTHING, PRODUCT, Source, root, sources};
use house::supply::{recipes, unlocked, unpinned};

/// Lines of one file, at most.
const LONGEST: usize = 310;

/// A reader can follow the imports downward and arrives; one way, file by file.
#[test]
fn no_file_imports_itself_through_others() -> Result<()> {
    let sources = sources(&PRODUCT)?;
    assert!(sources.len() > 150, "only {} sources found", sources.len());
    let edges = imports(&sources);
    assert!(edges.values().map(std::collections::BTreeSet::len).sum::<usize>() > 500, "imports are not read");
    let shown: Vec<String> = circles(&edges)
        .iter()
        .map(|circle| {
            let files = circle.iter().map(|file| {
                let inside = edges[file].intersection(circle).map(|to| name(&sources[*to])).collect::<Vec<_>>();
                format!("\n  {} -> {}", name(&sources[*file]), inside.join(", "))
            });
            files.collect()
        })
        .collect();
    assert!(shown.is_empty(), "circles:{}", shown.join("\n"));
    Ok(())
}

/// A program that aborts says nothing of what it has written: only one that unwinds ends with a word.
#[test]
fn what_is_shipped_unwinds() -> Result<()> {
    let manifest = fs::read_to_string(root().join("Cargo.toml"))?;
    let profiles: Vec<&str> = manifest.lines().map(str::trim).filter(|line| line.starts_with("panic")).collect();
    assert_eq!(profiles, ["panic = \"unwind\""], "in every profile");
    Ok(())
}

/// A word of the cluster that reached a shell, or any program but those that a kubeconfig or a hook names, would be obeyed.
#[test]
fn no_program_is_run_but_those_that_a_person_names() -> Result<()> {
    let starts = ["process::Command", "process::{", "tokio::process", "std::process::*"];
    assert_eq!(
        files_with(&starts)?,
        ["plugins/kubectl-bluegreen/src/hooks/command.rs", "shared/cluster/src/exec_plugin.rs"]
    );
    Ok(())
}

/// Names, tokens or records on a shared runner's disk would outlive the run.
#[test]
fn nothing_is_stored_at_home() -> Result<()> {
    let writes = [
        "fs::write",
        "fs::copy",
        "fs::rename",
        "fs::create_dir",
        "fs::remove",
        "fs::set_permissions",
        "File::create",
        "OpenOptions",
        "DirBuilder",
        "tempfile",
        "temp_dir",
    ];
    // Renews the schemas that are kept in the repository, for tests; appends to the file that `--audit-file` names.
    assert_eq!(files_with(&writes)?, ["shared/cli/src/schema.rs", "shared/notify/src/audit.rs"]);
    Ok(())
}

/// Files of what is shipped, without their unit tests, in which one of these words stands.
fn files_with(words: &[&str]) -> Result<Vec<String>> {
    let has = |source: &&Source| words.iter().any(|word| source.text.contains(word));
    Ok(sources(&PRODUCT)?.iter().filter(has).map(|source| source.path.display().to_string()).collect())
}

/// Arrows run from plugins to cli to the clients to core, and plugins never know each other.
#[test]
fn crates_point_one_way() -> Result<()> {
    let sources = sources(&EVERYTHING)?;
    for (from, targets) in imports(&sources) {
        for to in targets {
            let (from, to) = (&sources[from], &sources[to]);
            let down = floor(from) > floor(to) || from.module[0] == to.module[0];
            assert!(down, "{} imports {}", name(from), name(to));
        }
    }
    Ok(())
}

fn floor(source: &Source) -> usize {
    match source.module[0].as_str() {
        "release_core" => 0,
        "release_cluster" | "release_aws" => 1,
        "release_notify" | "release_metrics" => 2,
        "release_cli" => 3,
        "lab" => 4,
        "e2e" => 5,
        _ => 6,
    }
}

/// One concept a file.
#[test]
fn no_file_is_longer_than_one_reads_at_a_time() -> Result<()> {
    let long: Vec<String> = sources(&EVERYTHING)?
        .iter()
        .filter(|s| s.lines > LONGEST)
        .map(|s| format!("{} {}", name(s), s.lines))
        .collect();
    assert!(long.is_empty(), "{long:?}");
    Ok(())
}

/// Documents name files and folders that are there.
#[test]
fn documents_name_what_is_there() -> Result<()> {
    let mut missing = Vec::new();
    for document in ["README.md", "docs/design.md", "docs/glossary.md", "tests/README.md"] {
        let text = fs::read_to_string(root().join(document))?;
        let words = text.split('`').skip(1).step_by(2).map(|word| word.trim_end_matches('/'));
        let paths = words
            .filter(|word| ["shared/", "plugins/", "tests/", "docs/", ".ci/"].iter().any(|top| word.starts_with(top)));
        let plain = paths.filter(|path| path.chars().all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c)));
        missing.extend(plain.filter(|path| !root().join(path).exists()).map(|path| format!("{document}: {path}")));
    }
    assert!(missing.is_empty(), "{missing:?}");
    Ok(())
}

/// A claim about security that no test holds is a hope.
#[test]
fn every_test_that_the_security_document_names_is_there() -> Result<()> {
    let text = fs::read_to_string(root().join("docs/security.md"))?;
    let (there, named) = (tests()?, named_in(&text));
    assert!(there.len() > 500, "only {} tests found", there.len());
    assert!(named.len() > 30, "only {} tests are named", named.len());
    let missing: Vec<&String> = named.iter().filter(|name| !name.is_one_of(&there)).map(|name| &name.0).collect();
    assert!(missing.is_empty(), "{missing:?}");
    Ok(())
}

/// Whoever may move a tag, or publish a version, would have their code in what people install.
#[test]
fn code_of_others_comes_in_as_it_was_reviewed() -> Result<()> {
    let mut open = Vec::new();
    for (path, recipe) in recipes()? {
        let found = unpinned(&recipe).into_iter().chain(unlocked(&recipe));
        open.extend(found.map(|line| format!("{}: {line}", path.display())));
    }
    assert!(open.is_empty(), "{open:#?}");
    Ok(())
}

/// What licences ask for would be missing from the archives.
#[test]
fn everything_that_is_in_our_programs_has_its_licence_passed_on() -> Result<()> {
    let text = notices(&["kubectl-bluegreen", "kubectl-canary", "kubectl-ecr-rollback"])?;
    for part in ["\nserde ", "\ntokio ", "\nkube-client ", "\nrustls ", "\naws-sdk-ecr ", "\nring ", "MIT License"] {
        assert!(text.contains(part), "nothing of {part:?}");
    }
    for only_tests in ["\nproptest ", "\ninsta ", "\nrcgen "] {
        assert!(!text.contains(only_tests), "{only_tests:?} is in no program");
    }
    Ok(())
}

fn name(source: &Source) -> String {
    source.path.display().to_string()
}
