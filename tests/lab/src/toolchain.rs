//! The binaries of a real Kubernetes: built once from the pinned modules in `toolchain/`,
//! then kept in the user's cache folder under a hash of those pins.

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

use crate::crds;

const GO_MOD: &str = include_str!("../toolchain/go.mod");
const GO_SUM: &str = include_str!("../toolchain/go.sum");
/// Raised when what is put into the cache changes without a change of pins.
const CACHE_FORMAT: &str = "1";
const BETWEEN_PROGRESS_LINES: Duration = Duration::from_secs(15);

const LINKER_FLAGS: &str = "-s -w \
    -X k8s.io/component-base/version.gitVersion=v1.36.3 \
    -X k8s.io/component-base/version.gitMajor=1 \
    -X k8s.io/component-base/version.gitMinor=36 \
    -X k8s.io/component-base/version.gitTreeState=clean \
    -X k8s.io/client-go/pkg/version.gitVersion=v1.36.3";

/// The cached binaries and resource definitions.
#[derive(Debug, Clone)]
pub struct Toolchain {
    root: PathBuf,
}

impl Toolchain {
    /// Where the toolchain for the present pins is, or would be.
    ///
    /// # Errors
    /// When neither `KUBECTL_RELEASE_CACHE`, `XDG_CACHE_HOME` nor `HOME` is set.
    pub fn locate() -> Result<Self> {
        let root = cache_base()?.join("lab").join(pins_hash());
        Ok(Self { root })
    }

    /// The toolchain, built first if it is not in the cache. Says what it does on stderr.
    ///
    /// # Errors
    /// When Go is missing, or a download or the build fails.
    pub fn ensure() -> Result<Self> {
        let toolchain = Self::locate()?;
        if toolchain.is_complete() {
            return Ok(toolchain);
        }
        let parent = toolchain.root.parent().context("the cache has no parent")?;
        fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))?;
        let lock = File::create(parent.join("build.lock")).context("cannot make the lock")?;
        if lock.try_lock().is_err() {
            eprintln!("lab: another process is building the toolchain; waiting for it");
            lock.lock().context("cannot wait for the other builder")?;
        }
        if !toolchain.is_complete() {
            build_into(parent, &toolchain.root)?;
        }
        Ok(toolchain)
    }

    /// Whether it can be used without building.
    pub fn is_complete(&self) -> bool {
        self.root.join("complete").exists()
    }

    /// The folder with etcd, kube-apiserver, kubectl and the others.
    pub fn bin(&self) -> PathBuf {
        self.root.join("bin")
    }

    /// One of the binaries.
    pub fn tool(&self, name: &str) -> PathBuf {
        self.bin().join(name)
    }

    /// The folder with custom resource definitions, one JSON file a kind of router.
    pub fn crds(&self) -> PathBuf {
        self.root.join("crds")
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

fn pins_hash() -> String {
    let mut hasher = Sha256::new();
    let parts = [CACHE_FORMAT, std::env::consts::ARCH, GO_MOD, GO_SUM, LINKER_FLAGS];
    for part in parts {
        hasher.update(part);
        hasher.update([0]);
    }
    hasher.update(crds::pins());
    let digest = hasher.finalize();
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// Builds beside the final place and renames, so that a half-built toolchain is never used.
fn build_into(parent: &Path, root: &Path) -> Result<()> {
    let started = Instant::now();
    eprintln!(
        "lab: building Kubernetes v1.36.3, etcd and kwok from source into {}\n\
         lab: the first build takes about 10 minutes on 2 cores (1 GB of downloads, 0.6 GB kept); \
         it is done once",
        root.display()
    );
    let work =
        tempfile::Builder::new().prefix("building-").tempdir_in(parent).context("cannot make a folder to build in")?;
    let module = work.path().join("module");
    let out = work.path().join("out");
    fs::create_dir_all(&module)?;
    fs::create_dir_all(out.join("bin"))?;
    fs::write(module.join("go.mod"), GO_MOD)?;
    fs::write(module.join("go.sum"), GO_SUM)?;
    crds::download(&work.path().join("download"), &out.join("crds"))?;
    compile(&module, &out.join("bin"), started)?;
    fs::rename(out.join("bin/server"), out.join("bin/etcd")).context("etcd was not built")?;
    fs::write(out.join("complete"), "")?;
    if root.exists() {
        fs::remove_dir_all(root)?;
    }
    fs::rename(&out, root).context("cannot move the toolchain into the cache")?;
    eprintln!("lab: toolchain built in {}", elapsed(started));
    Ok(())
}

fn compile(module: &Path, bin: &Path, started: Instant) -> Result<()> {
    eprintln!("lab: downloading Go modules");
    let total = count_packages(module)?;
    let child = Command::new("go")
        .current_dir(module)
        .args(["build", "-v", "-trimpath", "-buildvcs=false", "-ldflags"])
        .arg(LINKER_FLAGS)
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

/// `go build -v` names a package a line as it compiles; linking the seven binaries is silent.
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
