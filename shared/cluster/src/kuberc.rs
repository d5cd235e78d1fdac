//! Which credential plugins a person lets kubectl run, and so us: `credentialPluginPolicy` and
//! `credentialPluginAllowlist` of kuberc
//! (<https://kubernetes.io/docs/reference/kubectl/kuberc/#credential-plugin-policy>,
//! `client-go/plugin/pkg/client/auth/exec/exec.go`). A kubeconfig comes from somewhere; this file is
//! the person's own.

use std::ffi::OsStr;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;
use serde_json::Value;

use crate::kubeconfig::file::documents;

/// What the file says of plugins.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Preference {
    credential_plugin_policy: String,
    credential_plugin_allowlist: Option<Vec<Entry>>,
}

/// A program that may run. `name` is what `command` was called in Kubernetes 1.35.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Entry {
    command: String,
    name: String,
}

/// Whether a person lets this program run for credentials.
///
/// # Errors
/// Where they don't, and where their file can't be understood.
pub fn allows(command: &str) -> Result<()> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    if variable("KUBECTL_KUBERC").is_some_and(|value| value == "false") {
        return Ok(());
    }
    let named = variable("KUBERC");
    let Some((path, explicit)) = place(named.as_deref(), variable("HOME").as_deref()) else { return Ok(()) };
    let shown = || format!("kuberc {}", path.display());
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound && !explicit => return Ok(()),
        Err(error) => return Err(error).with_context(shown),
    };
    let path = variable("PATH").unwrap_or_default();
    preference(&text).and_then(|preference| preference.allows(command, &path)).with_context(shown)
}

/// KUBERC, unless it is `off`, or `~/.kube/kuberc`; and whether it was named.
fn place(named: Option<&OsStr>, home: Option<&OsStr>) -> Option<(PathBuf, bool)> {
    match named {
        Some(off) if off == "off" => None,
        Some(path) => Some((path.into(), true)),
        None => Some((Path::new(home?).join(".kube/kuberc"), false)),
    }
}

/// The first document that is a Preference; one that can't be read allows nothing.
fn preference(text: &str) -> Result<Preference> {
    let group = |document: &Value| document["apiVersion"].as_str().and_then(|v| v.split('/').next()).map(str::to_owned);
    let is_one = |d: &Value| d["kind"] == "Preference" && group(d).as_deref() == Some("kubectl.config.k8s.io");
    let all = documents(text)?;
    match all.iter().find(|document| is_one(document)) {
        Some(document) => Preference::deserialize(document).context("its fields have other types"),
        None if all.iter().all(Value::is_null) => Ok(Preference::default()),
        None => bail!("no Preference of kubectl.config.k8s.io is in it"),
    }
}

impl Preference {
    fn allows(&self, command: &str, path: &OsStr) -> Result<()> {
        let listed = self.credential_plugin_allowlist.as_deref();
        match (self.credential_plugin_policy.as_str(), listed) {
            ("" | "AllowAll", None) => Ok(()),
            ("DenyAll", None) => {
                bail!("no credential plugin may run (credentialPluginPolicy: DenyAll), {command} neither")
            }
            ("Allowlist", Some(entries)) if !entries.is_empty() => {
                ensure!(
                    entries.iter().all(|entry| !entry.named().is_empty()),
                    "credentialPluginAllowlist has an empty entry"
                );
                let is_meant = |entry: &Entry| entry.named() == command || same_program(entry.named(), command, path);
                ensure!(entries.iter().any(is_meant), "credentialPluginAllowlist does not have {command}");
                Ok(())
            }
            (policy, _) => {
                bail!("credentialPluginPolicy {policy:?} and its credentialPluginAllowlist don't go together")
            }
        }
    }
}

impl Entry {
    fn named(&self) -> &str {
        if self.command.is_empty() { &self.name } else { &self.command }
    }
}

fn same_program(listed: &str, command: &str, path: &OsStr) -> bool {
    let (listed, command) = (look_up(listed, path), look_up(command, path));
    listed.is_some() && listed == command
}

/// Where a shell would find the program.
fn look_up(program: &str, path: &OsStr) -> Option<PathBuf> {
    let runs = |file: &PathBuf| file.metadata().is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0);
    if program.contains('/') {
        return Some(PathBuf::from(program)).filter(runs);
    }
    std::env::split_paths(path).map(|folder| folder.join(program)).find(runs)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\n";

    fn allows(text: &str, command: &str) -> bool {
        preference(&format!("{HEAD}{text}")).and_then(|p| p.allows(command, OsStr::new("/usr/bin:/bin"))).is_ok()
    }

    #[test]
    fn a_plugin_runs_only_where_its_person_lets_it() {
        assert!(allows("", "aws") && allows("credentialPluginPolicy: AllowAll", "aws"));
        assert!(!allows("credentialPluginPolicy: DenyAll", "aws"));
        let list = "credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{command: sh}, {name: /opt/aws}]";
        assert!(allows(list, "sh") && allows(list, "/opt/aws") && !allows(list, "aws") && !allows(list, "/opt/sh"));
        // Found by name, it is the same program as by its path.
        let found = look_up("sh", OsStr::new("/usr/bin:/bin")).unwrap().display().to_string();
        assert!(allows(list, &found));
    }

    /// kubectl refuses these, too: a knob for safety that is misread must not open anything.
    #[test]
    fn what_makes_no_sense_allows_nothing() {
        for text in [
            "credentialPluginPolicy: denyall",
            "credentialPluginPolicy: Allowlist",
            "credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: []",
            "credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{command: \"\"}, {command: aws}]",
            "credentialPluginAllowlist: [{command: aws}]",
            "credentialPluginPolicy: 7",
        ] {
            assert!(!allows(text, "aws"), "{text}");
        }
        assert!(preference("kind: Other\napiVersion: v1").is_err() && preference("").is_ok());
    }

    #[test]
    fn it_stands_where_kubectl_looks_for_it() {
        let of = |named: Option<&str>| place(named.map(OsStr::new), Some(OsStr::new("/home/lee")));
        assert_eq!(of(None), Some(("/home/lee/.kube/kuberc".into(), false)));
        assert_eq!(of(Some("/etc/kuberc")), Some(("/etc/kuberc".into(), true)));
        assert_eq!(of(Some("off")), None);
    }
}
