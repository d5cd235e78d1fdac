//! What is tested of a ratio: how much is allowed, and which alternatives are held against that.

use super::super::ALTERNATIVES;

/// How many alternatives one test has, and how many numbers its evidence is.
pub const HOW_MANY: usize = 6;

/// Of good behaviour: so many times less than what is to be ruled out.
const BETTER: [f64; HOW_MANY] = [1.2, 1.5, 2.0, 3.0, 4.0, 6.0];
/// Of latency and of success rates, where what is allowed is often and a ratio beyond it therefore small.
const SMALLER: [f64; HOW_MANY] = [1.2, 1.5, 2.0, 3.0, 6.0, 16.0];

/// A ratio of canary's rate to stable's that is held to be so, and alternatives to it, all beyond it on one side.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hypothesis {
    /// The boundary of what is held to be so.
    pub allowed: f64,
    pub alternatives: [f64; HOW_MANY],
    /// Where success rates are compared: so much of stable's success rate has to be kept. Then `allowed` is only what
    /// that comes to at stable's usual rate of errors.
    pub kept: Option<f64>,
}

impl Hypothesis {
    /// Held to be so: canary's rate is at most `allowed` times stable's. Alternatives are 2 to 64 times that.
    #[must_use]
    pub fn worse(allowed: f64) -> Self {
        Self { allowed, alternatives: ALTERNATIVES.map(|times| allowed * times), kept: None }
    }

    /// The same of requests that take longer than a bound, or, where `allowed` is less than 1 (`fewer`), that canary
    /// has at least so many times stable's requests that take no longer.
    #[must_use]
    pub fn slower(allowed: f64, fewer: bool) -> Self {
        let alternative = |times: f64| if fewer { allowed / times } else { allowed * times };
        Self { allowed, alternatives: SMALLER.map(alternative), kept: None }
    }

    /// Held to be so: canary's rate is at least `ruled_out` times stable's. Evidence against it is proof of goodness.
    #[must_use]
    pub fn as_bad_as(ruled_out: f64) -> Self {
        Self { allowed: ruled_out, alternatives: BETTER.map(|times| ruled_out / times), kept: None }
    }

    /// Held to be so: canary's success rate is at least `kept` times stable's, p_c ≤ 1 − kept (1 − p_s). `usual` is
    /// stable's usual rate of errors; it says where the alternatives lie.
    #[must_use]
    pub fn less_successful(kept: f64, usual: f64) -> Self {
        Self { kept: Some(kept), ..Self::slower(allowed_by_success(kept, usual), false) }
    }

    /// The opposite: p_c ≥ 1 − kept (1 − p_s) is held to be so.
    #[must_use]
    pub fn no_more_successful(kept: f64, usual: f64) -> Self {
        Self { kept: Some(kept), ..Self::as_bad_as(allowed_by_success(kept, usual)) }
    }
}

/// Which ratio of error rates a kept share of success comes to where stable's error rate is `usual`:
/// (1 − kept (1 − p_s)) / p_s.
#[must_use]
pub fn allowed_by_success(kept: f64, usual: f64) -> f64 {
    let usual = usual.clamp(1e-9, 1.0);
    (1.0 - kept * (1.0 - usual)) / usual
}
