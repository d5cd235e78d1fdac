//! A metric and its measurements.

use std::time::Duration;

use jiff::Timestamp;
use release_cli::run::Run;
use release_core::analysis::expression::{Answer, Condition};
use release_core::analysis::judged::JudgedMetric;
use release_core::analysis::metric::Metric;
use release_core::analysis::verdict::{Counts, Ending, Measurement, Phase, Rules, judge};
use release_core::text::printable;
use release_metrics::source::Source;

/// In Argo an answer may take so long.
const USUAL_LIMIT: Duration = Duration::from_secs(30);
/// So long is always waited for an answer.
const LEAST_LIMIT: Duration = Duration::from_secs(1);
/// Numbers of an answer that are told.
const SHOWN: usize = 3;

/// A metric that is asked about.
pub struct Measured {
    metric: Metric,
    rules: Rules,
    success: Option<Condition>,
    failure: Option<Condition>,
    source: Source,
    started: Timestamp,
    measurements: Vec<Measurement>,
}

impl Measured {
    /// Before its first measurement; the run began with the switch.
    ///
    /// # Errors
    /// Where a condition is none.
    pub fn new(metric: Metric, source: Source, started: Timestamp) -> Result<Self, String> {
        let (success, failure) = metric.conditions()?;
        Ok(Self { rules: metric.rules(), metric, success, failure, source, started, measurements: Vec::new() })
    }

    /// True where it has an end, and that hasn't come.
    pub fn is_open(&self) -> bool {
        self.rules.count.is_some() && !self.rules.phase(&self.measurements, Ending::Open).is_final()
    }

    /// Measures, where that is due.
    pub async fn measure(&mut self, run: &Run) {
        let is_final = self.rules.phase(&self.measurements, Ending::Open).is_final();
        if is_final || run.cluster.now() < self.rules.next(&self.measurements, self.started) {
            return;
        }
        let prometheus = &self.metric.provider.prometheus;
        let limit = prometheus.timeout.map_or(USUAL_LIMIT, |seconds| Duration::from_secs(seconds.into()));
        // Who never answers keeps nobody waiting for longer than they asked for.
        let limit = limit.min(run.left().max(LEAST_LIMIT));
        let (phase, told) = match self.source.query(&prometheus.query, limit).await {
            Ok(answer) => match judge(self.success.as_ref(), self.failure.as_ref(), &answer) {
                Ok(phase) => (phase, shown(&answer)),
                Err(why) => (Phase::Error, format!("{}: {why}", shown(&answer))),
            },
            Err(trouble) => (Phase::Error, trouble.to_string()),
        };
        self.measurements.push(Measurement { phase, told: printable(&told), at: run.cluster.now() });
    }

    /// How it stands.
    pub fn judged(&self, ending: Ending) -> JudgedMetric {
        let counts = Counts::of(&self.measurements);
        let phase = self.rules.phase(&self.measurements, ending);
        JudgedMetric::of(&self.metric.name, phase, self.message(phase, &counts), &counts)
    }

    fn message(&self, phase: Phase, counts: &Counts) -> String {
        let last = self.measurements.iter().rev().find(|one| one.phase == phase).or(self.measurements.last());
        let Some(last) = last else { return "it was never measured".to_owned() };
        let told = &last.told;
        match phase {
            Phase::Failed => {
                let limit = self.rules.failure_limit.map_or(-1, i64::from);
                format!("failed {} (limit {limit}): {told}{}", times(counts.failed), self.wanted())
            }
            Phase::Error => format!("{} in a row could not be judged: {told}", times(counts.errors_in_a_row)),
            Phase::Inconclusive if counts.errors_in_a_row > 0 => format!("could not be judged in the end: {told}"),
            Phase::Inconclusive if counts.inconclusive == 0 && counts.successful > 0 => {
                format!("not good often enough in a row: {told}{}", self.wanted())
            }
            Phase::Inconclusive if counts.successful == 0 && counts.inconclusive == 0 => {
                format!("no measurement was good: {told}{}", self.wanted())
            }
            Phase::Inconclusive => {
                format!("neither good nor bad {}: {told}{}", times(counts.inconclusive), self.wanted())
            }
            Phase::Running | Phase::Successful => told.clone(),
        }
    }

    /// What it was held against.
    fn wanted(&self) -> String {
        let success = self.success.as_ref().map(|condition| format!("good is {}", condition.text()));
        let failure = self.failure.as_ref().map(|condition| format!("bad is {}", condition.text()));
        let both: Vec<String> = success.into_iter().chain(failure).collect();
        if both.is_empty() { String::new() } else { format!(", where {}", printable(&both.join(", "))) }
    }
}

fn times(count: u32) -> String {
    if count == 1 { "once".to_owned() } else { format!("{count} times") }
}

fn shown(answer: &Answer) -> String {
    let one = |number: &f64| if number.fract() == 0.0 { format!("{number}") } else { format!("{number:.4}") };
    match answer {
        Answer::Json(json) => json.to_string().chars().take(100).collect(),
        Answer::Scalar(number) => one(number),
        Answer::Vector(numbers) => {
            let first: Vec<String> = numbers.iter().take(SHOWN).map(one).collect();
            let more = if numbers.len() > SHOWN { ", …" } else { "" };
            format!("[{}{more}]", first.join(", "))
        }
    }
}
