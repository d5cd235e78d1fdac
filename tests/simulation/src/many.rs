//! Many releases of one setting.

use std::thread;

use release_core::analysis::compare::canary::first_proof;
use release_core::analysis::compare::canary::plan::{Metric, Plan};
use release_core::analysis::compare::canary::question::{Frame, questions};
use release_core::analysis::compare::canary::walk::proven;
use release_core::analysis::counters::Millis;

use crate::release::{BEGAN, Release};
use crate::rules::Rule;
use crate::setting::{SCRAPE, Setting};

/// Who judges.
#[derive(Debug, Clone)]
pub enum Judge {
    /// What `kubectl canary` judges by.
    Ours(Plan),
    /// Its proof of goodness, in a release of one weight: then "aborted" is proven.
    OurProof(Plan),
    Theirs(Rule),
}

/// What came of many releases.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    pub releases: usize,
    /// After how many scrapes each that was aborted was aborted, and how many of canary's requests had failed.
    pub aborted: Vec<(usize, f64)>,
}

impl Outcome {
    /// Aborted of 1,000.
    #[must_use]
    pub fn per_thousand(&self) -> f64 {
        1000.0 * float(self.aborted.len()) / float(self.releases.max(1))
    }

    /// Seconds within which half of the releases were aborted.
    #[must_use]
    pub fn median_seconds(&self) -> Option<f64> {
        let mut all: Vec<usize> = self.aborted.iter().map(|(scrapes, _)| *scrapes).collect();
        all.sort_unstable();
        all.get(self.releases / 2).map(|scrapes| float(*scrapes) * f64::from(SCRAPE))
    }

    /// Half of those that were aborted had no more failed requests at canary.
    #[must_use]
    pub fn median_failed(&self) -> Option<f64> {
        let mut all: Vec<f64> = self.aborted.iter().map(|(_, failed)| *failed).collect();
        all.sort_by(f64::total_cmp);
        all.get(all.len() / 2).copied()
    }
}

#[expect(clippy::cast_precision_loss, reason = "thousands")]
fn float(count: usize) -> f64 {
    count as f64
}

/// The usual plan of these comparisons for a setting.
#[must_use]
pub fn plan(setting: &Setting, comparisons: &[&str]) -> Plan {
    let metrics = comparisons.iter().filter_map(|text| Metric::read(text).ok()).collect();
    Plan::of(metrics, setting.steps.len())
}

/// Runs the releases of some seeds on all cores.
#[must_use]
pub fn run(setting: &Setting, judge: &Judge, releases: usize) -> Outcome {
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let of_worker = |worker: usize| {
        let seeds = (worker..releases).step_by(workers);
        seeds.filter_map(|seed| aborted(&Release::of(setting, seed as u64), judge)).collect::<Vec<_>>()
    };
    let aborted = thread::scope(|scope| {
        let all: Vec<_> = (0..workers).map(|worker| scope.spawn(move || of_worker(worker))).collect();
        all.into_iter().flat_map(|one| one.join().expect("a worker ends")).collect()
    });
    Outcome { releases, aborted }
}

fn aborted(release: &Release, judge: &Judge) -> Option<(usize, f64)> {
    let scrapes = match judge {
        Judge::Ours(plan) => scrapes(first_proof(&release.history(), plan, release.over())?.at)?,
        Judge::OurProof(plan) => {
            let history = release.history();
            let frame = Frame::of(&history, plan, release.over());
            let asked = questions(&history, plan, &frame);
            scrapes(proven(asked.first()?, &frame, plan.proof.alpha)?)?
        }
        Judge::Theirs(rule) => rule.aborts(release)?,
    };
    let failed = release.scrapes.iter().take(scrapes).map(|scrape| scrape.canary.errors).sum();
    Some((scrapes, failed))
}

fn scrapes(at: Millis) -> Option<usize> {
    usize::try_from((at - BEGAN) / 1000).ok().map(|seconds| seconds / SCRAPE as usize)
}
