//! Asking a person before something changes.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use dialoguer::console::Term;
use dialoguer::{Confirm, Select};

use release_core::failure::{Exit, Failure, Outcome};
use release_core::text::{one_line, written_out};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

/// True where a person can be asked: both stdin and stderr are a terminal.
#[must_use]
pub fn has_terminal() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Asks `question` unless `yes`. The prompt goes to stderr; Enter means no.
///
/// # Errors
/// Exit 1 where the person says no, exit 6 where there is no terminal to ask on, exit 130 on
/// Ctrl-C.
pub fn agree(question: &str, yes: bool) -> Outcome<()> {
    if yes {
        return Ok(());
    }
    if !has_terminal() {
        return Err(Failure::new(
            Exit::Waiting,
            "NotConfirmed",
            "no terminal to ask on, and no --yes; nothing was written",
        )
        .next("add --yes, or --dry-run=client to see the plan only"));
    }
    let _keys = CtrlCIsAKey::set();
    match answered(|| Confirm::new().with_prompt(written_out(question)).default(false).interact_opt()) {
        Ok(Some(true)) => Ok(()),
        Ok(_) => Err(Failure::failed("NotConfirmed", "not confirmed; nothing was written")),
        Err(_) => Err(interrupted()),
    }
}

/// Lets a person choose one of `rows` with the arrow keys; the prompt goes to stderr. Escape is no
/// choice.
///
/// # Errors
/// Exit 1 where the person chooses nothing, exit 130 on Ctrl-C.
pub fn pick(prompt: &str, rows: &[String], default: usize) -> Outcome<usize> {
    let rows: Vec<String> = rows.iter().map(|row| one_line(row)).collect();
    let select =
        Select::new().with_prompt(written_out(prompt)).items(&rows).default(default).max_length(15).report(false);
    let _keys = CtrlCIsAKey::set();
    match answered(|| select.interact_opt()) {
        Ok(Some(row)) => Ok(row),
        Ok(None) => Err(Failure::failed("NotConfirmed", "nothing was chosen; nothing was written")),
        Err(_) => Err(interrupted()),
    }
}

/// How long people took to answer the questions of this process.
static THINKING_MILLIS: AtomicU64 = AtomicU64::new(0);

/// How long people took to answer so far: no part of what a run takes, or may take.
#[must_use]
pub fn time_to_think() -> Duration {
    Duration::from_millis(THINKING_MILLIS.load(Ordering::Relaxed))
}

/// Asks, and counts the time until the answer.
fn answered<T>(ask: impl FnOnce() -> T) -> T {
    let asked = Instant::now();
    let answer = ask();
    let took = u64::try_from(asked.elapsed().as_millis()).unwrap_or(u64::MAX);
    THINKING_MILLIS.fetch_add(took, Ordering::Relaxed);
    answer
}

fn interrupted() -> Failure {
    // The prompt hides the cursor, and Ctrl-C leaves it so.
    let _ = Term::stderr().show_cursor();
    Failure::new(Exit::Interrupted, "Interrupted", "interrupted; nothing was written")
}

/// While it lives, Ctrl-C is a key of the terminal. As a signal it would get lost where it comes
/// between the question's being shown and its being read: the run takes it, and the prompt waits on.
struct CtrlCIsAKey(Option<Termios>);

impl CtrlCIsAKey {
    fn set() -> Self {
        let before = tcgetattr(std::io::stdin()).ok();
        if let Some(mut modes) = before.clone() {
            modes.local_modes.remove(LocalModes::ISIG);
            let _ = tcsetattr(std::io::stdin(), OptionalActions::Drain, &modes);
        }
        Self(before)
    }
}

impl Drop for CtrlCIsAKey {
    fn drop(&mut self) {
        if let Some(before) = &self.0 {
            let _ = tcsetattr(std::io::stdin(), OptionalActions::Drain, before);
        }
    }
}
