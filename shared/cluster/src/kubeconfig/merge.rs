//! Which kubeconfig files count, and how several become one
//! (<https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/#merging-kubeconfig-files>,
//! `client-go/tools/clientcmd/loader.go`).

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::entries::{ClusterEntry, ContextEntry, UserEntry};
use super::file::{self, File};

/// All files together: the first to name something decides what it is.
#[derive(Default)]
pub(super) struct Merged {
    pub clusters: BTreeMap<String, ClusterEntry>,
    pub users: BTreeMap<String, UserEntry>,
    pub contexts: BTreeMap<String, ContextEntry>,
    /// The first that is not empty.
    pub current_context: String,
    /// How many files there were.
    pub files: usize,
}

/// Reads `--kubeconfig`, which must be there; else those files of KUBECONFIG that are; else
/// `~/.kube/config`, if it is.
///
/// # Errors
/// Where a file is there and can't be read, or `--kubeconfig` isn't.
pub(super) fn load(explicit: Option<&Path>) -> Result<Merged> {
    let mut merged = Merged::default();
    let paths = match explicit {
        Some(path) => vec![path.to_owned()],
        None => precedence(std::env::var_os("KUBECONFIG").as_deref(), std::env::var_os("HOME").as_deref()),
    };
    for path in paths {
        match std::fs::read(&path) {
            Err(e) if e.kind() == ErrorKind::NotFound && explicit.is_none() => {}
            read => {
                let bytes = read.with_context(|| path.display().to_string())?;
                merged.add(file::parse(&bytes, &path).with_context(|| path.display().to_string())?);
            }
        }
    }
    Ok(merged)
}

/// Empty names in KUBECONFIG are passed over; one that is set to nothing is not set.
fn precedence(kubeconfig: Option<&OsStr>, home: Option<&OsStr>) -> Vec<PathBuf> {
    match kubeconfig.filter(|list| !list.is_empty()) {
        Some(list) => std::env::split_paths(list).filter(|path| !path.as_os_str().is_empty()).collect(),
        None => vec![Path::new(home.unwrap_or_default()).join(".kube/config")],
    }
}

impl Merged {
    fn add(&mut self, file: File) {
        let File { clusters, users, contexts, current_context } = file;
        first_wins(&mut self.clusters, clusters);
        first_wins(&mut self.users, users);
        first_wins(&mut self.contexts, contexts);
        if self.current_context.is_empty() {
            self.current_context = current_context;
        }
        self.files = self.files.saturating_add(1);
    }
}

fn first_wins<T>(known: &mut BTreeMap<String, T>, more: Vec<(String, T)>) {
    for (name, entry) in more {
        known.entry(name).or_insert(entry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_those_of_kubeconfig_or_the_one_at_home() {
        let paths = |kubeconfig: Option<&str>| {
            let paths = precedence(kubeconfig.map(OsStr::new), Some(OsStr::new("/home/dev")));
            paths.into_iter().map(|path| path.display().to_string()).collect::<Vec<_>>()
        };
        assert_eq!(paths(None), ["/home/dev/.kube/config"]);
        assert_eq!(paths(Some("")), ["/home/dev/.kube/config"]);
        assert_eq!(paths(Some("a::b:")), ["a", "b"]);
        assert!(paths(Some(":")).is_empty());
    }

    #[test]
    fn the_first_to_name_something_decides_and_an_empty_context_is_no_name() {
        let mut merged = Merged::default();
        for text in [
            "{current-context: '', users: [{name: u, user: {token: one}}]}",
            "{current-context: two, users: [{name: u, user: {token: two, username: x}}, {name: v}]}",
            "{current-context: three}",
        ] {
            merged.add(file::parse(text.as_bytes(), Path::new("config")).unwrap());
        }
        assert_eq!((merged.current_context.as_str(), merged.files), ("two", 3));
        assert_eq!(merged.users["u"].token, "one");
        assert!(merged.users["u"].username.is_empty());
        assert!(merged.users.contains_key("v"));
    }
}
