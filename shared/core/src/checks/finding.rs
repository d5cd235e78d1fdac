//! What the checks of a plan found, how it is weighed, and how a person reads it.

use std::fmt;

use super::ids::CheckId;
pub use super::severity::Severity;
use crate::command::Command;
use crate::text::one_line;

/// What would mend a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mend {
    /// `--scale` brings the target to size.
    Scale,
    /// Naming this Service too, so that both move as one.
    AlsoMove(String),
    /// A command that mends it, or shows why it is so.
    Run(Command),
    /// Something that a person has to do elsewhere, in a few words.
    Advice(String),
}

impl fmt::Display for Mend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scale => f.write_str("add --scale"),
            Self::AlsoMove(_) => f.write_str("name it too"),
            Self::Run(command) => write!(f, "{command}"),
            Self::Advice(text) => f.write_str(&one_line(text)),
        }
    }
}

impl From<Command> for Mend {
    fn from(command: Command) -> Self {
        Self::Run(command)
    }
}

impl From<String> for Mend {
    fn from(text: String) -> Self {
        Self::Advice(text)
    }
}

impl From<&str> for Mend {
    fn from(text: &str) -> Self {
        Self::Advice(text.to_owned())
    }
}

/// One thing that a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub id: CheckId,
    pub severity: Severity,
    /// The Service, workload or repository that it is about.
    pub about: String,
    /// The reason, with numbers.
    pub message: String,
    /// What would mend it.
    pub mend: Option<Mend>,
    /// Shown with `-o wide` only.
    pub quiet: bool,
    /// A blocking finding that the user (or an annotation) overrode by name.
    pub overridden: bool,
    /// Where it blocks, it does so in an outage, too, unless overridden by name.
    pub stands: bool,
}

impl Finding {
    /// A finding without a fix.
    #[must_use]
    pub fn new(about: &str, id: CheckId, severity: Severity, message: impl Into<String>) -> Self {
        let about = about.to_owned();
        Self {
            id,
            severity,
            about,
            message: message.into(),
            mend: None,
            quiet: false,
            overridden: false,
            stands: false,
        }
    }

    /// A finding that stops the change.
    #[must_use]
    pub fn blocks(about: &str, id: CheckId, message: impl Into<String>) -> Self {
        Self::new(about, id, Severity::Blocks, message)
    }

    /// A finding to know about.
    #[must_use]
    pub fn warns(about: &str, id: CheckId, message: impl Into<String>) -> Self {
        Self::new(about, id, Severity::Warns, message)
    }

    /// A check that couldn't be made; `what` is the kind of object, `why` the reason in a few words.
    #[must_use]
    pub fn not_checked(about: &str, id: CheckId, what: &str, why: &str) -> Self {
        Self::new(about, id, Severity::NotChecked, format!("{what} ({why})"))
    }

    /// Blocks in an outage, too.
    #[must_use]
    pub fn standing(self) -> Self {
        Self { stands: true, ..self }
    }

    /// Says what would mend it.
    #[must_use]
    pub fn mend(mut self, mend: impl Into<Mend>) -> Self {
        self.mend = Some(mend.into());
        self
    }

    /// Keeps it behind `-o wide`.
    #[must_use]
    pub fn quiet_if(mut self, quiet: bool) -> Self {
        self.quiet |= quiet;
        self
    }
}

/// How findings are shown.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    /// Also those that are kept behind `-o wide`.
    pub wide: bool,
    /// Several subjects: each finding names its own.
    pub several: bool,
    pub colored: bool,
}

/// What colors a symbol, and ends it (ECMA-48, SGR): no other escape is ever meant.
pub const PAINTS: [&str; 4] = ["\u{1b}[31m", "\u{1b}[33m", "\u{1b}[36m", "\u{1b}[0m"];

/// Findings a line each: `x` blocks, `!` warns, `?` was not checked, `-` blocks but is overridden.
#[must_use]
pub fn lines(findings: &[Finding], look: Look) -> String {
    let shown: Vec<&Finding> =
        findings.iter().filter(|f| look.wide || !f.quiet || f.severity == Severity::Blocks).collect();
    let id_width = shown
        .iter()
        .filter(|f| f.severity != Severity::NotChecked)
        .map(|f| f.id.as_str().len())
        .max()
        .unwrap_or(0)
        .max(11);
    let text_width = shown.iter().map(|f| f.message.chars().count()).max().unwrap_or(0).min(48);
    let [red, yellow, cyan, end] = PAINTS;
    let lines = shown.iter().map(|finding| {
        let (symbol, paint) = match finding.severity {
            Severity::Blocks if finding.overridden => ("-", yellow),
            Severity::Blocks => ("x", red),
            Severity::Warns => ("!", yellow),
            Severity::NotChecked => ("?", cyan),
        };
        let symbol = if look.colored { format!("{paint}{symbol}{end}") } else { symbol.to_owned() };
        let id = if finding.severity == Severity::NotChecked { "not checked" } else { finding.id.as_str() };
        let about = if look.several { format!("{}: ", finding.about) } else { String::new() };
        let fix = finding.mend.as_ref().map(Mend::to_string).unwrap_or_default();
        let forced = if finding.overridden { "(overridden) " } else { "" };
        let text = one_line(&format!("{about}{forced}{}", finding.message));
        format!("{symbol} {id:<id_width$}  {text:<text_width$}  {fix}").trim_end().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}
