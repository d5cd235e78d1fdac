//! How a command ends when it does not end well: an exit code, a cause and a next step.

use std::fmt;

/// Exit codes, the same in every plugin of the suite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done, or nothing to do.
    Done = 0,
    /// Refused or failed; what was written, if anything, is in the message.
    Failed = 1,
    /// The command line makes no sense.
    Usage = 2,
    /// Something we rely on changed under us: look again.
    Changed = 3,
    /// Out of time.
    OutOfTime = 4,
    /// Failed, and rolled back by itself.
    RolledBack = 5,
    /// Waiting for a person, and there is no terminal.
    Waiting = 6,
    /// Interrupted by the user (SIGINT or SIGTERM).
    Interrupted = 130,
}

impl Exit {
    /// The process exit code.
    #[must_use]
    pub fn code(self) -> u8 {
        self as u8
    }
}

/// A command's failure: what a person reads, what a script branches on, and what to do next.
#[derive(Debug, Clone)]
pub struct Failure {
    /// The process exit code.
    pub exit: Exit,
    /// A stable CamelCase word for scripts, as `metav1.Status.reason` is.
    pub reason: &'static str,
    /// What happened, in one sentence or a few lines; no trailing full stop.
    pub message: String,
    /// The next step: a whole command to paste, or a short instruction.
    pub next: Option<String>,
}

impl Failure {
    /// A failure without a next step.
    pub fn new(exit: Exit, reason: &'static str, message: impl Into<String>) -> Self {
        Self { exit, reason, message: message.into(), next: None }
    }

    /// Refused or failed: exit 1.
    pub fn failed(reason: &'static str, message: impl Into<String>) -> Self {
        Self::new(Exit::Failed, reason, message)
    }

    /// Wrong usage: exit 2.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, "BadUsage", message)
    }

    /// Changed under us: exit 3.
    pub fn changed(message: impl Into<String>) -> Self {
        Self::new(Exit::Changed, "Changed", message)
    }

    /// Out of time: exit 4.
    pub fn out_of_time(message: impl Into<String>) -> Self {
        Self::new(Exit::OutOfTime, "OutOfTime", message)
    }

    /// Adds the next step.
    #[must_use]
    pub fn next(mut self, step: impl Into<String>) -> Self {
        self.next = Some(step.into());
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

/// Result of everything that can end a command.
pub type Outcome<T> = Result<T, Failure>;
