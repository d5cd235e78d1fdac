//! The Mann-Whitney test as Kayenta uses it.

use crate::random::normal_below;

/// Kayenta's tolerance: canary is held to be higher where the whole confidence interval of the shift lies above 25 % of
/// control's mean.
const TOLERANCE: f64 = 0.25;
/// One side of its confidence of 98 %.
const ALPHA: f64 = 0.01;

/// Whether canary's values are higher than control's by more than is tolerated.
#[must_use]
pub fn is_higher(canary: &[f64], control: &[f64]) -> bool {
    if canary.is_empty() || control.is_empty() {
        return false;
    }
    let mean = control.iter().sum::<f64>() / count(control);
    let shifted: Vec<f64> = canary.iter().map(|value| value - TOLERANCE * mean).collect();
    p_of_higher(&shifted, control) < ALPHA
}

/// The probability of ranks like these, or higher ones, if both are alike: by the normal approximation, corrected for
/// ties and for continuity.
fn p_of_higher(canary: &[f64], control: &[f64]) -> f64 {
    let (m, n) = (count(canary), count(control));
    let wins = canary.iter().flat_map(|own| control.iter().map(move |other| win(*own, *other)));
    let u: f64 = wins.sum();
    let all: Vec<f64> = canary.iter().chain(control).copied().collect();
    let alike = |value: &f64| all.iter().map(|other| if other == value { 1.0 } else { 0.0 }).sum::<f64>();
    // Each of t alike values brings (t² − 1): together t³ − t.
    let ties: f64 = all.iter().map(|value| alike(value).powi(2) - 1.0).sum();
    let variance = m * n / 12.0 * (m + n + 1.0 - ties / ((m + n) * (m + n - 1.0)));
    if variance <= 0.0 { 1.0 } else { 1.0 - normal_below((u - m * n / 2.0 - 0.5) / variance.sqrt()) }
}

fn win(own: f64, other: f64) -> f64 {
    match own.total_cmp(&other) {
        std::cmp::Ordering::Greater => 1.0,
        std::cmp::Ordering::Equal => 0.5,
        std::cmp::Ordering::Less => 0.0,
    }
}

#[expect(clippy::cast_precision_loss, reason = "dozens")]
fn count(values: &[f64]) -> f64 {
    values.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// u = 24 of 25, which is 2.298 deviations above its mean: p = 0.0108.
    #[test]
    fn ranks_are_what_they_are_elsewhere() {
        let p = p_of_higher(&[3.0, 5.0, 6.0, 7.0, 8.0], &[0.0, 1.0, 2.0, 2.5, 4.0]);
        assert!((p - 0.010_77).abs() < 1e-4, "{p}");
        assert!(!is_higher(&[0.01; 5], &[0.01; 5]) && is_higher(&[0.2; 9], &[0.01; 9]) && !is_higher(&[], &[1.0]));
    }
}
