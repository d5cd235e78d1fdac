//! How results are printed, and what every verb that writes has.

use std::time::Duration;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, ValueEnum};
use release_core::duration::duration;

/// How results are printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Output {
    #[default]
    Table,
    /// The table with every column and note
    Wide,
    /// One JSON document, also on failure
    Json,
    /// The same document as YAML
    Yaml,
    /// `TYPE/NAME` a line
    Name,
    /// A stream of JSON documents, one a line
    Jsonl,
}

impl Output {
    /// True where stdout ends with one document, also on failure.
    #[must_use]
    pub fn is_document(self) -> bool {
        matches!(self, Self::Json | Self::Yaml | Self::Jsonl)
    }

    /// True where stdout is for programs.
    #[must_use]
    pub fn is_machine(self) -> bool {
        !matches!(self, Self::Table | Self::Wide)
    }
}

/// kubectl's `--dry-run`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum DryRunFlag {
    #[default]
    None,
    /// Show the plan and the checks, send no write
    Client,
    /// Send every write with dryRun=All: admission and permissions answer, nothing is stored
    Server,
}

impl DryRunFlag {
    /// `client` or `server`; nothing for a run that counts.
    #[must_use]
    pub fn word(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Client => Some("client"),
            Self::Server => Some("server"),
        }
    }
}

/// How help looks on a terminal.
pub const STYLES: Styles =
    Styles::styled().header(AnsiColor::White.on_default().bold()).literal(AnsiColor::Cyan.on_default());

/// How the result is printed.
#[derive(Debug, Clone, Args)]
pub struct OutputArgs {
    /// Output format
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    pub output: Output,
}

/// How long a verb that writes may wait where nothing else is asked for.
pub const TIMEOUT: Duration = Duration::from_secs(5 * 60);

/// What every verb that writes has.
#[derive(Debug, Clone, Args)]
pub struct WriteArgs {
    /// Don't ask
    #[arg(short, long)]
    pub yes: bool,
    /// client: show the plan only; server: let the API server try every write without storing it
    #[arg(long, value_enum, default_value_t, value_name = "WHERE", num_args = 0..=1, default_missing_value = "client", require_equals = true)]
    pub dry_run: DryRunFlag,
    /// Why, for the record
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub reason: String,
    /// How long to wait for what was asked to take effect
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "5m")]
    pub timeout: Duration,
}

/// The words typed so far, for completion.
#[derive(Debug, Args)]
pub struct CompleteArgs {
    #[arg(last = true, allow_hyphen_values = true)]
    pub words: Vec<String>,
}
