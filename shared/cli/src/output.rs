//! The one place that writes to stdout and stderr.
//!
//! A line that can't be written is lost, and nothing else is: whoever reads us may have gone
//! (`| head -1`), the disk may be full, and what the run does to the cluster goes on all the same. Where
//! output is all that a run is for, its end says that it was lost ([`lost`]).
//! The standard library's macros panic there, in the middle of a switch; they are forbidden in
//! `clippy.toml`. SIGPIPE is ignored, as every Rust program has it.
//!
//! Words that aren't ours go through here, too: a terminal obeys none of them, and nothing in them
//! hides. What a line is made of was made one line before ([`release_core::text::one_line`]); here
//! what isn't seen is written out.

use std::fmt::Display;
use std::io::{Error, ErrorKind, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{LazyLock, OnceLock};

use release_core::text::written_out;

use crate::escape::{in_json, is_hidden, on_terminal};

/// Why data could not be written, the first time.
static LOST: OnceLock<Error> = OnceLock::new();

/// Whether the terminal's last line is one that lives.
static LIVING: AtomicBool = AtomicBool::new(false);
/// To the beginning of the line, and everything in it away.
const ERASE: &str = "\r\u{1b}[2K";

/// Whether stderr gets color: it is for terminals, and `NO_COLOR` by its mere presence turns it off
/// (<https://no-color.org>).
static COLORED: LazyLock<bool> =
    LazyLock::new(|| std::env::var_os("NO_COLOR").is_none() && std::io::stderr().is_terminal());

/// Whether a person sees color on stderr.
#[must_use]
pub fn is_colored() -> bool {
    *COLORED
}

/// Data for people.
pub fn data(text: impl Display) {
    end_living();
    let text = written_out(&text.to_string());
    let mut stdout = std::io::stdout().lock();
    // Flushed at once: what follows a step may take minutes.
    if let Err(error) = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
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

/// A document as JSON on lines of its own, or as one line: strings keep what isn't seen as escapes
/// (`\u202e`, RFC 8259 section 7), so a reader gets just what was said.
pub fn json(document: &impl serde::Serialize, pretty: bool) {
    let text = if pretty { serde_json::to_string_pretty(document) } else { serde_json::to_string(document) };
    data_line(in_json(&text.unwrap_or_default()));
}

/// A document as YAML; where something in it isn't seen, as JSON, which is YAML too (YAML 1.2, section
/// 1.3) and has escapes.
pub fn yaml(document: &impl serde::Serialize) {
    match serde_saphyr::to_string(document) {
        Ok(text) if !text.chars().any(is_hidden) => data(text),
        _ => json(document, true),
    }
}

/// For stderr: our own colors stay, where there are any.
fn shown(text: &str) -> String {
    on_terminal(text, is_colored())
}

/// A line of data.
pub fn data_line(text: impl Display) {
    data(format_args!("{text}\n"));
}

/// A line for a person, on stderr.
pub fn talk(text: impl Display) {
    end_living();
    // In one write, so that lines of several processes don't mix.
    let _ = std::io::stderr().lock().write_all(format!("{}\n", shown(&text.to_string())).as_bytes());
}

/// The one line of a terminal that lives: it takes the place of the one before, until anything else is
/// written.
pub fn live(text: impl Display) {
    LIVING.store(true, Ordering::Relaxed);
    let mut stderr = std::io::stderr().lock();
    let text = shown(&text.to_string());
    let _ = stderr.write_all(format!("{ERASE}{text}").as_bytes()).and_then(|()| stderr.flush());
}

/// Takes the living line away, where there is one.
pub fn end_living() {
    if LIVING.swap(false, Ordering::Relaxed) {
        let _ = std::io::stderr().lock().write_all(ERASE.as_bytes());
    }
}
