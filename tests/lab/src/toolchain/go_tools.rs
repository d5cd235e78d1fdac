//! Go programs, built from the `tool` directives of a pinned module and cached by a hash of the pins.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

/// Raised when what is put into the cache changes without a change of pins.
const CACHE_FORMAT: &str = "1";
const BETWEEN_PROGRESS_LINES: Duration = Duration::from_secs(15);

/// A Go module whose tools are wanted.
pub(super) struct GoTools {
    /// Its folder in the cache.
    pub folder: &'static str,
    /// What is built, for people.
    pub what: &'static str,
    /// What the first build takes, for people.
    pub cost: &'static str,
    pub go_mod: &'static str,
    pub go_sum: &'static str,
    pub linker_flags: &'static str,
    /// What else the cached result depends on.
    pub also: String,
}

/// A build under way; what is left in `out` becomes the cached result.
pub(super) struct Building<'a> {
    pub work: &'a Path,
    pub out: &'a Path,
}

/// Whether a folder of the cache can be used without building.
pub(super) fn is_complete(root: &Path) -> bool {
    root.join("complete").exists()
}

impl GoTools {
    /// Where the result for the present pins is, or would be.
    pub fn root(&self) -> Result<PathBuf> {
        Ok(cache_base()?.join(self.folder).join(self.pins_hash()))
    }

    /// The result, built first if it is not in the cache; `finish` may add to it.
    pub fn ensure(&self, finish: impl FnOnce(&Building<'_>) -> Result<()>) -> Result<PathBuf> {
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
            self.build_into(parent, &root, finish)?;
        }
        Ok(root)
    }

    fn pins_hash(&self) -> String {
        let mut hasher = Sha256::new();
        for part in [CACHE_FORMAT, std::env::consts::ARCH, self.go_mod, self.go_sum, self.linker_flags] {
            hasher.update(part);
            hasher.update([0]);
        }
        hasher.update(&self.also);
        let digest = hasher.finalize();
        digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }

    /// Builds beside the final place and renames, so that a half-built result is never used.
    fn build_into(&self, parent: &Path, root: &Path, finish: impl FnOnce(&Building<'_>) -> Result<()>) -> Result<()> {
        let started = Instant::now();
        eprintln!(
            "lab: building {} from source into {}\nlab: the first build takes {}; it is done once",
            self.what,
            root.display(),
            self.cost
        );
        let work = tempfile::Builder::new()
            .prefix("building-")
            .tempdir_in(parent)
            .context("cannot make a folder to build in")?;
        let module = work.path().join("module");
        let out = work.path().join("out");
        fs::create_dir_all(&module)?;
        fs::create_dir_all(out.join("bin"))?;
        fs::write(module.join("go.mod"), self.go_mod)?;
        fs::write(module.join("go.sum"), self.go_sum)?;
        self.compile(&module, &out.join("bin"), started)?;
        finish(&Building { work: work.path(), out: &out })?;
        fs::write(out.join("complete"), "")?;
        if root.exists() {
            fs::remove_dir_all(root)?;
        }
        fs::rename(&out, root).context("cannot move the result into the cache")?;
        eprintln!("lab: {} built in {}", self.what, elapsed(started));
        Ok(())
    }

    fn compile(&self, module: &Path, bin: &Path, started: Instant) -> Result<()> {
        eprintln!("lab: downloading Go modules");
        let total = count_packages(module)?;
        let child = Command::new("go")
            .current_dir(module)
            .args(["build", "-v", "-trimpath", "-buildvcs=false", "-ldflags"])
            .arg(self.linker_flags)
            .arg("-o")
            .arg(bin)
            .arg("tool")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .context("cannot start `go build`")?;
        watch_build(child, total, started)
    }
}

fn cache_base() -> Result<PathBuf> {
    if let Some(set) = std::env::var_os("KUBECTL_RELEASE_CACHE").filter(|v| !v.is_empty()) {
        return Ok(PathBuf::from(set));
    }
    let user_cache = match std::env::var_os("XDG_CACHE_HOME").filter(|v| !v.is_empty()) {
        Some(set) => PathBuf::from(set),
        None => PathBuf::from(std::env::var_os("HOME").context("HOME is not set")?).join(".cache"),
    };
    Ok(user_cache.join("kubectl-release"))
}

fn count_packages(module: &Path) -> Result<usize> {
    let listed = Command::new("go")
        .current_dir(module)
        .args(["list", "-deps", "tool"])
        .stdin(Stdio::null())
        .output()
        .context("Go is needed to build the lab (https://go.dev/dl), and `go` cannot be run")?;
    if !listed.status.success() {
        bail!("go list failed: {}", String::from_utf8_lossy(&listed.stderr).trim());
    }
    Ok(listed.stdout.iter().filter(|byte| **byte == b'\n').count())
}

/// `go build -v` names a package a line as it compiles; linking the binaries is silent.
fn watch_build(mut child: Child, total: usize, started: Instant) -> Result<()> {
    let stderr = child.stderr.take().context("no stderr")?;
    let compiled = Arc::new(AtomicUsize::new(0));
    let tail = Arc::new(Mutex::new(Vec::<String>::new()));
    let reader = {
        let (compiled, tail) = (Arc::clone(&compiled), Arc::clone(&tail));
        thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                compiled.fetch_add(1, Ordering::Relaxed);
                if let Ok(mut tail) = tail.lock() {
                    tail.push(line);
                    let surplus = tail.len().saturating_sub(20);
                    tail.drain(..surplus);
                }
            }
        })
    };
    let mut next_line = Instant::now() + BETWEEN_PROGRESS_LINES;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if Instant::now() >= next_line {
            let done = compiled.load(Ordering::Relaxed);
            eprintln!("lab: {}: {}", elapsed(started), progress(done, total));
            next_line = Instant::now() + BETWEEN_PROGRESS_LINES;
        }
        thread::sleep(Duration::from_millis(200));
    };
    let _ = reader.join();
    if !status.success() {
        let tail = tail.lock().map(|lines| lines.join("\n")).unwrap_or_default();
        bail!("go build failed ({status}):\n{tail}");
    }
    Ok(())
}

/// Packages in Go's own cache are not named, so that nothing may be left but linking.
fn progress(done: usize, total: usize) -> String {
    if done == 0 { "linking".to_owned() } else { format!("{done} of {total} packages compiled") }
}

fn elapsed(since: Instant) -> String {
    let seconds = since.elapsed().as_secs();
    format!("{}m{:02}s", seconds / 60, seconds % 60)
}
