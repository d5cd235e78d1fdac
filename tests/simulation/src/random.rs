//! Random counts.

use fastrand::Rng;
use release_core::analysis::compare::canary::gamma::ln_gamma;

/// Below this a Poisson count is found by multiplying, beyond it by rejection.
const FEW: f64 = 15.0;

/// How many happen where so many are expected.
pub fn poisson(mean: f64, random: &mut Rng) -> f64 {
    if mean <= 0.0 {
        0.0
    } else if mean < FEW {
        let (least, mut product, mut count) = ((-mean).exp(), random.f64(), 0.0);
        while product > least {
            product *= random.f64();
            count += 1.0;
        }
        count
    } else {
        many(mean, random)
    }
}

/// W. Hörmann, "The transformed rejection method for generating Poisson random variables" (1993), algorithm PTRS.
fn many(mean: f64, random: &mut Rng) -> f64 {
    let b = 0.931 + 2.53 * mean.sqrt();
    let a = -0.059 + 0.02483 * b;
    let inverse = 1.1239 + 1.1328 / (b - 3.4);
    let quick = 0.9277 - 3.6224 / (b - 2.0);
    loop {
        let (u, v) = (random.f64() - 0.5, random.f64());
        let us = 0.5 - u.abs();
        let count = ((2.0 * a / us + b) * u + mean + 0.43).floor();
        if us >= 0.07 && v <= quick {
            return count;
        }
        if count < 0.0 || (us < 0.013 && v > us) {
            continue;
        }
        let density = count * mean.ln() - mean - ln_gamma(count + 1.0);
        if v.ln() + inverse.ln() - (a / (us * us) + b).ln() <= density {
            return count;
        }
    }
}

/// So many errors are expected, in clumps of a geometric size with that mean; of 1 they come one by one.
pub fn clumps(mean: f64, size: f64, random: &mut Rng) -> f64 {
    if size <= 1.0 {
        return poisson(mean, random);
    }
    let (mut left, mut errors) = (poisson(mean / size, random), 0.0);
    while left > 0.0 {
        errors += 1.0 + ((1.0 - random.f64()).ln() / (-1.0 / size).ln_1p()).floor();
        left -= 1.0;
    }
    errors
}

/// A standard normal number (Box and Muller).
pub fn normal(random: &mut Rng) -> f64 {
    (-2.0 * (1.0 - random.f64()).ln()).sqrt() * (std::f64::consts::TAU * random.f64()).cos()
}

/// Φ(x), the distribution of a standard normal number: Abramowitz & Stegun 26.2.17, right to 7.5e-8.
#[must_use]
pub fn normal_below(x: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.231_641_9 * x.abs());
    let of_third = -1.821_255_978 + t * 1.330_274_429;
    let series = t * (0.319_381_530 + t * (-0.356_563_782 + t * (1.781_477_937 + t * of_third)));
    let above = (-x * x / 2.0).exp() / std::f64::consts::TAU.sqrt() * series;
    if x > 0.0 { 1.0 - above } else { above }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Mean and variance of many.
    fn moments(mut draw: impl FnMut() -> f64) -> (f64, f64) {
        let all: Vec<f64> = (0..20_000).map(|_| draw()).collect();
        let mean = all.iter().sum::<f64>() / 20_000.0;
        (mean, all.iter().map(|one| (one - mean).powi(2)).sum::<f64>() / 20_000.0)
    }

    #[test]
    fn counts_have_the_mean_and_the_variance_that_they_are_meant_to_have() {
        let mut random = Rng::with_seed(1);
        for mean in [0.07, 1.5, 14.0, 16.0, 750.0] {
            let (found, variance) = moments(|| poisson(mean, &mut random));
            assert!(
                (found / mean - 1.0).abs() < 0.05 && (variance / mean - 1.0).abs() < 0.06,
                "{mean}: {found} {variance}"
            );
        }
        for (size, dispersion) in [(2.0, 3.0), (5.0, 9.0)] {
            let (found, variance) = moments(|| clumps(1.5, size, &mut random));
            assert!((found / 1.5 - 1.0).abs() < 0.05, "{size}: {found}");
            assert!((variance / found / dispersion - 1.0).abs() < 0.1, "{size}: {variance}");
        }
        let (mean, variance) = moments(|| normal(&mut random));
        // Four deviations of each.
        assert!(mean.abs() < 0.03 && (variance - 1.0).abs() < 0.04, "{mean} {variance}");
        assert!((normal_below(1.96) - 0.975).abs() < 1e-4 && (normal_below(-2.326) - 0.01).abs() < 1e-4);
    }
}
