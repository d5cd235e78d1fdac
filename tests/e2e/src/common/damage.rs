//! Our annotations, damaged by other hands.

use anyhow::{Result, ensure};
use lab::Output;

use super::run::said;

/// Values that are no record at all.
#[must_use]
pub fn no_records() -> Vec<String> {
    let texts = ["garbage", "", "[]", "null", &"{".repeat(5000), &"x".repeat(200 * 1024)];
    texts.map(str::to_owned).into()
}

/// Nothing of the annotation reached the terminal as more than text.
///
/// # Errors
/// Where something did, or much of it.
pub fn harmless(output: &Output) -> Result<()> {
    for bad in ["\u{1b}", "\u{7}", "panicked", "rm -rf", "$(reboot)"] {
        ensure!(!output.stdout.contains(bad) && !output.stderr.contains(bad), "{bad:?}\n{}", said(output));
    }
    ensure!(output.stdout.len() + output.stderr.len() < 16 * 1024, "{} bytes", output.stdout.len());
    Ok(())
}
