//! Judging a color while it is watched: its smoke tests are asked again, and Prometheus is asked as each metric says, until one of them has
//! decided, or the watch is over.

mod compared;
mod measured;
mod verdict;

use std::time::Duration;

use futures::future::{join_all, try_join3};
use release_cli::run::Run;
use release_core::analysis::judged::Judged;
use release_core::analysis::template;
use release_core::analysis::verdict::{Ending, Phase};
use release_core::failure::{Failure, Outcome};
use release_metrics::source::Source;
use tokio::time::{Instant, sleep};

use compared::Compared;
use measured::Measured;
pub use verdict::INCONCLUSIVE;

use super::in_progress::MoveInProgress;
use super::{smoke, targets};
use crate::options::MoveOptions;
use crate::options::analysis::Analysis;

/// How often it is looked whether a measurement is due.
const TICK: Duration = Duration::from_millis(250);

/// Judges a move until its numbers are in; `until` is the end of the watch.
///
/// # Errors
/// Where they are bad, or say nothing.
pub async fn judge(run: &Run, made: &MoveInProgress<'_>, until: Instant) -> Outcome<()> {
    try_join3(smoke::again(run, made), by_numbers(run, made, until), targets::healthy(run, made)).await?;
    made.signals.is_done.set(true);
    Ok(())
}

async fn by_numbers(run: &Run, made: &MoveInProgress<'_>, until: Instant) -> Outcome<()> {
    let signals = &made.signals;
    if signals.asked.is_empty() {
        return Ok(());
    }
    let mut panel = Panel::of(run, made).await.map_err(|why| verdict::not_asked(run, made, &why))?;
    loop {
        let is_over = Instant::now() >= until;
        panel.ask(run).await;
        let ending = if is_over { Ending::TimeOver } else { Ending::Open };
        let open = panel.metrics.iter().any(|metric| metric.is_open());
        *signals.judged.borrow_mut() = panel.judged(if open { Ending::Open } else { ending });
        match signals.judged.borrow().phase() {
            Phase::Running => {}
            Phase::Successful if !is_over => {}
            Phase::Successful => break,
            phase => return Err(verdict::bad(run, made, phase)),
        }
        sleep(TICK).await;
    }
    verdict::good(run, made);
    Ok(())
}

/// All that is asked about a move.
struct Panel {
    metrics: Vec<Measured>,
    compared: Option<Compared>,
}

impl Panel {
    async fn of(run: &Run, made: &MoveInProgress<'_>) -> Result<Self, String> {
        let movement = made.movement;
        let values = template::of_move(&movement.namespace, &movement.service, &movement.to, &movement.from);
        let asked = made.signals.asked;
        let mut metrics = Vec::new();
        for metric in asked.of_move(&values)? {
            let address = metric.provider.prometheus.address.as_deref();
            let source = Source::of(&run.cluster, address, asked.prometheus.as_ref()).await?;
            metrics.push(Measured::new(metric, source, movement.record.at)?);
        }
        let compared = match &asked.compare {
            Some(compare) => {
                let source = Source::of(&run.cluster, compare.address.as_deref(), asked.prometheus.as_ref()).await?;
                Some(Compared::new(compare, source, made)?)
            }
            None => None,
        };
        Ok(Self { metrics, compared })
    }

    /// Asks whatever is due.
    async fn ask(&mut self, run: &Run) {
        let metrics = join_all(self.metrics.iter_mut().map(|metric| metric.measure(run)));
        let compared = async {
            if let Some(compared) = &mut self.compared {
                compared.look(run).await;
            }
        };
        futures::join!(metrics, compared);
    }

    fn judged(&self, ending: Ending) -> Judged {
        Judged {
            metrics: self.metrics.iter().map(|metric| metric.judged(ending)).collect(),
            comparison: self.compared.as_ref().map(|compared| compared.judged(ending)),
        }
    }
}

/// Asks every Prometheus that will judge a move for nothing, before anything is written: who isn't reached then has
/// nothing to say afterwards.
///
/// # Errors
/// Exit 1 where one isn't.
pub async fn may_judge(run: &Run, options: &MoveOptions) -> Outcome<()> {
    for one in options.each() {
        may_ask(run, &one.analysis).await?;
    }
    Ok(())
}

async fn may_ask(run: &Run, asked: &Analysis) -> Outcome<()> {
    let failed = |why: &str| {
        let text = format!("the new color could not be judged: {why}\nnothing was written");
        Failure::failed("NoPrometheus", text).next("--prometheus URL asks one that is reached from here")
    };
    let mut tried: Vec<Option<&str>> = Vec::new();
    for address in asked.addresses() {
        if tried.contains(&address) || (asked.prometheus.is_some() && !tried.is_empty()) {
            continue;
        }
        tried.push(address);
        let source =
            Source::of(&run.cluster, address, asked.prometheus.as_ref()).await.map_err(|why: String| failed(&why))?;
        let answer = source.query("vector(1)", run.cluster.request_timeout()).await;
        answer.map_err(|trouble| failed(&format!("{source}: {trouble}")))?;
    }
    Ok(())
}
