//! How others decide, on the same counters. Each rule gives the scrape of the release at which it aborts.

use crate::release::{Did, Release, Scrape};

mod ranks;

/// Scrapes of a minute.
const MINUTE: usize = 4;
const ALLOWED: f64 = 0.01;

/// A rule that others have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// Argo Rollouts: canary's own `rate[5m]` below 1 %, each minute, `failureLimit: 3`, so that the fourth counts.
    ArgoOfCanary,
    /// The same with a query that divides over the whole service.
    ArgoOfService,
    /// Flagger: 99 % over a minute, each minute, `threshold: 5`.
    Flagger,
    /// Kayenta: Mann-Whitney over the values of each minute since the beginning, with its usual tolerance of 25 % and
    /// confidence of 98 %, each 5 minutes.
    Kayenta,
}

impl Rule {
    pub const ALL: [Self; 4] = [Self::ArgoOfCanary, Self::ArgoOfService, Self::Flagger, Self::Kayenta];

    /// As the table has it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ArgoOfCanary => "Argo, canary's own rate[5m] < 1%, limit 3",
            Self::ArgoOfService => "Argo, rate over the whole service",
            Self::Flagger => "Flagger, 99% over 1m, threshold 5",
            Self::Kayenta => "Kayenta, each 5 minutes",
        }
    }

    /// After how many scrapes it aborts, if it does.
    #[must_use]
    pub fn aborts(self, release: &Release) -> Option<usize> {
        match self {
            Self::ArgoOfCanary => nth_bad(release, 4, 5, |scrape| scrape.canary),
            Self::ArgoOfService => nth_bad(release, 4, 5, both),
            Self::Flagger => nth_bad(release, 5, 1, |scrape| scrape.canary),
            Self::Kayenta => kayenta(release),
        }
    }
}

fn both(scrape: &Scrape) -> Did {
    let (canary, stable) = (scrape.canary, scrape.stable);
    Did { requests: canary.requests + stable.requests, errors: canary.errors + stable.errors, ..Did::default() }
}

/// The minute of the nth measurement that is too bad, each over some minutes.
fn nth_bad(release: &Release, nth: usize, minutes: usize, of: impl Fn(&Scrape) -> Did) -> Option<usize> {
    let all: Vec<Did> = release.before.iter().chain(&release.scrapes).map(of).collect();
    let ends = (MINUTE..=release.scrapes.len()).step_by(MINUTE);
    let bad = ends.filter(|end| {
        let end = release.before.len() + end;
        rate(&all[end - minutes * MINUTE..end]).is_some_and(|rate| rate >= ALLOWED)
    });
    bad.take(nth).nth(nth - 1)
}

fn rate(did: &[Did]) -> Option<f64> {
    let requests: f64 = did.iter().map(|one| one.requests).sum();
    (requests > 0.0).then(|| did.iter().map(|one| one.errors).sum::<f64>() / requests)
}

fn kayenta(release: &Release) -> Option<usize> {
    let looks = (5 * MINUTE..=release.scrapes.len()).step_by(5 * MINUTE);
    let mut looks = looks.filter(|end| {
        let minutes = || release.scrapes[..*end].chunks(MINUTE);
        let values = |of: fn(&Scrape) -> Did| -> Vec<f64> {
            minutes().filter_map(|minute| rate(&minute.iter().map(of).collect::<Vec<_>>())).collect()
        };
        ranks::is_higher(&values(|scrape| scrape.canary), &values(|scrape| scrape.stable))
    });
    looks.next()
}
