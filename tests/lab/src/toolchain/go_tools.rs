//! Go programs, built from the `tool` directives of a pinned module and cached by a hash of the pins.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::cache::{Building, Cached, elapsed};

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

impl GoTools {
    /// Where the result for the present pins is, or would be.
    pub fn root(&self) -> Result<PathBuf> {
        self.cached().root()
    }

    /// The result, built first if it is not in the cache; `finish` may add to it.
    pub fn ensure(&self, finish: impl FnOnce(&Building<'_>) -> Result<()>) -> Result<PathBuf> {
        self.cached().ensure(|building| {
            self.build(building)?;
            finish(building)
        })
    }

    fn cached(&self) -> Cached {
        let pins = [self.go_mod, self.go_sum, self.linker_flags, &self.also];
        let made_from = pins.map(str::to_owned).into();
        Cached { folder: self.folder, what: self.what, cost: self.cost, made_from }
    }

    fn build(&self, building: &Building<'_>) -> Result<()> {
        let module = building.work.join("module");
        let bin = building.out.join("bin");
        fs::create_dir_all(&module)?;
        fs::create_dir_all(&bin)?;
        fs::write(module.join("go.mod"), self.go_mod)?;
        fs::write(module.join("go.sum"), self.go_sum)?;
        self.compile(&module, &bin, building.started)
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
