//! Telling a process from another that was given the same number later.

use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};

/// A process number together with the moment the process started, which makes it unique.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessId {
    /// Process id.
    pub pid: u32,
    /// Start time in clock ticks since boot, as in `/proc/PID/stat`.
    pub started: u64,
}

/// Identifies a running process.
///
/// # Errors
/// When there is no such process.
pub fn identify(pid: u32) -> Result<ProcessId> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).with_context(|| format!("there is no process {pid}"))?;
    let started = start_ticks(&stat).with_context(|| format!("/proc/{pid}/stat is unreadable"))?;
    Ok(ProcessId { pid, started })
}

/// The command's name is in parentheses and may itself hold spaces and parentheses.
fn start_ticks(stat: &str) -> Option<u64> {
    let after_name = stat.rsplit_once(')')?.1;
    after_name.split_whitespace().nth(19)?.parse().ok()
}

impl ProcessId {
    /// Whether this very process still runs (a zombie does not).
    pub fn is_alive(self) -> bool {
        let Ok(stat) = fs::read_to_string(format!("/proc/{}/stat", self.pid)) else {
            return false;
        };
        let zombie = stat.rsplit_once(')').is_some_and(|(_, rest)| rest.trim_start().starts_with(['Z', 'X']));
        start_ticks(&stat) == Some(self.started) && !zombie
    }

    /// Sends a signal if this very process still runs.
    ///
    /// # Errors
    /// When the signal may not be sent.
    pub fn signal(self, signal: Signal) -> Result<()> {
        if !self.is_alive() {
            return Ok(());
        }
        let pid = i32::try_from(self.pid).ok().and_then(Pid::from_raw).context("not a process id")?;
        match kill_process(pid, signal) {
            Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
            Err(error) => Err(error).with_context(|| format!("cannot signal process {}", self.pid)),
        }
    }

    /// Waits until the process is gone; false when it still runs after `limit`.
    pub fn wait_gone(self, limit: Duration) -> bool {
        let deadline = Instant::now() + limit;
        while self.is_alive() {
            if Instant::now() >= deadline {
                return false;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_does_not_shift_the_start_time() {
        let stat = "7 (a) b (c)) S 1 7 7 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 4711 0 0";
        assert_eq!(start_ticks(stat), Some(4711));
    }

    #[test]
    fn a_reused_number_is_not_taken_for_the_old_process() {
        let this = identify(std::process::id()).unwrap();
        assert!(this.is_alive());
        let earlier = ProcessId { started: this.started - 1, ..this };
        assert!(!earlier.is_alive());
    }
}
