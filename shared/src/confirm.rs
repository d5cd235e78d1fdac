//! Asking a person before something changes.

use std::io::IsTerminal;

use dialoguer::Confirm;
use dialoguer::console::Term;

use crate::error::{Exit, Failure, Outcome};

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
        Err(_) => {
            // The prompt hides the cursor, and Ctrl-C leaves it so.
            let _ = Term::stderr().show_cursor();
            Err(Failure::new(Exit::Interrupted, "Interrupted", "interrupted; nothing was written"))
        }
    }
}
