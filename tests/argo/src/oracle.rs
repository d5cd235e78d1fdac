//! Who answers.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use anyhow::{Context, Result, bail};
use serde::Serialize;
use serde_json::Value;

/// The Go program, built.
#[derive(Debug)]
pub struct Oracle {
    program: PathBuf,
}

/// It, or nothing where there is no Go: then it is said, and nothing is tested. In CI nothing is skipped.
///
/// # Panics
/// Where it can't be built.
pub fn oracle() -> Option<&'static Oracle> {
    static BUILT: OnceLock<Option<Oracle>> = OnceLock::new();
    BUILT.get_or_init(|| built().expect("the Go program is built")).as_ref()
}

fn module() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("go")
}

fn built() -> Result<Option<Oracle>> {
    let has_go = Command::new("go").arg("version").stdout(Stdio::null()).status().is_ok_and(|status| status.success());
    if !has_go && std::env::var_os("CI").is_none() {
        eprintln!("skipped: there is no Go, so that nothing is held against Argo Rollouts");
        return Ok(None);
    }
    let target = std::env::var_os("CARGO_TARGET_TMPDIR").map_or_else(std::env::temp_dir, PathBuf::from);
    let program = target.join("argo-oracle");
    eprintln!("building Argo Rollouts' own rules; the first time takes Go some minutes");
    let status = Command::new("go")
        .current_dir(module())
        .args(["build", "-buildvcs=false", "-o"])
        .arg(&program)
        .arg(".")
        .status()
        .context("cannot run go")?;
    if !status.success() {
        bail!("go build: {status}");
    }
    Ok(Some(Oracle { program }))
}

impl Oracle {
    /// Argo's answer to each question.
    ///
    /// # Errors
    /// Where it has none.
    pub fn ask<Q: Serialize>(&self, command: &str, questions: &[Q]) -> Result<Vec<Value>> {
        let mut child = Command::new(&self.program)
            .arg(command)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot run the Go program")?;
        let mut input = child.stdin.take().context("no input")?;
        let asked = serde_json::to_vec(questions)?;
        let writer = std::thread::spawn(move || input.write_all(&asked));
        let output = child.wait_with_output()?;
        writer.join().map_err(|_| anyhow::anyhow!("the questions were not written"))??;
        if !output.status.success() {
            bail!("{command}: {}", output.status);
        }
        let answers: Vec<Value> = serde_json::from_slice(&output.stdout)?;
        if answers.len() != questions.len() {
            bail!("{command}: {} answers to {} questions", answers.len(), questions.len());
        }
        Ok(answers)
    }

    /// The folder of Argo's own sources, read where Go keeps them.
    ///
    /// # Errors
    /// Where Go doesn't say.
    pub fn sources(&self) -> Result<PathBuf> {
        let said = Command::new("go")
            .current_dir(module())
            .args(["list", "-m", "-f", "{{.Dir}}", "github.com/argoproj/argo-rollouts"])
            .output()?;
        Ok(PathBuf::from(String::from_utf8(said.stdout)?.trim()))
    }
}
