//! How a command ends when it does not end well: an exit code, a cause and a next step.

use std::fmt;

use crate::command::Command;
use crate::text::one_line;

/// The reason where nobody answers any more who could tell what became of a write.
pub const UNSEEN: &str = "Unseen";

/// What helps where the API server says that somebody may not do something.
pub const ROLES: &str = "docs/permissions.md lists the Role that each verb needs";

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

/// What to do about a failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Commands of which each does what was wanted in its own way, and what to know before.
    Try(Vec<Command>, Option<String>),
    /// A command that shows more, and what to do then.
    Look(Command, Option<String>),
    /// A short instruction.
    Hint(String),
}

impl Next {
    /// The word before it: `Try`, `Look`, `Hint`.
    #[must_use]
    pub fn label(&self) -> &'static str {
        match self {
            Self::Try(..) => "Try",
            Self::Look(..) => "Look",
            Self::Hint(_) => "Hint",
        }
    }

    /// What there is to say besides the commands.
    #[must_use]
    pub fn note(&self) -> Option<&str> {
        match self {
            Self::Try(_, note) | Self::Look(_, note) => note.as_deref(),
            Self::Hint(text) => Some(text),
        }
    }

    /// The commands to paste.
    #[must_use]
    pub fn commands(&self) -> &[Command] {
        match self {
            Self::Try(commands, _) => commands,
            Self::Look(command, _) => std::slice::from_ref(command),
            Self::Hint(_) => &[],
        }
    }
}

impl fmt::Display for Next {
    /// Lines after the first stand under it where a label of three letters leads.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hint(text) => f.write_str(&one_line(text)),
            Self::Try(commands, note) => {
                let lines: Vec<String> = commands.iter().map(ToString::to_string).collect();
                f.write_str(&lines.join("\n     "))?;
                note.as_ref().map_or(Ok(()), |note| write!(f, "   ({})", one_line(note)))
            }
            Self::Look(command, note) => {
                write!(f, "{command}")?;
                note.as_ref().map_or(Ok(()), |note| write!(f, "\n     {}", one_line(note)))
            }
        }
    }
}

impl From<String> for Next {
    fn from(text: String) -> Self {
        Self::Hint(text)
    }
}

impl From<&str> for Next {
    fn from(text: &str) -> Self {
        Self::Hint(text.to_owned())
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
    pub next: Option<Next>,
    /// The message begins with kubectl's own words for what the server said, or that it didn't.
    pub is_servers: bool,
}

impl Failure {
    /// A failure without a next step.
    pub fn new(exit: Exit, reason: &'static str, message: impl Into<String>) -> Self {
        Self { exit, reason, message: message.into(), next: None, is_servers: false }
    }

    /// Refused or failed: exit 1.
    pub fn failed(reason: &'static str, message: impl Into<String>) -> Self {
        Self::new(Exit::Failed, reason, message)
    }

    /// Failed while something was being done: the message is the whole chain of causes, the
    /// outermost first.
    #[must_use]
    pub fn caused_by(reason: &'static str, cause: &anyhow::Error) -> Self {
        Self::failed(reason, format!("{cause:#}"))
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

    /// Adds a command that does what was wanted.
    #[must_use]
    pub fn try_next(self, command: Command) -> Self {
        self.next(Next::Try(vec![command], None))
    }

    /// Adds a command that shows more.
    #[must_use]
    pub fn look(self, command: Command) -> Self {
        self.next(Next::Look(command, None))
    }

    /// Adds the next step.
    #[must_use]
    pub fn next(mut self, step: impl Into<Next>) -> Self {
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
