//! What a pod's process counts of its requests, as applications do: rate, errors, duration.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Upper bounds of the histogram's buckets, in seconds: the defaults of Prometheus' clients.
const BOUNDS: [f64; 11] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// Counters of one run of a process. A series is there from its first request on, as in
/// applications: no 5xx before the first error.
#[derive(Debug, Default)]
pub(super) struct Metrics(Mutex<BTreeMap<Series, Counted>>);

/// Method and status.
type Series = (String, u16);

#[derive(Debug, Default)]
struct Counted {
    requests: u64,
    seconds: f64,
    /// A bucket each, not added up yet.
    buckets: [u64; BOUNDS.len()],
}

impl Metrics {
    /// Counts one request.
    pub fn count(&self, method: &str, status: u16, took: Duration) {
        let seconds = took.as_secs_f64();
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let counted = all.entry((method.to_owned(), status)).or_default();
        counted.requests += 1;
        counted.seconds += seconds;
        if let Some(bucket) = BOUNDS.iter().position(|bound| seconds <= *bound) {
            counted.buckets[bucket] += 1;
        }
    }

    /// The text that Prometheus reads.
    pub fn exposition(&self, service: &str) -> String {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = String::from("# TYPE http_requests_total counter\n");
        let labels = |(method, status): &Series| format!("service={service:?},method={method:?},status=\"{status}\"");
        for (series, counted) in &*all {
            let _ = writeln!(text, "http_requests_total{{{}}} {}", labels(series), counted.requests);
        }
        text.push_str("# TYPE http_request_duration_seconds histogram\n");
        for (series, counted) in &*all {
            counted.write_histogram(&labels(series), &mut text);
        }
        text
    }
}

impl Counted {
    fn write_histogram(&self, labels: &str, text: &mut String) {
        let name = "http_request_duration_seconds";
        let mut so_far = 0;
        for (bound, count) in BOUNDS.iter().zip(self.buckets) {
            so_far += count;
            let _ = writeln!(text, "{name}_bucket{{{labels},le=\"{bound}\"}} {so_far}");
        }
        let _ = writeln!(text, "{name}_bucket{{{labels},le=\"+Inf\"}} {}", self.requests);
        let _ = writeln!(text, "{name}_sum{{{labels}}} {}", self.seconds);
        let _ = writeln!(text, "{name}_count{{{labels}}} {}", self.requests);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_no_series_before_the_first_and_buckets_add_up() {
        let metrics = Metrics::default();
        metrics.count("GET", 200, Duration::from_millis(3));
        metrics.count("GET", 200, Duration::from_millis(40));
        let before = metrics.exposition("api");
        assert!(before.contains("http_requests_total{service=\"api\",method=\"GET\",status=\"200\"} 2\n"), "{before}");
        assert!(before.contains("status=\"200\",le=\"0.025\"} 1\n") && before.contains("le=\"0.05\"} 2\n"), "{before}");
        assert!(before.contains("le=\"+Inf\"} 2\n") && !before.contains("500"), "{before}");
        metrics.count("GET", 500, Duration::from_secs(20));
        let after = metrics.exposition("api");
        assert!(after.contains("status=\"500\",le=\"10\"} 0\n") && after.contains("status=\"500\"} 20\n"), "{after}");
    }
}
