//! A share of requests: an interval that holds however often one looks.

use super::gamma::ln_gamma;

/// Halvings of the way from what was seen to 0, or to 1.
const HALVINGS: usize = 40;

/// A share, from 0 to 1, with its ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Share {
    /// As it was counted; none of nothing.
    pub seen: Option<f64>,
    pub low: f64,
    pub high: f64,
}

impl Share {
    /// A confidence sequence of `part` of `all`: with a probability of at most `alpha` the true share ever leaves it.
    ///
    /// These are all shares whose likelihood is more than `alpha` times the mean likelihood under Beta(1/2, 1/2),
    /// B(1/2 + part, 1/2 + rest) / B(1/2, 1/2).
    #[must_use]
    pub fn between(part: f64, all: f64, alpha: f64) -> Self {
        let rest = all - part;
        if !(all > 0.0 && part >= 0.0 && rest >= 0.0) {
            return Self { seen: None, low: 0.0, high: 1.0 };
        }
        let least = ln_beta(0.5 + part, 0.5 + rest) - ln_beta(0.5, 0.5) + alpha.ln();
        let log = |count: f64, share: f64| if count > 0.0 { count * share.ln() } else { 0.0 };
        let is_in = |share: f64| log(part, share) + log(rest, 1.0 - share) > least;
        let seen = part / all;
        Self { seen: Some(seen), low: end(seen, 0.0, &is_in), high: end(seen, 1.0, &is_in) }
    }

    /// Whether it may be this one.
    #[must_use]
    pub fn holds(&self, share: f64) -> bool {
        self.low <= share && share <= self.high
    }
}

fn end(inside: f64, outside: f64, is_in: &impl Fn(f64) -> bool) -> f64 {
    let (mut inside, mut outside) = (inside, outside);
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(inside, outside);
        if is_in(middle) {
            inside = middle;
        } else {
            outside = middle;
        }
    }
    outside
}

fn ln_beta(a: f64, b: f64) -> f64 {
    ln_gamma(a) + ln_gamma(b) - ln_gamma(a + b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_narrows_around_what_is_seen() {
        let few = Share::between(5.0, 100.0, 0.001);
        let many = Share::between(500.0, 10_000.0, 0.001);
        assert!(few.holds(0.05) && few.holds(0.15) && !few.holds(0.4), "{few:?}");
        assert!(many.holds(0.05) && !many.holds(0.065) && !many.holds(0.036), "{many:?}");
        let none = Share::between(0.0, 300.0, 0.001);
        assert!(none.low < 1e-9 && none.high > 0.01 && none.high < 0.05, "{none:?}");
        assert!(Share::between(300.0, 300.0, 0.001).holds(1.0));
        for nothing in [(0.0, 0.0), (3.0, 2.0), (f64::NAN, 2.0), (-1.0, 2.0)] {
            assert_eq!(Share::between(nothing.0, nothing.1, 0.01), Share { seen: None, low: 0.0, high: 1.0 });
        }
    }
}
