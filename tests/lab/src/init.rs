//! The first process of the lab's process namespace: runs one command and buries orphans.

use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus};

use anyhow::{Context, Result};
use rustix::process::{WaitOptions, wait};

/// Runs `command`, reaping every process that ends meanwhile, and returns its exit code.
/// When the caller then exits, the kernel ends whatever is left in the namespace.
///
/// # Errors
/// When the command cannot be started.
pub fn run(mut command: Command) -> Result<u8> {
    let child = command.spawn().context("cannot start the lab inside its namespaces")?;
    loop {
        match wait(WaitOptions::empty()) {
            Ok(Some((pid, status))) => {
                if u32::try_from(pid.as_raw_nonzero().get()).ok() == Some(child.id()) {
                    return Ok(exit_code(ExitStatus::from_raw(status.as_raw())));
                }
            }
            Ok(None) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error).context("cannot wait for processes"),
        }
    }
}

/// A shell's way to put an exit status into one number.
pub fn exit_code(status: ExitStatus) -> u8 {
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(1);
    u8::try_from(code).unwrap_or(1)
}
