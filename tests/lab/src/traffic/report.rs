//! Arithmetic over the requests of a load. Pure.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, Instant};

use super::{Kind, Outcome, Request};

/// All requests of a load, in the order they ended.
#[derive(Debug, Clone)]
pub struct Traffic {
    requests: Vec<Request>,
    elapsed: Duration,
}

/// How long answered requests took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Latencies {
    /// Half were faster.
    pub median: Duration,
    /// 99 of 100 were faster.
    pub p99: Duration,
    /// The slowest.
    pub max: Duration,
}

impl Traffic {
    /// Requests of a load that ran for `elapsed`.
    pub fn new(requests: Vec<Request>, elapsed: Duration) -> Self {
        Self { requests, elapsed }
    }

    /// Every request.
    pub fn requests(&self) -> &[Request] {
        &self.requests
    }

    /// How many there were.
    pub fn total(&self) -> usize {
        self.requests.len()
    }

    /// Requests per second.
    pub fn rate(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52 requests")]
        let total = self.requests.len() as f64;
        total / self.elapsed.as_secs_f64().max(f64::EPSILON)
    }

    /// Those that failed.
    pub fn failures(&self) -> Vec<&Request> {
        let failed = |request: &&Request| matches!(request.outcome, Outcome::Failed(_));
        self.requests.iter().filter(failed).collect()
    }

    /// Requests for which a kept connection had to be replaced.
    pub fn reopened(&self) -> usize {
        self.requests.iter().filter(|request| request.reopened).count()
    }

    /// Number of answers by version.
    pub fn versions(&self) -> BTreeMap<&str, usize> {
        let mut counts = BTreeMap::new();
        for version in self.requests.iter().filter_map(version) {
            *counts.entry(version).or_insert(0) += 1;
        }
        counts
    }

    /// The last request answered by this version whose connection was opened for it. Its
    /// `connected` is the moment the choice of the pod was made.
    pub fn last_fresh(&self, of: &str) -> Option<&Request> {
        self.fresh(of).max_by_key(|request| request.connected)
    }

    /// The first such request.
    pub fn first_fresh(&self, of: &str) -> Option<&Request> {
        self.fresh(of).min_by_key(|request| request.connected)
    }

    /// How long after `moment` new connections still reached this version: zero when none did.
    pub fn lag(&self, of: &str, moment: Instant) -> Duration {
        let last = self.last_fresh(of).and_then(|request| request.connected);
        last.map_or(Duration::ZERO, |last| last.saturating_duration_since(moment))
    }

    /// Latencies of answered requests; `None` when there are none.
    pub fn latencies(&self) -> Option<Latencies> {
        let mut times: Vec<Duration> = self
            .requests
            .iter()
            .filter(|request| version(request).is_some())
            .map(|request| request.ended - request.started)
            .collect();
        times.sort();
        let at = |percent: usize| times.get((times.len() * percent / 100).min(times.len() - 1)).copied();
        let max = times.last().copied()?;
        Some(Latencies { median: at(50)?, p99: at(99)?, max })
    }

    fn fresh<'a>(&'a self, of: &str) -> impl Iterator<Item = &'a Request> {
        self.requests.iter().filter(move |request| {
            // A kept client's replaced connection is a new connection too.
            request.connected.is_some() && version(request) == Some(of)
        })
    }

    /// Number of requests of a kind.
    pub fn of_kind(&self, kind: Kind) -> usize {
        self.requests.iter().filter(|request| request.kind == kind).count()
    }
}

fn version(request: &Request) -> Option<&str> {
    match &request.outcome {
        Outcome::Answered { version } => Some(version),
        Outcome::Failed(_) => None,
    }
}

impl fmt::Display for Traffic {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let failures = self.failures();
        write!(
            out,
            "{} requests in {:.1} s ({:.0}/s; {} on new connections, {} on kept ones), {} failed, {} kept connections replaced",
            self.total(),
            self.elapsed.as_secs_f64(),
            self.rate(),
            self.of_kind(Kind::Fresh),
            self.of_kind(Kind::Kept),
            failures.len(),
            self.reopened(),
        )?;
        if let Some(Latencies { median, p99, max }) = self.latencies() {
            write!(out, "; median {median:.1?}, p99 {p99:.1?}, slowest {max:.1?}")?;
        }
        for (version, count) in self.versions() {
            write!(out, "\n  {version}: {count}")?;
        }
        for failure in failures.iter().take(5) {
            write!(out, "\n  failed ({:?}): {:?}", failure.kind, failure.outcome)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::super::Failure;
    use super::*;

    fn request(at: Instant, millis: u64, fresh: bool, outcome: Outcome) -> Request {
        let started = at + Duration::from_millis(millis);
        Request {
            started,
            started_at: SystemTime::now(),
            connected: fresh.then(|| started + Duration::from_millis(1)),
            ended: started + Duration::from_millis(10 + millis),
            kind: if fresh { Kind::Fresh } else { Kind::Kept },
            reopened: false,
            outcome,
        }
    }

    fn answered(version: &str) -> Outcome {
        Outcome::Answered { version: version.to_owned() }
    }

    #[test]
    fn only_new_connections_say_how_long_the_old_version_was_reached() {
        let at = Instant::now();
        let traffic = Traffic::new(
            vec![
                request(at, 0, true, answered("v1")),
                request(at, 100, true, answered("v1")),
                request(at, 900, false, answered("v1")),
                request(at, 200, true, answered("v2")),
            ],
            Duration::from_secs(1),
        );
        assert_eq!(traffic.lag("v1", at), Duration::from_millis(101));
        assert_eq!(traffic.lag("v1", at + Duration::from_secs(5)), Duration::ZERO);
        assert_eq!(traffic.lag("v3", at), Duration::ZERO);
        assert_eq!(traffic.versions()["v1"], 3);
    }

    #[test]
    fn failures_count_but_have_no_latency() {
        let at = Instant::now();
        let mut requests: Vec<Request> = (0..99).map(|_| request(at, 0, true, answered("v1"))).collect();
        requests.push(request(at, 40, true, answered("v1")));
        requests.push(request(at, 5000, true, Outcome::Failed(Failure::Status(500))));
        let traffic = Traffic::new(requests, Duration::from_secs(1));
        assert_eq!(traffic.failures().len(), 1);
        let latencies = traffic.latencies().unwrap();
        assert_eq!(latencies.median, Duration::from_millis(10));
        assert_eq!(latencies.max, Duration::from_millis(50));
        assert!(Traffic::new(Vec::new(), Duration::ZERO).latencies().is_none());
    }
}
