//! Runs whose output nobody gets: a reader that has gone, a full disk, a closed stream.

use std::path::Path;

use anyhow::{Context, Result};
use lab::{Namespace, Output, Running};

use crate::LIMIT;

/// How output gets lost, as a shell says it around `{}`.
const WAYS: [&str; 8] = [
    "{ {}; } 2>&1 | head -1 >/dev/null",
    "{ {}; } 2>&1 | true",
    "{ {}; } | true",
    "{ {}; } 2>/dev/full",
    "{ {}; } >/dev/full",
    "{ {}; } >/dev/full 2>&1",
    "{ {}; } 2>&-",
    "{ {}; } >&- 2>&-",
];

/// Every way in which output gets lost.
pub fn ways() -> impl Iterator<Item = &'static str> {
    WAYS.into_iter()
}

/// How a run that only looks has to end then: with 1 where data was lost, and quietly where nobody wanted it.
pub fn loses_data(way: &str) -> u8 {
    u8::from(way.contains("} >/dev/full"))
}

/// Runs `kubectl WORDS -n NAMESPACE` while its output gets lost in this way; the exit code is
/// kubectl's, and 128 and more where a signal ended it.
///
/// # Errors
/// Where it can't be run, or hangs.
pub async fn run(ns: &Namespace, way: &str, words: &str) -> Result<Output> {
    let namespace = ns.name();
    // The pipe's own exit code is its reader's, so that kubectl's goes another way: on stdout, as 3.
    let line = format!("kubectl {words} -n {namespace} 3>&-; echo $? >&3");
    let line = format!("exec 3>&1; {}", way.replace("{}", &line));
    let kubectl = ns.lab().kubectl(ns.lab().kubeconfig());
    let output = Running::start(kubectl.plugin(Path::new("sh"), &["-c", &line]))?.wait(LIMIT).await?;
    let code = output.stdout.lines().last().context("it did not end")?.parse()?;
    Ok(Output { code, ..output })
}
