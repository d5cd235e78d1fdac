//! Where a running lab keeps its files, and how a second command finds it again.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use crate::process_id::{self, ProcessId};

/// The state folder of one lab. Its files live as long as the lab does.
#[derive(Debug, Clone)]
pub struct Layout {
    root: PathBuf,
}

/// What a lab writes down about itself, so that `lab down`, `shell` and `status` can find it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Record {
    /// The process outside the namespaces; when it ends, everything ends.
    pub outer: ProcessId,
    /// The process that holds the namespaces.
    pub sandbox: Option<ProcessId>,
    /// TCP port of the API server on loopback, inside the namespaces (and outside after `lab up`).
    pub port: u16,
    /// TCP port of the registry on loopback, outside the namespaces; 0 without `lab up`.
    #[serde(default)]
    pub registry_port: u16,
    /// Whether this lab was started by `lab up`.
    pub background: bool,
    /// Seconds since 1970 at which the lab was started.
    pub since: u64,
}

impl Layout {
    /// A state folder that exists already, usually `$LAB_DIR`.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Makes a new, empty state folder that only this user can read.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn create() -> Result<Self> {
        let base = base();
        let mut private = fs::DirBuilder::new();
        private.recursive(true).mode(0o700);
        private.create(&base).with_context(|| format!("cannot make {}", base.display()))?;
        is_ours_alone(&base)?;
        let root = tempfile::Builder::new()
            .prefix("lab-")
            .tempdir_in(&base)
            .with_context(|| format!("cannot make a folder in {}", base.display()))?
            .keep();
        let layout = Self { root };
        for dir in [layout.logs(), layout.etcd(), layout.identities()] {
            private.create(&dir).with_context(|| format!("cannot make {}", dir.display()))?;
        }
        Ok(layout)
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// One log file per process.
    pub fn logs(&self) -> PathBuf {
        self.root.join("logs")
    }

    /// Where etcd keeps its data; inside the namespaces a tmpfs of the lab's own is mounted here.
    pub fn etcd(&self) -> PathBuf {
        self.root.join("etcd")
    }

    /// The administrator's kubeconfig.
    pub fn kubeconfig(&self) -> PathBuf {
        self.root.join("kubeconfig")
    }

    /// Kubeconfigs of the other users.
    pub fn identities(&self) -> PathBuf {
        self.root.join("identities")
    }

    /// Certificate of the lab's own authority (PEM).
    pub fn ca_certificate(&self) -> PathBuf {
        self.root.join("ca.crt")
    }

    /// Key of the lab's own authority (PEM).
    pub fn ca_key(&self) -> PathBuf {
        self.root.join("ca.key")
    }

    /// The static token of the administrator, for tests of `--token`.
    pub fn token(&self) -> PathBuf {
        self.root.join("token")
    }

    /// The unix socket through which `lab up` reaches the API server from outside.
    pub fn api_socket(&self) -> PathBuf {
        self.root.join("api.sock")
    }

    /// The same for the registry.
    pub fn registry_socket(&self) -> PathBuf {
        self.root.join("registry.sock")
    }

    /// Exists once the cluster is ready for use.
    pub fn ready_mark(&self) -> PathBuf {
        self.root.join("ready")
    }

    fn record_path(&self) -> PathBuf {
        self.root.join("lab.json")
    }

    /// Writes the record, replacing an earlier one.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write_record(&self, record: &Record) -> Result<()> {
        let text = serde_json::to_vec_pretty(record)?;
        let next = self.root.join("lab.json.new");
        fs::write(&next, text).with_context(|| format!("cannot write {}", next.display()))?;
        fs::rename(&next, self.record_path()).context("cannot put the lab's record in place")
    }

    /// Reads the record back.
    ///
    /// # Errors
    /// When there is none, or it is not a lab's.
    pub fn read_record(&self) -> Result<Record> {
        let path = self.record_path();
        let text = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        serde_json::from_slice(&text).with_context(|| format!("{} is damaged", path.display()))
    }

    /// Removes the folder; that it is gone already is fine.
    pub fn remove(&self) {
        if let Err(error) = fs::remove_dir_all(&self.root)
            && error.kind() != ErrorKind::NotFound
        {
            eprintln!("lab: cannot remove {}: {error}", self.root.display());
        }
    }
}

impl Record {
    /// A record of a lab whose outer process is this one.
    ///
    /// # Errors
    /// When /proc cannot be read.
    pub fn of_this_process(port: u16, background: bool) -> Result<Self> {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |passed| passed.as_secs());
        Ok(Self {
            outer: process_id::identify(std::process::id())?,
            sandbox: None,
            port,
            registry_port: 0,
            background,
            since,
        })
    }
}

/// Every lab of this user that is alive, newest last. Folders of labs that died are removed.
///
/// # Errors
/// When the base folder exists but cannot be read.
pub fn running() -> Result<Vec<(Layout, Record)>> {
    let entries = match fs::read_dir(base()) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => bail!("cannot read {}: {error}", base().display()),
    };
    is_ours_alone(&base())?;
    let mut labs = Vec::new();
    for entry in entries.flatten() {
        let layout = Layout::at(entry.path());
        match layout.read_record() {
            Ok(record) if record.outer.is_alive() => labs.push((layout, record)),
            Ok(_) => layout.remove(),
            // No record yet: a lab that is just being made.
            Err(_) => {}
        }
    }
    labs.sort_by_key(|(_, record)| record.since);
    Ok(labs)
}

/// Anybody can make a folder of that name first, with records that name processes to end and kubeconfigs
/// that lead elsewhere.
fn is_ours_alone(base: &Path) -> Result<()> {
    let found = fs::symlink_metadata(base).with_context(|| format!("cannot look at {}", base.display()))?;
    let ours = found.is_dir() && found.uid() == rustix::process::getuid().as_raw();
    if !ours || found.mode() & 0o077 != 0 {
        bail!("{} is not a folder of yours alone (mode 0700): look at who made it, and remove it", base.display());
    }
    Ok(())
}

fn base() -> PathBuf {
    let user = rustix::process::getuid().as_raw();
    std::env::temp_dir().join(format!("kubectl-release-lab-{user}"))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn only_a_folder_of_ours_alone_is_believed() {
        let place = tempfile::tempdir().unwrap();
        let (base, link) = (place.path().join("base"), place.path().join("link"));
        fs::create_dir(&base).unwrap();
        fs::set_permissions(&base, fs::Permissions::from_mode(0o700)).unwrap();
        assert!(is_ours_alone(&base).is_ok());
        symlink(&base, &link).unwrap();
        assert!(is_ours_alone(&link).is_err());
        fs::set_permissions(&base, fs::Permissions::from_mode(0o755)).unwrap();
        assert!(is_ours_alone(&base).is_err());
    }
}
