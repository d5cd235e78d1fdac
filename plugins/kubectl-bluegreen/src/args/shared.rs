//! Flags that several verbs have.

use std::time::Duration;

use clap::Args;
use release_cli::flags::check_of;
use release_core::checks::ids::Suite;
use release_core::duration::duration;
use release_core::traffic::router::NamedRouter;

use super::analysis::AnalysisArgs;
use crate::settings::{MinReady, min_ready};

/// Which label.
#[derive(Debug, Clone, Args)]
pub struct TrackArgs {
    /// The label that tells the colors apart, where it can't be found out
    #[arg(long, value_name = "LABEL")]
    pub track_key: Option<String>,
    /// What decides between the colors, where it can't be found out: KIND[/[NAMESPACE/]NAME[:ROUTE-OR-RULE]],
    /// KIND one of service, virtualservice, httproute, grpcroute, alb, nginx; or route53/ZONE-ID/NAME
    #[arg(long, value_name = "ROUTER")]
    pub router: Option<NamedRouter>,
}

impl TrackArgs {
    /// As it is said again in every command to paste.
    #[must_use]
    pub fn again(&self) -> Vec<String> {
        let key = self.track_key.iter().map(|key| format!("--track-key={key}"));
        key.chain(self.router.iter().map(|router| format!("--router={router}"))).collect()
    }
}

/// How strict the checks are.
#[derive(Debug, Clone, Args)]
pub struct CheckArgs {
    /// Ready pods that the target needs: a number, or a percentage of the active color's
    #[arg(long, value_name = "N|P%", value_parser = min_ready)]
    pub min_ready: Option<MinReady>,
    /// Override blocking checks by id; nothing overrides an empty target
    #[arg(long, value_name = "ID[,ID]", value_delimiter = ',', hide_possible_values = true)]
    #[arg(value_parser = check_of(Suite::Bluegreen))]
    pub force: Vec<String>,
    /// A check that can't be made blocks, and a target that is scaled down while it is watched fails
    #[arg(long)]
    pub strict: bool,
}

/// What becomes of a move once it is made.
#[derive(Debug, Clone, Args)]
pub struct AfterArgs {
    /// How long to watch the target afterwards, on top of --timeout [default: its readiness failure
    /// window, 10s to 60s]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub verify_for: Option<Duration>,
    /// How long the color that is left stays warm [default: 1h]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub retain: Option<Duration>,
    /// Behind an AWS load balancer that has pods as its targets: select both colors until those of the target
    /// are healthy there, and then it alone
    #[arg(long)]
    pub widen: bool,
    /// Leave a failed switch as it is
    #[arg(long)]
    pub no_rollback: bool,
    #[command(flatten)]
    pub analysis: AnalysisArgs,
}
