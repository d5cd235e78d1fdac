//! What a service is like, and what its canary does.

use std::ops::Range;

/// Seconds between two scrapes.
pub const SCRAPE: u32 = 15;
/// Scrapes of stable alone before a release: 30 minutes.
pub const BEFORE: usize = 120;

/// A service and a release of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    pub name: &'static str,
    /// Requests a second, of both sides.
    pub rate: f64,
    /// Errors a request.
    pub base: f64,
    /// Errors come in clumps of so many on average.
    pub clump: f64,
    /// For a minute both sides fail with this rate, once, at a random time.
    pub outage: Option<f64>,
    /// Standard deviation of the logarithm of the base rate, which drifts with a memory of five minutes.
    pub drift: f64,
    /// Weights in percent with how many scrapes they last.
    pub steps: Vec<(f64, usize)>,
    /// In which scrapes of the release canary fails with which rate.
    pub bad: Option<(Range<usize>, f64)>,
    /// So many times as slow is canary; without it latency isn't looked at.
    pub slow: Option<f64>,
}

/// 5 % for 5 minutes, 20 % and 50 % for 10: 50 requests a second, 0.2 % errors, one by one.
#[must_use]
pub fn clean() -> Setting {
    Setting {
        name: "clean",
        rate: 50.0,
        base: 0.002,
        clump: 1.0,
        outage: None,
        drift: 0.0,
        steps: vec![(5.0, 20), (20.0, 40), (50.0, 40)],
        bad: None,
        slow: None,
    }
}

/// The settings in which nothing is wrong.
#[must_use]
pub fn settings() -> [Setting; 7] {
    [
        clean(),
        Setting { name: "base 0.8%", base: 0.008, ..clean() },
        Setting { name: "5 rps", rate: 5.0, ..clean() },
        Setting { name: "clumps 2", clump: 2.0, ..clean() },
        Setting { name: "clumps 5", clump: 5.0, ..clean() },
        Setting { name: "outage", outage: Some(0.10), ..clean() },
        Setting { name: "drift 0.7", drift: 0.7, ..clean() },
    ]
}

/// A day at 20 %, nothing wrong: 5,760 looks.
#[must_use]
pub fn day() -> Setting {
    Setting { name: "24 h", steps: vec![(20.0, 5760)], ..clean() }
}

impl Setting {
    /// Canary fails with this rate from the beginning.
    #[must_use]
    pub fn with_bad(self, rate: f64) -> Self {
        Self { bad: Some((0..usize::MAX, rate)), ..self }
    }

    /// How many scrapes the release lasts.
    #[must_use]
    pub fn scrapes(&self) -> usize {
        self.steps.iter().map(|(_, scrapes)| scrapes).sum()
    }
}
