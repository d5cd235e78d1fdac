//! What a color is judged by, resolved: nothing is left to be found wrong once the traffic has moved.

#[cfg(test)]
mod tests;

use std::path::Path;
use std::time::Duration;

use release_cli::manifest_file;
use release_core::analysis::address::{from_here, place};
use release_core::analysis::compare::asked::Comparison;
use release_core::analysis::metric::{Metric, check_all};
use release_core::analysis::template::{self, Arguments, KINDS, Open, Template, filled, filled_text};
use release_core::failure::{Failure, Outcome};
use release_core::text::printable;
use release_metrics::credentials::SecretKey;
use release_metrics::source::Typed;

use crate::args::AnalysisArgs;

/// Two of the shortest intervals that are compared.
const COMPARED: Duration = Duration::from_secs(30);

/// Which numbers judge a color.
#[derive(Debug, Clone, Default)]
pub struct Analysis {
    pub metrics: Vec<Metric>,
    pub compare: Option<Comparison>,
    /// Asked instead of those that are named.
    pub prometheus: Option<Typed>,
}

impl Analysis {
    /// Nothing is asked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.metrics.is_empty() && self.compare.is_none()
    }

    /// How long a color has to be watched for all of it, at least.
    #[must_use]
    pub fn takes(&self) -> Duration {
        let of = |metric: &Metric| metric.rules().takes().unwrap_or(metric.rules().initial_delay);
        let compared = self.compare.iter().map(|_| COMPARED);
        self.metrics.iter().map(of).chain(compared).max().unwrap_or_default()
    }

    /// The same for one move, with what it has for the names of arguments.
    ///
    /// # Errors
    /// Where a name has no value.
    pub fn of_move(&self, values: &Arguments) -> Result<Vec<Metric>, String> {
        self.metrics.iter().map(|metric| filled(metric, values, Open::Nothing)).collect()
    }

    /// All addresses that are asked.
    pub fn addresses(&self) -> impl Iterator<Item = Option<&str>> {
        let of_metrics = self.metrics.iter().map(|metric| metric.provider.prometheus.address.as_deref());
        of_metrics.chain(self.compare.iter().map(|compare| compare.address.as_deref()))
    }
}

/// Resolves what was typed, and what a document says where nothing was.
///
/// # Errors
/// Exit 2 for what makes no sense, or would not be done.
pub fn analysis(args: &AnalysisArgs, watched: Option<Duration>, limit: Duration) -> Outcome<Analysis> {
    let metrics = match &args.analysis {
        Some(path) => of_file(path, limit)?,
        None => args.of_document.clone(),
    };
    let all = Analysis { metrics, compare: comparison(args), prometheus: prometheus(args)? };
    check(&all).map_err(|why| Failure::usage(printable(&why)))?;
    let Some(watched) = watched else { return Ok(all) };
    if !all.is_empty() && (watched.is_zero() || watched < all.takes()) {
        let long = release_core::duration::typed_duration(all.takes().max(Duration::from_secs(1)));
        return Err(Failure::usage(format!("the metrics take {long}, and it is watched for less"))
            .next(format!("--verify-for={long}, or longer")));
    }
    Ok(all)
}

fn check(all: &Analysis) -> Result<(), String> {
    check_all(&all.metrics)?;
    let values = template::of_move("default", "api", "green", "blue");
    check_all(&all.of_move(&values)?)?;
    if let Some(compare) = &all.compare {
        compare.check()?;
        for selector in [&compare.requests, &compare.errors] {
            filled_text(selector, &values, Open::Nothing)?;
        }
    }
    if all.prometheus.is_some() {
        return Ok(());
    }
    for address in all.addresses() {
        let address = address.ok_or("nothing says where Prometheus is: an address, or --prometheus")?;
        place(address).map_err(str::to_owned)?;
    }
    Ok(())
}

/// The metrics of the templates in a file.
fn of_file(path: &Path, limit: Duration) -> Outcome<Vec<Metric>> {
    let manifests = manifest_file::read(path, limit)?;
    let mut metrics = Vec::new();
    for manifest in &manifests {
        // Teams keep them beside what uses them.
        if KINDS.contains(&manifest.word("kind")) {
            let template: Template = manifest.read_as()?;
            metrics.extend(template.metrics().map_err(|why| manifest.wrong(&printable(&why)))?);
        }
    }
    if metrics.is_empty() {
        let file = manifest_file::name(path);
        return Err(Failure::usage(format!("{file} has no AnalysisTemplate with a metric")));
    }
    Ok(metrics)
}

fn comparison(args: &AnalysisArgs) -> Option<Comparison> {
    let typed = args.compare_requests.clone().zip(args.compare_errors.clone());
    let typed =
        typed.map(|(requests, errors)| Comparison { requests, errors, ratio: args.compare_ratio, address: None });
    typed.or_else(|| args.compare_of_document.clone())
}

fn prometheus(args: &AnalysisArgs) -> Outcome<Option<Typed>> {
    let wrong = |flag: &str, why: &str| Failure::usage(format!("{flag}: {why}")).next("see docs/verification.md");
    let Some(url) = &args.prometheus else { return Ok(None) };
    let url = from_here(url).map_err(|why| wrong("--prometheus", why))?;
    let credentials = args.prometheus_auth.as_deref().map(SecretKey::of).transpose();
    let credentials = credentials.map_err(|why| wrong("--prometheus-auth", why))?;
    Ok(Some(Typed { url, credentials }))
}

/// As words to type again; those of a document come with it.
pub fn again(args: &AnalysisArgs) -> impl Iterator<Item = String> + use<> {
    let word = |flag: &str, value: Option<String>| value.map(|value| format!("--{flag}={value}"));
    [
        word("analysis", args.analysis.as_ref().map(|path| path.display().to_string())),
        word("prometheus", args.prometheus.clone()),
        word("prometheus-auth", args.prometheus_auth.clone()),
        word("compare-requests", args.compare_requests.clone()),
        word("compare-errors", args.compare_errors.clone()),
        word("compare-ratio", args.compare_ratio.map(|ratio| ratio.to_string())),
    ]
    .into_iter()
    .flatten()
}
