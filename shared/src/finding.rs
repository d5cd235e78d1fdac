//! What the checks of a plan found, how it is weighed, and how a person reads it.

use serde_json::{Value, json};

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Stops the change, unless it is forced by id.
    Blocks,
    Warns,
    /// The check couldn't be made.
    NotChecked,
}

/// One thing that a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Stable, for `--force` and `accept`: lower case, words joined by hyphens.
    pub id: &'static str,
    pub severity: Severity,
    /// The Service, workload or repository that it is about.
    pub about: String,
    /// The reason, with numbers.
    pub message: String,
    /// What to do about it, short.
    pub fix: Option<String>,
    /// Shown with `-o wide` only.
    pub quiet: bool,
    /// A blocking finding that the user (or an annotation) overrode by name.
    pub overridden: bool,
}

impl Finding {
    /// A finding without a fix.
    #[must_use]
    pub fn new(about: &str, id: &'static str, severity: Severity, message: impl Into<String>) -> Self {
        let about = about.to_owned();
        Self { id, severity, about, message: message.into(), fix: None, quiet: false, overridden: false }
    }

    /// A finding that stops the change.
    #[must_use]
    pub fn blocks(about: &str, id: &'static str, message: impl Into<String>) -> Self {
        Self::new(about, id, Severity::Blocks, message)
    }

    /// A finding to know about.
    #[must_use]
    pub fn warns(about: &str, id: &'static str, message: impl Into<String>) -> Self {
        Self::new(about, id, Severity::Warns, message)
    }

    /// A check that couldn't be made; `what` is the kind of object, `why` the reason in a few words.
    #[must_use]
    pub fn not_checked(about: &str, id: &'static str, what: &str, why: &str) -> Self {
        Self::new(about, id, Severity::NotChecked, format!("{what} ({why})"))
    }

    /// Says what to do about it.
    #[must_use]
    pub fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = Some(fix.into());
        self
    }

    /// Keeps it behind `-o wide`.
    #[must_use]
    pub fn quiet_if(mut self, quiet: bool) -> Self {
        self.quiet |= quiet;
        self
    }

    /// `{id, severity: block|warn|notChecked, SUBJECT, message, fix?, overridden?}`, where SUBJECT is
    /// `service` or what else the plugin is about.
    #[must_use]
    pub fn document(&self, subject: &str) -> Value {
        let severity = match self.severity {
            Severity::Blocks => "block",
            Severity::Warns => "warn",
            Severity::NotChecked => "notChecked",
        };
        let mut value = json!({"id": self.id, "severity": severity, subject: self.about, "message": self.message});
        if let Some(fix) = &self.fix {
            value["fix"] = json!(fix);
        }
        if self.overridden {
            value["overridden"] = json!(true);
        }
        value
    }
}

/// How findings are weighed.
#[derive(Debug, Clone, Default)]
pub struct Weighing {
    /// Ids that `--force` overrides.
    pub force: Vec<String>,
    /// Checks that couldn't be made stop the change.
    pub strict: bool,
}

/// The findings that stop the change.
pub fn blocking(findings: &[Finding]) -> impl Iterator<Item = &Finding> {
    findings.iter().filter(|f| f.severity == Severity::Blocks && !f.overridden)
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

/// Findings a line each: `x` blocks, `!` warns, `?` was not checked, `-` blocks but is overridden.
#[must_use]
pub fn lines(findings: &[Finding], look: Look) -> String {
    let shown: Vec<&Finding> = findings.iter().filter(|f| look.wide || !f.quiet).collect();
    let id_width =
        shown.iter().filter(|f| f.severity != Severity::NotChecked).map(|f| f.id.len()).max().unwrap_or(0).max(11);
    let text_width = shown.iter().map(|f| f.message.chars().count()).max().unwrap_or(0).min(48);
    let lines = shown.iter().map(|finding| {
        let (symbol, paint) = match finding.severity {
            Severity::Blocks if finding.overridden => ("-", "33"),
            Severity::Blocks => ("x", "31"),
            Severity::Warns => ("!", "33"),
            Severity::NotChecked => ("?", "36"),
        };
        let symbol = if look.colored { format!("\u{1b}[{paint}m{symbol}\u{1b}[0m") } else { symbol.to_owned() };
        let id = if finding.severity == Severity::NotChecked { "not checked" } else { finding.id };
        let about = if look.several { format!("{}: ", finding.about) } else { String::new() };
        let fix = finding.fix.as_deref().unwrap_or_default();
        let forced = if finding.overridden { "(overridden) " } else { "" };
        format!("{symbol} {id:<id_width$}  {:<text_width$}  {fix}", format!("{about}{forced}{}", finding.message))
            .trim_end()
            .to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}
