//! The one place that writes to stdout and stderr.
//!
//! A line that can't be written is lost, and nothing else is: whoever reads us may have gone
//! (`| head -1`), the disk may be full, and what the run does to the cluster goes on all the same. Where
//! output is all that a run is for, its end says that it was lost ([`lost`]).
//! The standard library's macros panic there, in the middle of a switch; they are forbidden in
//! `clippy.toml`. SIGPIPE is ignored, as every Rust program has it.

use std::fmt::Display;
use std::io::{Error, ErrorKind, Write};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

/// Why data could not be written, the first time.
static LOST: OnceLock<Error> = OnceLock::new();

/// Whether the terminal's last line is one that lives.
static LIVING: AtomicBool = AtomicBool::new(false);
/// To the beginning of the line, and everything in it away.
const ERASE: &str = "\r\u{1b}[2K";

/// Data, as it is.
pub fn data(text: impl Display) {
    end_living();
    let mut stdout = std::io::stdout().lock();
    // Flushed at once: what follows a step may take minutes.
    if let Err(error) = write!(stdout, "{text}").and_then(|()| stdout.flush()) {
        note_loss(error);
    }
}

/// Notes that data could not be written.
pub fn note_loss(error: Error) {
    // Only the first one says where it began.
    let _ = LOST.set(error);
}

/// True once data could not be written: nobody gets what comes, either.
#[must_use]
pub fn is_ended() -> bool {
    LOST.get().is_some()
}

/// Why data was lost; nothing where none was, and where its reader had enough and went, which is no
/// failure of ours.
#[must_use]
pub fn lost() -> Option<&'static Error> {
    LOST.get().filter(|error| error.kind() != ErrorKind::BrokenPipe)
}

/// A line of data.
pub fn data_line(text: impl Display) {
    data(format_args!("{text}\n"));
}

/// A line for a person, on stderr.
pub fn talk(text: impl Display) {
    end_living();
    // In one write, so that lines of several processes don't mix.
    let _ = std::io::stderr().lock().write_all(format!("{text}\n").as_bytes());
}

/// The one line of a terminal that lives: it takes the place of the one before, until anything else is
/// written.
pub fn live(text: impl Display) {
    LIVING.store(true, Ordering::Relaxed);
    let mut stderr = std::io::stderr().lock();
    let _ = stderr.write_all(format!("{ERASE}{text}").as_bytes()).and_then(|()| stderr.flush());
}

/// Takes the living line away, where there is one.
pub fn end_living() {
    if LIVING.swap(false, Ordering::Relaxed) {
        let _ = std::io::stderr().lock().write_all(ERASE.as_bytes());
    }
}
