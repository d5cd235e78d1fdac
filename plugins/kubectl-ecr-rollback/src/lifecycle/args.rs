//! What can be typed after `lifecycle`. `options` turns it into what the commands work with.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Subcommand};
use release_cli::flags::{DryRunFlag, OutputArgs, check_of};
use release_core::checks::ids::Suite;
use release_core::duration::duration;

/// Lifecycle policies of ECR that can't hurt what runs.
#[derive(Debug, Args)]
pub struct LifecycleArgs {
    #[command(subcommand)]
    pub verb: LifecycleVerb,
}

#[derive(Debug, Subcommand)]
pub enum LifecycleVerb {
    /// Show the policy in force, rule by rule
    Show(ShowArgs),
    /// Show what a policy would expire, and who uses it
    Preview(PreviewArgs),
    /// Put a policy in force, unless it would expire what is in use
    Apply(ApplyArgs),
}

/// Which repositories.
#[derive(Debug, Clone, Default, Args)]
pub struct RepositoriesArgs {
    /// Repositories, by name, as HOST/NAME or as an ARN
    #[arg(value_name = "REPOSITORY", required_unless_present = "all_repositories")]
    pub repositories: Vec<String>,
    /// Every repository of the registry
    #[arg(long, conflicts_with = "repositories")]
    pub all_repositories: bool,
    /// Of these, only the ones whose name matches; * is any text
    #[arg(long, value_name = "GLOB", requires = "all_repositories")]
    pub name_filter: Option<String>,
    /// The registry's account, where it isn't your own
    #[arg(long, value_name = "ACCOUNT")]
    pub registry_id: Option<String>,
    /// The registry's region, where it isn't your default
    #[arg(long, value_name = "REGION")]
    pub region: Option<String>,
}

/// Which policy.
#[derive(Debug, Default, Args)]
pub struct PolicyArgs {
    /// The policy as JSON; - is stdin
    #[arg(short, long, value_name = "FILE", conflicts_with_all = ["keep_tagged", "tag_prefix", "keep_untagged"])]
    pub file: Option<PathBuf>,
    /// Keep so many of the newest images of each --tag-prefix (without one: of all tagged images)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub keep_tagged: Option<u32>,
    /// A prefix of tags; may be repeated, each gets a rule of its own
    #[arg(long, value_name = "PREFIX", requires = "keep_tagged", value_delimiter = ',')]
    pub tag_prefix: Vec<String>,
    /// Keep so many of the newest untagged images
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub keep_untagged: Option<u32>,
}

impl PolicyArgs {
    /// A policy is named, or made from numbers.
    #[must_use]
    pub fn is_named(&self) -> bool {
        self.file.is_some() || self.keep_tagged.is_some() || self.keep_untagged.is_some()
    }

    /// The same words find the same policy again: not what was read from a pipe, such as `<(…)`.
    #[must_use]
    pub fn is_repeatable(&self) -> bool {
        let pipes = ["/dev/fd/", "/dev/stdin", "/proc/"];
        let is_pipe = |path: &str| path == "-" || pipes.iter().any(|pipe| path.starts_with(pipe));
        let path = self.file.as_ref().map(|path| path.to_string_lossy());
        path.is_none_or(|path| !is_pipe(path.trim_start_matches("file://")))
    }
}

/// Who is asked what is in use.
#[derive(Debug, Default, Args)]
pub struct ClustersArgs {
    /// Kubeconfig contexts of all clusters that use the repositories [default: the current one]
    #[arg(long, value_name = "A,B,C", value_delimiter = ',', value_parser = NonEmptyStringValueParser::new())]
    pub contexts: Vec<String>,
    /// Change the policy as little as possible so that everything in use and every rollback target stays
    #[arg(long)]
    pub keep_rollback_target: bool,
    #[command(flatten)]
    pub limit: LimitArgs,
}

/// How long it may take.
#[derive(Debug, Args)]
pub struct LimitArgs {
    /// How long the whole command may wait; throttled calls are made again until then
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "5m")]
    pub timeout: Duration,
}

impl LimitArgs {
    /// Without the flag.
    pub const DEFAULT: Duration = Duration::from_secs(5 * 60);
}

impl Default for LimitArgs {
    fn default() -> Self {
        Self { timeout: Self::DEFAULT }
    }
}

#[derive(Debug, Args)]
pub struct ShowArgs {
    #[command(flatten)]
    pub repositories: RepositoriesArgs,
    #[command(flatten)]
    pub limit: LimitArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}

#[derive(Debug, Args)]
pub struct PreviewArgs {
    #[command(flatten)]
    pub repositories: RepositoriesArgs,
    #[command(flatten)]
    pub policy: PolicyArgs,
    #[command(flatten)]
    pub clusters: ClustersArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}

#[derive(Debug, Args)]
pub struct ApplyArgs {
    #[command(flatten)]
    pub repositories: RepositoriesArgs,
    #[command(flatten)]
    pub policy: PolicyArgs,
    #[command(flatten)]
    pub clusters: ClustersArgs,
    /// Apply in spite of these checks, each by its name; for what is given up no number is raised
    #[arg(long, value_name = "ID[,ID]", value_delimiter = ',', hide_possible_values = true)]
    #[arg(value_parser = check_of(Suite::Lifecycle))]
    pub force: Vec<String>,
    /// A check that can't be made blocks
    #[arg(long)]
    pub strict: bool,
    /// Deprecated: --force with the names of all checks of what is in use
    #[arg(long)]
    pub allow_expiring_in_use: bool,
    /// Don't ask
    #[arg(short, long)]
    pub yes: bool,
    /// client: show the plan only (ECR can't try a write without making it)
    #[arg(long, value_enum, default_value_t, value_name = "WHERE", hide_possible_values = true, num_args = 0..=1, default_missing_value = "client", require_equals = true)]
    pub dry_run: DryRunFlag,
    #[command(flatten)]
    pub output: OutputArgs,
}
