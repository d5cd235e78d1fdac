//! The most memory that a command had.

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::process::Command;
use tokio::time::{Instant, sleep};

/// Runs it to its end, however it ends, and gives its peak in bytes: the kernel's own mark of it
/// (`VmHWM`, proc(5)), looked at until it is gone.
///
/// # Errors
/// Where it can't be started, or doesn't end within `limit`.
pub async fn of(mut command: Command, limit: Duration) -> Result<u64> {
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true).spawn()?;
    let status = format!("/proc/{}/status", child.id().context("it is gone")?);
    let end = Instant::now() + limit;
    let mut peak = 0;
    while child.try_wait()?.is_none() {
        peak = std::fs::read_to_string(&status).ok().and_then(|text| mark(&text)).unwrap_or(0).max(peak);
        if Instant::now() > end {
            bail!("no end within {limit:?}");
        }
        sleep(Duration::from_millis(1)).await;
    }
    Ok(peak * 1024)
}

fn mark(status: &str) -> Option<u64> {
    status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse().ok())
}
