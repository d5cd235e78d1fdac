//! Arithmetic over measured values. Pure.

use std::time::Duration;

/// Times of one kind.
#[derive(Debug, Clone, Default)]
pub struct Times(Vec<Duration>);

impl Times {
    pub fn add(&mut self, time: Duration) {
        self.0.push(time);
        self.0.sort();
    }

    pub fn median(&self) -> Duration {
        let (lower, upper) = (self.at((self.0.len().max(1) - 1) / 2), self.at(self.0.len() / 2));
        (lower + upper) / 2
    }

    pub fn best(&self) -> Duration {
        self.at(0)
    }

    pub fn worst(&self) -> Duration {
        self.0.last().copied().unwrap_or_default()
    }

    pub fn count(&self) -> usize {
        self.0.len()
    }

    fn at(&self, index: usize) -> Duration {
        self.0.get(index).copied().unwrap_or_default()
    }
}

impl Extend<Duration> for Times {
    fn extend<T: IntoIterator<Item = Duration>>(&mut self, times: T) {
        times.into_iter().for_each(|time| self.add(time));
    }
}

/// `62 ms`, `1,250 ms`: always in one unit, so that columns can be compared.
pub fn millis(time: Duration) -> String {
    let millis = time.as_secs_f64() * 1000.0;
    if millis < 10.0 { format!("{millis:.1} ms") } else { format!("{millis:.0} ms") }
}

/// `8.1 MB`
pub fn megabytes(bytes: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52 bytes")]
    let bytes = bytes as f64;
    format!("{:.1} MB", bytes / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_an_even_number_lies_between_the_middle_two() {
        let mut times = Times::default();
        times.extend([40, 10, 30, 20].map(Duration::from_millis));
        assert_eq!(times.median(), Duration::from_millis(25));
        times.add(Duration::from_millis(500));
        assert_eq!(times.median(), Duration::from_millis(30));
        assert_eq!((times.best(), times.worst()), (Duration::from_millis(10), Duration::from_millis(500)));
        assert_eq!(Times::default().median(), Duration::ZERO);
    }
}
