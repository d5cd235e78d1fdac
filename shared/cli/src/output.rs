//! The one place that writes to stdout and stderr.
//!
//! A line that can't be written is lost, and nothing else is: whoever reads us may have gone
//! (`| head -1`), the disk may be full, and what the run does to the cluster goes on all the same.
//! The standard library's macros panic there, in the middle of a switch; they are forbidden in
//! `clippy.toml`. SIGPIPE is ignored, as every Rust program has it.

use std::fmt::Display;
use std::io::Write;

/// Data, as it is.
pub fn data(text: impl Display) {
    let mut stdout = std::io::stdout().lock();
    // Flushed at once: what follows a step may take minutes.
    let _ = write!(stdout, "{text}").and_then(|()| stdout.flush());
}

/// A line of data.
pub fn data_line(text: impl Display) {
    data(format_args!("{text}\n"));
}

/// A line for a person, on stderr.
pub fn talk(text: impl Display) {
    // In one write, so that lines of several processes don't mix.
    let _ = std::io::stderr().lock().write_all(format!("{text}\n").as_bytes());
}
