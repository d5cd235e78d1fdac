//! What is told of a release to those who don't watch it: a notice, and what each kind of receiver is sent.
//!
//! Words of a notice that aren't ours are made one line, and shown whole, when it is made; what a receiver's own
//! language would obey in them is disarmed where that language is spoken.

pub mod gauges;
pub mod pagerduty;
pub mod receiver;
pub mod slack;
pub mod sns;
pub mod stage;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::failure::Exit;
use crate::text::{one_line, written_out};
pub use stage::{Deed, Stage};

/// Characters of a message; a receiver has its own bounds below that.
const MESSAGE_CHARS: usize = 2000;
/// Characters of a name, a color or a reason.
const WORD_CHARS: usize = 256;

/// One notice: what a webhook gets as JSON, and what a line of an audit file is.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Notice {
    /// `kubectl-release.dev/v1`
    pub api_version: &'static str,
    /// `Notice`
    pub kind: &'static str,
    /// The same when it is sent again: the run and the number of the notice in it.
    pub id: String,
    /// The run that it is of.
    pub run: String,
    pub stage: Stage,
    pub at: Timestamp,
    /// What was asked for.
    pub verb: Deed,
    /// The kubeconfig context.
    pub context: String,
    pub namespace: String,
    /// The Services, in the order asked; empty where nobody knows yet.
    pub services: Vec<Released>,
    /// Who runs it, as the API server knows them; empty where nobody knows yet.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub by: String,
    /// `--reason`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// What is so, in one sentence or a few lines.
    pub message: String,
    /// True once the run had agreed to write: before that nothing in the cluster is its doing.
    pub began: bool,
    /// The process exit code, once the run is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<u8>,
    /// Since the command began, without the time that a person took to answer.
    pub seconds: f64,
}

/// A Service of a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Released {
    pub name: String,
    /// The Service's UID, once it was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// The color that it leaves, or that is taken down.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The color that it goes to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

impl Released {
    /// A Service of which only the name is known.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self { name: word(name), uid: None, from: None, to: None }
    }

    /// `service/api: blue -> green`
    fn line(&self) -> String {
        let way = match (&self.from, &self.to) {
            (Some(from), Some(to)) => format!(": {from} -> {to}"),
            (Some(color), None) | (None, Some(color)) => format!(": {color}"),
            (None, None) => String::new(),
        };
        format!("service/{}{way}", self.name)
    }
}

impl Notice {
    /// `rolled back: deploy of service/api: blue -> green (shop, prod-eu)`
    #[must_use]
    pub fn headline(&self) -> String {
        let services: Vec<String> = self.services.iter().map(Released::line).collect();
        let of = if services.is_empty() { String::new() } else { format!(" of {}", services.join(", ")) };
        format!("{}: {}{of} ({}, {})", self.stage.past(), self.verb, self.namespace, self.context)
    }
}

/// A word that isn't ours, as a notice has it.
#[must_use]
pub fn word(text: &str) -> String {
    one_line(text).chars().take(WORD_CHARS).collect()
}

/// A message of some lines, as a notice has it.
#[must_use]
pub fn message(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    cut(&written_out(&lines.join("\n").replace('\t', " ")), MESSAGE_CHARS)
}

/// At most so many characters; what is left out shows.
fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{kept}…")
}

/// Whether the end of a run is anybody's business: a command line that made no sense, a person who said no, and
/// one who stopped it before it began are not.
#[must_use]
pub fn is_news(exit: Exit, began: bool) -> bool {
    match exit {
        Exit::Usage | Exit::Waiting => false,
        Exit::Interrupted => began,
        Exit::Done | Exit::Failed | Exit::Changed | Exit::OutOfTime | Exit::RolledBack => true,
    }
}

/// The JSON Schema of a notice.
#[must_use]
pub fn schema() -> schemars::Schema {
    let settings = schemars::generate::SchemaSettings::draft2020_12().for_serialize();
    settings.into_generator().into_root_schema_for::<Notice>()
}

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
