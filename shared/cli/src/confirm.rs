//! Asking a person before something changes.

use std::io::IsTerminal;

use dialoguer::console::Term;
use dialoguer::{Confirm, Select};

use release_core::failure::{Exit, Failure, Outcome};

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
    match Confirm::new().with_prompt(question).default(false).interact_opt() {
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
    let select = Select::new().with_prompt(prompt).items(rows).default(default).max_length(15).report(false);
    match select.interact_opt() {
        Ok(Some(row)) => Ok(row),
        Ok(None) => Err(Failure::failed("NotConfirmed", "nothing was chosen; nothing was written")),
        Err(_) => Err(interrupted()),
    }
}

fn interrupted() -> Failure {
    // The prompt hides the cursor, and Ctrl-C leaves it so.
    let _ = Term::stderr().show_cursor();
    Failure::new(Exit::Interrupted, "Interrupted", "interrupted; nothing was written")
}
