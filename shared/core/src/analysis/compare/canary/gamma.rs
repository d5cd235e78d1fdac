//! The logarithm of the gamma function, which the standard library doesn't offer.

/// From here on Stirling's series is right to the last digits.
const FAR: f64 = 10.0;
/// So many factors are multiplied out; beyond that two logarithms of the gamma function are cheaper.
const FACTORS: f64 = 64.0;
/// So many factors are multiplied before a logarithm is taken: none of them is so large that the product overflows.
const AT_ONCE: usize = 8;

/// ln Γ(x) of a positive number: Stirling's series (Abramowitz & Stegun 6.1.41) of a number that is far enough out,
/// brought back by Γ(x + 1) = x Γ(x) (6.1.15). Infinite for what is not positive.
#[must_use]
pub fn ln_gamma(x: f64) -> f64 {
    if x.is_nan() || x <= 0.0 {
        return f64::INFINITY;
    }
    let (mut far, mut factors) = (x, 1.0);
    while far < FAR {
        factors *= far;
        far += 1.0;
    }
    let inverse = 1.0 / far;
    let square = inverse * inverse;
    let of_seventh = 1.0 / 1680.0 - square / 1188.0;
    let of_third = 1.0 / 360.0 - square * (1.0 / 1260.0 - square * of_seventh);
    let series = inverse * (1.0 / 12.0 - square * of_third);
    (far - 0.5) * far.ln() - far + 0.5 * std::f64::consts::TAU.ln() + series - factors.ln()
}

/// ln of x (x + 1) … (x + steps − 1), which is ln Γ(x + steps) − ln Γ(x).
#[must_use]
pub fn ln_rising(x: f64, steps: f64) -> f64 {
    if steps > FACTORS || steps.fract() != 0.0 || x > 1e30 {
        return ln_gamma(x + steps) - ln_gamma(x);
    }
    let (mut sum, mut product, mut step, mut waiting) = (0.0, 1.0, 0.0, 0);
    while step < steps {
        product *= x + step;
        step += 1.0;
        waiting = if waiting == AT_ONCE { 0 } else { waiting.saturating_add(1) };
        if waiting == 0 {
            sum += f64::ln(product);
            product = 1.0;
        }
    }
    sum + product.ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn about(found: f64, wanted: f64) {
        assert!((found - wanted).abs() <= 1e-12 * wanted.abs().max(1.0), "{found} is not {wanted}");
    }

    /// Γ(1/2) = √π; factorials; Γ(1/4) and ln Γ(100) as tables have them (Abramowitz & Stegun 6.4, OEIS A068466).
    #[test]
    fn known_values() {
        about(ln_gamma(0.5), 0.572_364_942_924_700_1);
        about(ln_gamma(0.25), 3.625_609_908_221_908_f64.ln());
        about(ln_gamma(100.0), 359.134_205_369_575_4);
        let mut factorial = 1.0_f64;
        for n in 1..=20 {
            about(ln_gamma(f64::from(n)), factorial.ln());
            factorial *= f64::from(n);
        }
        assert!(ln_gamma(0.0).is_infinite() && ln_gamma(f64::NAN).is_infinite() && ln_gamma(-1.5).is_infinite());
    }

    #[test]
    fn a_rising_product_is_the_quotient_of_two() {
        for x in [1e-6, 0.02, 0.3, 7.5, 1e3, 1e9] {
            for steps in [0.0, 1.0, 2.0, 7.0, 8.0, 9.0, 63.0, 64.0, 65.0, 700.0, 2.5] {
                let (found, wanted) = (ln_rising(x, steps), ln_gamma(x + steps) - ln_gamma(x));
                assert!((found - wanted).abs() < 1e-9 * ln_gamma(x).abs().max(1.0), "{x} {steps}: {found} {wanted}");
            }
        }
        about(ln_rising(3.0, 2.0), 12_f64.ln());
    }
}
