//! The most memory a command had.
//!
//! Linux counts what a process weighed before it became the command, so that this is done by a
//! process of its own which weighs little: `bench peak -- COMMAND`.

use std::ffi::OsString;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use nix::sys::resource::{UsageWho, getrusage};

/// The line of [`print`] begins with this.
const MARK: &str = "peak-kib ";

/// Runs a command and prints its peak on stderr, after all that it printed itself.
pub fn print(command: &[OsString]) -> Result<()> {
    let (program, args) = command.split_first().context("no command")?;
    let status = Command::new(program).args(args).stdout(Stdio::null()).status().context("cannot run the command")?;
    ensure!(status.success(), "the command failed: {status}");
    let kib = getrusage(UsageWho::RUSAGE_CHILDREN)?.max_rss();
    eprintln!("{MARK}{kib}");
    Ok(())
}

/// Runs a prepared command below `bench peak` and gives its peak in bytes.
pub async fn of(command: &tokio::process::Command) -> Result<u64> {
    let command = command.as_std();
    let mut below = tokio::process::Command::new(std::env::current_exe()?);
    below.arg("peak").arg("--").arg(command.get_program()).args(command.get_args()).stdin(Stdio::null());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => below.env(name, value),
            None => below.env_remove(name),
        };
    }
    let output = below.output().await.context("cannot run bench peak")?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    let kib =
        stderr.lines().rev().find_map(|line| line.strip_prefix(MARK)).with_context(|| format!("failed: {stderr}"))?;
    Ok(kib.trim().parse::<u64>()? * 1024)
}
