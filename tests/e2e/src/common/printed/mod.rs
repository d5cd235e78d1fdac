//! Every command that a plugin prints works, in the state in which it was printed.
//!
//! After each run of one of our programs, what it printed is read as a person would: each command on
//! stdout and stderr is tried at once, reads as they are and writes as dry runs, as the same user
//! and with what the run was given. A command works where
//!
//! - nothing in it is left to be filled in, and a shell reads it as one plain command;
//! - it reaches the cluster, the namespace and the user that the run reached;
//! - it is understood, and all that it names is there;
//! - it goes where its line says: what is offered as the way on or back goes through, and is never
//!   refused for the finding that it was offered for; what undoes a write can be written.
//!
//! A run that prints what it printed before in the same test is not tried again.

pub mod found;
mod harmless;
mod judge;
mod reach;
pub(crate) mod words;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use futures::FutureExt;
use futures::future::join_all;
use lab::api_proxy::sound;
use lab::ended_run::{Ran, after_each_run};
use lab::{Lab, Output};

use found::{Printed, commands};
use harmless::{Plugin, Trial, harmless};
use judge::{Shown, complaint};

use super::run::said;

/// More than any command that is printed takes.
const LIMIT: Duration = Duration::from_secs(30);
/// Our programs, and how kubectl calls them.
const PROGRAMS: [(&str, &str); 3] =
    [("kubectl-bluegreen", "bluegreen"), ("kubectl-ecr_rollback", "ecr-rollback"), ("kubectl-canary", "canary")];

/// From now on, what each run in this program prints is tried.
pub fn are_tried() {
    after_each_run(|ran, output| work(ran, output).boxed());
}

/// Tries what a run printed, unless it is none of ours.
///
/// # Errors
/// Where a command doesn't work: all that don't, each with why.
pub async fn work(ran: Ran, output: Output) -> Result<()> {
    if !is_ours(&ran) {
        return Ok(());
    }
    let shown = Shown::by(&output);
    let new: Vec<Printed> =
        commands(&output).into_iter().filter(|printed| is_new(&ran, output.code, printed)).collect();
    let tried = join_all(new.iter().map(|printed| async {
        let complaint = tried(&ran, printed, &shown).await;
        complaint.err().map(|why| format!("{}\n  {why:#}", printed.text))
    }))
    .await;
    let bad: Vec<String> = tried.into_iter().flatten().collect();
    ensure!(bad.is_empty(), "printed, and doesn't work:\n{}\nby {:?}\n{}", bad.join("\n"), ran.args(), said(&output));
    Ok(())
}

fn is_ours(ran: &Ran) -> bool {
    let program = ran.program().file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let verb = ran.args().first().map(String::as_str).unwrap_or_default();
    PROGRAMS.iter().any(|(file, name)| program == *file || (program == "kubectl" && verb == *name))
}

/// Whether this test has not yet seen such a run print such a command. Digits tell nothing: they are
/// of names, ports and times.
fn is_new(ran: &Ran, code: u8, printed: &Printed) -> bool {
    static SEEN: LazyLock<Mutex<BTreeSet<String>>> = LazyLock::new(Mutex::default);
    let key = format!("{:?} {code} {printed:?}", ran.args());
    let key = key.split(|c: char| c.is_ascii_digit() || matches!(c, 'a'..='f')).collect();
    SEEN.lock().unwrap_or_else(PoisonError::into_inner).insert(key)
}

async fn tried(ran: &Ran, printed: &Printed, shown: &Shown) -> Result<()> {
    let words = words::split(&printed.text)?;
    if let Some(open) = words::placeholder(&words) {
        bail!("{open}");
    }
    if reach::is_about_another_namespace(ran.args(), &words) {
        return Ok(());
    }
    let trial = harmless(&words)?;
    if trial != Trial::Elsewhere
        && let Some(lost) = reach::lost(ran.args(), &words)
    {
        bail!("{lost}");
    }
    let Some(output) = run(ran, &trial).await? else { return Ok(()) };
    match complaint(printed, &trial, shown, &output) {
        Some(why) => bail!("{why}"),
        None => Ok(()),
    }
}

/// Runs it where and as whom the run ran; what a test put between that and the API server is left out.
async fn run(ran: &Ran, trial: &Trial) -> Result<Option<Output>> {
    let lab = Lab::from_env().await?;
    let (program, words): (PathBuf, _) = match trial {
        Trial::Ours { plugin: Plugin::Bluegreen, words, .. } => (lab.plugins().join(PROGRAMS[0].0), words),
        Trial::Ours { plugin: Plugin::EcrRollback, words, .. } => (lab.plugins().join(PROGRAMS[1].0), words),
        Trial::Ours { plugin: Plugin::Canary, words, .. } => (lab.plugins().join(PROGRAMS[2].0), words),
        Trial::Kubectl { words, .. } => (lab.bin().join("kubectl"), words),
        Trial::Elsewhere => return Ok(None),
    };
    let mut command = ran.beside(&program, words);
    if let Some(kubeconfig) = ran.variable("KUBECONFIG").and_then(|path| sound(path.as_ref())) {
        command.env("KUBECONFIG", kubeconfig);
    }
    command.stdin(Stdio::null()).kill_on_drop(true);
    let began = Instant::now();
    let ended = tokio::time::timeout(LIMIT, command.output()).await.context("it doesn't end")??;
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    let code = ended.status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX);
    Ok(Some(Output { code, stdout: text(ended.stdout), stderr: text(ended.stderr), elapsed: began.elapsed() }))
}
