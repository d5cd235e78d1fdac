//! What a color is judged by once the traffic is on it.

use std::path::PathBuf;

use clap::Args;
use clap::builder::{OsStringValueParser, TypedValueParser};
use release_core::analysis::compare::asked::Comparison;
use release_core::analysis::metric::Metric;

const HEADING: &str = "Judging by numbers (docs/verification.md)";

/// Which numbers, and where they are.
#[derive(Debug, Clone, Default, Args)]
pub struct AnalysisArgs {
    /// Judge the color by the metrics of an Argo AnalysisTemplate; - is standard input
    #[arg(long, value_name = "FILE", help_heading = HEADING, value_parser = OsStringValueParser::new().map(PathBuf::from))]
    pub analysis: Option<PathBuf>,
    /// Ask this Prometheus, from here, and none that a metric names
    #[arg(long, value_name = "URL", help_heading = HEADING)]
    pub prometheus: Option<String>,
    /// Who we are to it: user:password or a token, in a Secret of the namespace
    // Read after clap, which would repeat a token that was typed in its place.
    #[arg(long, value_name = "secret/NAME/KEY", help_heading = HEADING, requires = "prometheus", hide_short_help = true)]
    pub prometheus_auth: Option<String>,
    /// Hold its errors against those of the color before: the counter of all requests
    #[arg(long, value_name = "COUNTER", help_heading = HEADING, requires_all = ["compare_errors", "prometheus"])]
    pub compare_requests: Option<String>,
    /// The counter of those that failed
    #[arg(long, value_name = "COUNTER", help_heading = HEADING, requires = "compare_requests")]
    pub compare_errors: Option<String>,
    /// So many times the error rate of before is allowed [default: 2]
    #[arg(long, value_name = "N", help_heading = HEADING, requires = "compare_requests", hide_short_help = true)]
    pub compare_ratio: Option<f64>,
    /// What the release's document says, where nothing was typed.
    #[arg(skip)]
    pub of_document: Vec<Metric>,
    #[arg(skip)]
    pub compare_of_document: Option<Comparison>,
}
