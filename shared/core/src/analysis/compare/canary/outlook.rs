//! What a step can find, before it is walked: arithmetic, no simulation.

use std::time::Duration;

use super::plan::Plan;

/// What the evidence overshoots by, on average, and what the mean over alternatives costs.
const OVERHEAD: f64 = 1.3;
/// Faults that are spoken of: so many times stable's rate of errors.
pub const FAULTS: [f64; 3] = [2.0, 5.0, 10.0];
/// No fault is larger than this.
const LARGEST: f64 = 1000.0;
/// So many faults are tried for the worst one, from 1 to all requests, evenly in their logarithm.
const FINENESS: u32 = 100;
/// Halvings on the way to the least ratio that is found.
const HALVINGS: usize = 40;

/// What is known of a service before a release.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Traffic {
    /// Requests a second, of both sides.
    pub rate: f64,
    /// Stable's errors a request.
    pub usual: f64,
    /// Variance over mean of its errors in an interval; 1 where they come one by one.
    pub dispersion: f64,
}

/// A step of a release.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// From 0 to 100.
    pub percent: f64,
    /// None where it has no end of its own.
    pub lasts: Option<Duration>,
}

/// What a step can find by itself, and what that costs.
#[derive(Debug, Clone, PartialEq)]
pub struct Outlook {
    /// The least ratio of canary's error rate to stable's that is likely to be found before the step is over; none where
    /// it is too short to find any.
    pub least_found: Option<f64>,
    /// 2, 5 and 10 times.
    pub faults: Vec<Found>,
    /// How long a canary that fails always stays, and how many requests it fails.
    pub all_fail: Found,
    /// Of all faults the one that fails the most requests before it is found, or before the step is over.
    pub worst: Found,
    /// How long it is likely to take until a canary as good as stable is proven not to be as bad as the plan rules out.
    pub proof: Duration,
}

/// A fault of canary, and what it takes to find it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Found {
    /// So many times stable's error rate.
    pub times: f64,
    /// How long it is likely to take.
    pub after: Duration,
    /// Whether the step lasts so long.
    pub is_in_step: bool,
    /// Requests that fail at canary until then, or until the step is over.
    pub failed: f64,
}

/// The share of canary's errors in all errors, where its rate is `times` stable's: θ(ρ) = ρ w / (ρ w + 1 − w).
#[must_use]
pub fn share_of_errors(weight: f64, times: f64) -> f64 {
    times * weight / (times * weight + 1.0 - weight)
}

/// How much evidence an error brings, on average, if canary's share of errors is `real` and not `held`: the
/// Kullback-Leibler divergence of two Bernoulli distributions, in nats.
#[must_use]
pub fn divergence(real: f64, held: f64) -> f64 {
    let part = |real: f64, held: f64| if real > 0.0 { real * (real / held).ln() } else { 0.0 };
    part(real, held) + part(1.0 - real, 1.0 - held)
}

/// Seconds until the evidence is likely to be enough: (ln(1/α) + 1.3) / (errors a second × divergence).
#[must_use]
pub fn expected_seconds(alpha: f64, errors_a_second: f64, divergence: f64) -> f64 {
    (OVERHEAD - alpha.ln()) / (errors_a_second * divergence)
}

/// What a step can find of a ratio of error rates, `allowed` being allowed. `metrics` share one promise, so that each has
/// the α of its share; a fresh start at each weight costs as much again, and clumps so many times the errors.
#[must_use]
pub fn outlook(plan: &Plan, traffic: &Traffic, step: &Step, (allowed, share): (f64, f64)) -> Outlook {
    let seen = Seen { plan, traffic, step, allowed, share };
    let lasts = step.lasts.map_or(f64::INFINITY, |lasts| lasts.as_secs_f64());
    let largest = (1.0 / traffic.usual.max(1e-9)).min(LARGEST);
    let most = 1.0 / traffic.usual.max(1e-9);
    let all_fail = seen.found(most);
    let faults = (1..=FINENESS).map(|step| seen.found(most.powf(f64::from(step) / f64::from(FINENESS))));
    let worst = faults.max_by(|one, other| one.failed.total_cmp(&other.failed)).unwrap_or(all_fail);
    Outlook {
        least_found: (seen.seconds(largest) <= lasts)
            .then(|| least(largest, allowed, |times| seen.seconds(times) <= lasts)),
        faults: FAULTS.iter().map(|times| seen.found(*times)).collect(),
        all_fail,
        worst,
        proof: duration(seen.seconds_of_proof()),
    }
}

fn least(largest: f64, allowed: f64, is_found: impl Fn(f64) -> bool) -> f64 {
    let (mut found, mut missed) = (largest, allowed);
    for _ in 0..HALVINGS {
        let middle = (found * missed).sqrt();
        if is_found(middle) {
            found = middle;
        } else {
            missed = middle;
        }
    }
    found
}

struct Seen<'a> {
    plan: &'a Plan,
    traffic: &'a Traffic,
    step: &'a Step,
    allowed: f64,
    share: f64,
}

impl Seen<'_> {
    fn weight(&self) -> f64 {
        (self.step.percent / 100.0).clamp(0.0, 1.0)
    }

    /// Of both sides; clumps count once.
    fn errors_a_second(&self, times: f64) -> f64 {
        let of_canary = (times * self.traffic.usual).min(1.0) * self.weight();
        self.traffic.rate * (of_canary + self.traffic.usual * (1.0 - self.weight())) / self.traffic.dispersion.max(1.0)
    }

    fn seconds(&self, times: f64) -> f64 {
        if times <= self.allowed {
            return f64::INFINITY;
        }
        #[expect(clippy::cast_precision_loss, reason = "at most 64")]
        let alpha = self.plan.alpha() * self.share / self.plan.starts() as f64;
        let (real, held) = (share_of_errors(self.weight(), times), share_of_errors(self.weight(), self.allowed));
        let seconds = expected_seconds(alpha, self.errors_a_second(times), divergence(real, held));
        // Nothing is known before the first interval is over.
        seconds.max(self.interval())
    }

    fn seconds_of_proof(&self) -> f64 {
        let ruled_out = self.plan.proof.ruled_out.max(self.allowed);
        let (real, held) = (self.weight(), share_of_errors(self.weight(), ruled_out));
        let seconds = expected_seconds(self.plan.proof.alpha, self.errors_a_second(1.0), divergence(real, held));
        seconds.max(self.interval())
    }

    fn interval(&self) -> f64 {
        Duration::from_millis(u64::try_from(self.plan.interval).unwrap_or_default()).as_secs_f64()
    }

    fn found(&self, times: f64) -> Found {
        let seconds = self.seconds(times);
        let lasts = self.step.lasts.map_or(f64::INFINITY, |lasts| lasts.as_secs_f64());
        let rate = self.traffic.rate * self.weight() * (times * self.traffic.usual).min(1.0);
        let failed = if rate > 0.0 { rate * seconds.min(lasts) } else { 0.0 };
        Found { times, after: duration(seconds), is_in_step: seconds <= lasts, failed }
    }
}

/// What is longer than anybody waits is as long as a duration can be.
fn duration(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::plan::Metric;
    use super::*;

    fn about(found: f64, wanted: f64) {
        assert!((found / wanted - 1.0).abs() < 0.02, "{found} is not {wanted}");
    }

    /// Seconds at 1 % with the ratio 1 allowed, at so many requests a second and a weight.
    fn plain(rate: f64, weight: f64, canary: f64) -> f64 {
        let errors = rate * (weight * canary + (1.0 - weight) * 0.002);
        expected_seconds(0.01, errors, divergence(share_of_errors(weight, canary / 0.002), weight))
    }

    #[test]
    fn times_are_what_was_worked_out() {
        about(divergence(share_of_errors(0.05, 10.0), 0.05), 0.422);
        about(plain(50.0, 0.05, 0.02), 96.0);
        about(plain(50.0, 0.05, 0.01), 322.0);
        about(plain(50.0, 0.05, 0.005), 1605.0);
        about(plain(50.0, 0.01, 0.02), 433.0);
        about(plain(5.0, 0.05, 0.02), 964.0);
    }

    fn looked(rate: f64, usual: f64, percent: f64, minutes: u64) -> Outlook {
        let plan = Plan::of(vec![Metric::read("error-rate=1.25").expect("a metric")], 3);
        let step = Step { percent, lasts: Some(Duration::from_secs(minutes * 60)) };
        outlook(&plan, &Traffic { rate, usual, dispersion: 1.2 }, &step, (1.25, 1.0))
    }

    #[test]
    fn a_plan_says_what_its_steps_can_find() {
        let first = looked(50.0, 0.002, 5.0, 5);
        let [twice, five, ten] = first.faults.as_slice() else { panic!("three faults") };
        assert!(!twice.is_in_step && !five.is_in_step && ten.is_in_step, "{first:?}");
        assert!((120..200).contains(&ten.after.as_secs()), "{ten:?}");
        about(ten.failed, 50.0 * 0.05 * 0.02 * ten.after.as_secs_f64());
        let least = first.least_found.expect("something is found");
        assert!((5.0..10.0).contains(&least), "{least}");
        assert!(first.all_fail.after.as_secs() <= 30 && first.all_fail.failed <= 75.0, "{first:?}");
        assert!(first.worst.failed >= ten.failed && first.worst.failed >= first.all_fail.failed, "{first:?}");
        assert!(first.worst.failed < 60.0, "{first:?}");
        // A request in two seconds, 5 % of them for a minute: not even a canary that fails always is found.
        assert_eq!(looked(0.5, 0.002, 5.0, 1).least_found, None);
        let large = looked(5000.0, 0.002, 5.0, 5);
        assert!(large.faults[0].is_in_step && large.proof.as_secs() <= 60, "{large:?}");
    }

    #[test]
    fn nothing_to_reckon_with_is_no_fault() {
        let none = looked(0.0, 0.0, 0.0, 0);
        assert!(none.least_found.is_none() && !none.all_fail.is_in_step);
        assert!(none.faults.iter().all(|fault| fault.after == Duration::MAX), "{none:?}");
    }
}
