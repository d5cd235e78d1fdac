//! Flags that mean the same in every plugin: kubectl's connection flags, output and dry run.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, ValueEnum};
use clap_complete::engine::ArgValueCandidates;

use crate::change::shell_quote;
use crate::complete;

/// Limit for one request where the user sets none.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(15);

/// kubectl's own connection flags.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Connection (as in kubectl)")]
pub struct ConnectionFlags {
    /// Path to the kubeconfig file
    #[arg(long, global = true, value_name = "FILE", hide_short_help = true)]
    pub kubeconfig: Option<PathBuf>,
    /// Name of the kubeconfig context
    #[arg(long, global = true, value_name = "NAME", add = ArgValueCandidates::new(complete::contexts))]
    pub context: Option<String>,
    /// Name of the kubeconfig cluster
    #[arg(long, global = true, value_name = "NAME", hide_short_help = true)]
    pub cluster: Option<String>,
    /// Name of the kubeconfig user
    #[arg(long, global = true, value_name = "NAME", hide_short_help = true)]
    pub user: Option<String>,
    /// Namespace
    #[arg(short, long, global = true, value_name = "NAME", add = ArgValueCandidates::new(complete::namespaces))]
    pub namespace: Option<String>,
    /// Address of the API server
    #[arg(short, long, global = true, value_name = "URL", hide_short_help = true)]
    pub server: Option<String>,
    /// Bearer token
    #[arg(long, global = true, value_name = "TOKEN", hide_short_help = true)]
    pub token: Option<String>,
    /// User to impersonate
    #[arg(long = "as", global = true, value_name = "USER", hide_short_help = true)]
    pub as_user: Option<String>,
    /// Group to impersonate; may be repeated
    #[arg(long, global = true, value_name = "GROUP", hide_short_help = true)]
    pub as_group: Vec<String>,
    /// UID to impersonate
    #[arg(long, global = true, value_name = "UID", hide_short_help = true)]
    pub as_uid: Option<String>,
    /// Limit for one API request, such as 5s; 0 means none [default: 15s]
    #[arg(long, global = true, value_name = "TIME", value_parser = duration, hide_short_help = true)]
    pub request_timeout: Option<Duration>,
    /// Server name for validating the server's certificate
    #[arg(long, global = true, value_name = "NAME", hide_short_help = true)]
    pub tls_server_name: Option<String>,
    /// Don't check the server's certificate
    #[arg(long, global = true, hide_short_help = true)]
    pub insecure_skip_tls_verify: bool,
    /// Certificate authority file
    #[arg(long, global = true, value_name = "FILE", hide_short_help = true)]
    pub certificate_authority: Option<PathBuf>,
    /// Client certificate file
    #[arg(long, global = true, value_name = "FILE", hide_short_help = true)]
    pub client_certificate: Option<PathBuf>,
    /// Client key file
    #[arg(long, global = true, value_name = "FILE", hide_short_help = true)]
    pub client_key: Option<PathBuf>,
    /// Name of the field manager that writes are recorded under
    #[arg(
        long,
        global = true,
        value_name = "NAME",
        default_value = "kubectl-release",
        hide_short_help = true,
        hide_default_value = true
    )]
    pub field_manager: String,
    /// Log requests to stderr from level 6 on (never headers or bodies)
    #[arg(
        short,
        long = "v",
        global = true,
        value_name = "LEVEL",
        default_value_t = 0,
        hide_short_help = true,
        hide_default_value = true
    )]
    pub verbosity: u8,
}

impl ConnectionFlags {
    /// Limit for one API request.
    #[must_use]
    pub fn request_timeout(&self) -> Duration {
        match self.request_timeout {
            None => REQUEST_TIMEOUT,
            Some(Duration::ZERO) => Duration::from_secs(24 * 3600),
            Some(limit) => limit,
        }
    }

    /// The flags that a printed command must repeat to reach the same cluster, with a leading
    /// space; never the token.
    #[must_use]
    pub fn to_repeat(&self) -> String {
        let file = self.kubeconfig.as_ref().map(|path| path.display().to_string());
        let named = [
            ("--kubeconfig", file.as_ref()),
            ("--context", self.context.as_ref()),
            ("--cluster", self.cluster.as_ref()),
            ("--user", self.user.as_ref()),
            ("--server", self.server.as_ref()),
            ("--as", self.as_user.as_ref()),
        ];
        named.iter().filter_map(|(flag, value)| value.map(|v| format!(" {flag} {}", shell_quote(v)))).collect()
    }
}

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
#[derive(Debug, Args)]
pub struct OutputArgs {
    /// Output format
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    pub output: Output,
}

/// What every verb that writes has.
#[derive(Debug, Args)]
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
    /// How long the whole command may wait
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "5m")]
    pub timeout: Duration,
}

/// The words typed so far, for completion.
#[derive(Debug, Args)]
pub struct CompleteArgs {
    #[arg(last = true, allow_hyphen_values = true)]
    pub words: Vec<String>,
}

/// Parses `90`, `90s`, `5m`, `1h30m`; a bare number is seconds, as in kubectl.
///
/// # Errors
/// A message for clap where it is no duration, or a negative one.
pub fn duration(text: &str) -> Result<Duration, String> {
    if let Ok(seconds) = text.parse::<u64>() {
        return Ok(Duration::from_secs(seconds));
    }
    let parsed: jiff::SignedDuration = text.parse().map_err(|_| "a time like 30s, 5m or 1h30m".to_owned())?;
    Duration::try_from(parsed).map_err(|_| "a time can't be negative".to_owned())
}

/// `1h30m`, `45s`, `300ms`: short for people.
#[must_use]
pub fn short_duration(duration: Duration) -> String {
    if duration < Duration::from_secs(1) && !duration.is_zero() {
        return format!("{}ms", duration.as_millis());
    }
    let seconds = duration.as_secs();
    let parts = [(seconds / 86400, 'd'), (seconds / 3600 % 24, 'h'), (seconds / 60 % 60, 'm'), (seconds % 60, 's')];
    let shown: String = parts.iter().filter(|(n, _)| *n > 0).take(2).map(|(n, unit)| format!("{n}{unit}")).collect();
    if shown.is_empty() { "0s".into() } else { shown }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_and_print_as_people_write_them() {
        assert_eq!(duration("90").unwrap(), Duration::from_secs(90));
        assert_eq!(duration("1h30m").unwrap(), Duration::from_secs(5400));
        assert!(duration("-5s").is_err() && duration("soon").is_err());
        assert_eq!(short_duration(Duration::from_secs(5400)), "1h30m");
        assert_eq!(short_duration(Duration::from_secs(3600)), "1h");
        assert_eq!(short_duration(Duration::ZERO), "0s");
    }

    #[test]
    fn repeated_flags_reach_the_same_cluster_and_never_hold_the_token() {
        let flags = ConnectionFlags {
            context: Some("prod eu".into()),
            token: Some("secret".into()),
            ..ConnectionFlags::default()
        };
        assert_eq!(flags.to_repeat(), " --context 'prod eu'");
    }
}
