//! From interval to interval: when the evidence was first enough.

use super::super::super::counters::Millis;
use super::evidence::{Evidence, Starts};
use super::plan::Plan;
use super::question::{Frame, Question};

/// The moment at which canary was proven to be worse.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Crossing {
    /// The end of the interval that decided.
    pub at: Millis,
    /// The plan's metric that speaks loudest.
    pub metric: usize,
    /// Of latency: the bound that speaks loudest.
    pub bound: Option<f64>,
}

/// How the evidence stands after the last interval.
#[derive(Debug, Clone, PartialEq)]
pub struct Walk {
    /// A question each.
    pub evidence: Vec<Starts>,
    /// ln of what they come to together, each with its share.
    pub now: f64,
    /// The most that this has ever been.
    pub most: f64,
    pub crossed: Option<Crossing>,
}

/// Folds all intervals of a release, in their order. That the evidence was once enough stays so: a run that goes on
/// after a crash comes to the verdict that an uninterrupted one came to.
#[must_use]
pub fn walk(questions: &[Question], frame: &Frame, plan: &Plan) -> Walk {
    let evidence = vec![Starts::planned(plan.starts()); questions.len()];
    let mut walk = Walk { evidence, now: 0.0, most: 0.0, crossed: None };
    let needed = -plan.alpha().ln();
    for stretch in frame.grid.stretches() {
        walk.evidence.iter_mut().for_each(Starts::begin);
        for interval in stretch.range() {
            walk.fold(questions, interval);
            if walk.crossed.is_none() && walk.now >= needed {
                let loudest = loudest(questions, &walk.evidence);
                let at = stretch.end_of(interval, frame.width);
                walk.crossed = loudest.map(|(metric, bound)| Crossing { at, metric, bound });
            }
        }
    }
    walk
}

impl Walk {
    fn fold(&mut self, questions: &[Question], interval: usize) {
        for (evidence, question) in self.evidence.iter_mut().zip(questions) {
            if let Some(one) = question.intervals.get(interval) {
                evidence.fold(one, &question.hypothesis, &question.law);
            }
        }
        self.now = together(questions, &self.evidence);
        self.most = self.most.max(self.now);
    }

    /// ln of what a metric's questions come to, each with its part of the metric's share.
    #[must_use]
    pub fn of_metric(&self, questions: &[Question], metric: usize) -> f64 {
        let own = || questions.iter().zip(&self.evidence).filter(|(question, _)| question.metric == metric);
        let share: f64 = own().map(|(question, _)| question.share).sum();
        sum_of_logs(own().map(|(question, evidence)| (question.share / share).ln() + evidence.ln()))
    }
}

/// ln of Σ share × M. What has a share and no question is as good as a question without evidence.
fn together(questions: &[Question], evidence: &[Starts]) -> f64 {
    let rest = (1.0 - questions.iter().map(|question| question.share).sum::<f64>()).max(0.0);
    let each = questions.iter().zip(evidence).map(|(question, evidence)| question.share.ln() + evidence.ln());
    sum_of_logs(each.chain([rest.ln()]))
}

/// The metric whose share × M is the most, and its bound that has the most.
fn loudest(questions: &[Question], evidence: &[Starts]) -> Option<(usize, Option<f64>)> {
    let voice = |at: usize| Some(questions.get(at)?.share.ln() + evidence.get(at)?.ln());
    let of_metric = |metric: usize| {
        let own = (0..questions.len()).filter(move |at| questions.get(*at).is_some_and(|one| one.metric == metric));
        sum_of_logs(own.filter_map(voice))
    };
    let metrics = questions.iter().map(|question| question.metric);
    let metric = metrics.max_by(|one, other| of_metric(*one).total_cmp(&of_metric(*other)))?;
    let own = questions.iter().enumerate().filter(|(_, question)| question.metric == metric);
    let loud = own.max_by(|(one, _), (other, _)| voice(*one).unwrap_or(0.0).total_cmp(&voice(*other).unwrap_or(0.0)));
    Some((metric, loud.and_then(|(_, question)| question.bound).map(|(bound, _)| bound)))
}

fn sum_of_logs(logs: impl Iterator<Item = f64> + Clone) -> f64 {
    let most = logs.clone().fold(f64::NEG_INFINITY, f64::max);
    if most.is_finite() { most + logs.map(|log| (log - most).exp()).sum::<f64>().ln() } else { 0.0 }
}

/// Since when a question's good behaviour is proven: by what was counted since the weight changed last, for what was
/// proven of a smaller share says nothing of a larger one.
#[must_use]
pub fn proven(question: &Question, frame: &Frame, alpha: f64) -> Option<Millis> {
    let (hypothesis, stretch) = (question.proof.as_ref()?, frame.grid.stretches().last()?);
    let mut evidence = Evidence::default();
    for interval in stretch.range() {
        evidence = evidence.fold(question.intervals.get(interval)?, hypothesis, &question.law);
        if evidence.ln() >= -alpha.ln() {
            return Some(stretch.end_of(interval, frame.width));
        }
    }
    None
}
