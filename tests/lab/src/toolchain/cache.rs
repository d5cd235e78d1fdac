//! Results of slow builds, kept in the user's cache by a hash of what they are made from.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

/// Raised when what is put into the cache changes without a change of pins.
const CACHE_FORMAT: &str = "1";

/// A result in the cache, there or not.
pub(super) struct Cached {
    /// Its folder in the cache.
    pub folder: &'static str,
    /// What is built, for people.
    pub what: &'static str,
    /// What the first build takes, for people.
    pub cost: &'static str,
    /// All that the result depends on.
    pub made_from: Vec<String>,
}

/// A build under way; what is left in `out` becomes the cached result.
pub(super) struct Building<'a> {
    pub work: &'a Path,
    pub out: &'a Path,
    pub started: Instant,
}

/// Whether a folder of the cache can be used without building.
pub(super) fn is_complete(root: &Path) -> bool {
    root.join("complete").exists()
}

impl Cached {
    /// Where the result for the present pins is, or would be.
    pub fn root(&self) -> Result<PathBuf> {
        Ok(base()?.join(self.folder).join(self.hash()))
    }

    /// The result, built first if it is not in the cache. Only one process builds at a time.
    pub fn ensure(&self, build: impl FnOnce(&Building<'_>) -> Result<()>) -> Result<PathBuf> {
        let root = self.root()?;
        if is_complete(&root) {
            return Ok(root);
        }
        let parent = root.parent().context("the cache has no parent")?;
        fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))?;
        let lock = File::create(parent.join("build.lock")).context("cannot make the lock")?;
        if lock.try_lock().is_err() {
            eprintln!("lab: another process is building {}; waiting for it", self.what);
            lock.lock().context("cannot wait for the other builder")?;
        }
        if !is_complete(&root) {
            self.build_into(parent, &root, build)?;
        }
        Ok(root)
    }

    fn hash(&self) -> String {
        let fixed = [CACHE_FORMAT, std::env::consts::ARCH].map(str::to_owned);
        let parts: Vec<_> = fixed.iter().chain(&self.made_from).map(String::as_str).collect();
        let digest = Sha256::digest(parts.join("\0"));
        digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }

    /// Builds beside the final place and renames, so that a half-built result is never used.
    fn build_into(&self, parent: &Path, root: &Path, build: impl FnOnce(&Building<'_>) -> Result<()>) -> Result<()> {
        let started = Instant::now();
        eprintln!(
            "lab: building {} into {}\nlab: the first build takes {}; it is done once",
            self.what,
            root.display(),
            self.cost
        );
        let work = tempfile::Builder::new()
            .prefix("building-")
            .tempdir_in(parent)
            .context("cannot make a folder to build in")?;
        let out = work.path().join("out");
        fs::create_dir_all(&out)?;
        build(&Building { work: work.path(), out: &out, started })?;
        fs::write(out.join("complete"), "")?;
        if root.exists() {
            fs::remove_dir_all(root)?;
        }
        fs::rename(&out, root).context("cannot move the result into the cache")?;
        eprintln!("lab: {} built in {}", self.what, elapsed(started));
        Ok(())
    }
}

fn base() -> Result<PathBuf> {
    if let Some(set) = std::env::var_os("KUBECTL_RELEASE_CACHE").filter(|v| !v.is_empty()) {
        return Ok(PathBuf::from(set));
    }
    let user_cache = match std::env::var_os("XDG_CACHE_HOME").filter(|v| !v.is_empty()) {
        Some(set) => PathBuf::from(set),
        None => PathBuf::from(std::env::var_os("HOME").context("HOME is not set")?).join(".cache"),
    };
    Ok(user_cache.join("kubectl-release"))
}

pub(super) fn elapsed(since: Instant) -> String {
    let seconds = since.elapsed().as_secs();
    format!("{}m{:02}s", seconds / 60, seconds % 60)
}
