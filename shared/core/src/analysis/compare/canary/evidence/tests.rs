//! The worked numbers, the closed form, and that folding is adding up.

use proptest::prelude::*;

use super::super::super::{Counted, Pair, evidence_over};
use super::super::gamma::ln_gamma;
use super::super::law::Clumps;
use super::*;

fn counted(canary: (f64, f64), stable: (f64, f64)) -> Interval {
    let side = |(errors, requests)| Counted { requests, errors };
    Interval { canary: side(canary), stable: side(stable) }
}

fn clumps(dispersion: f64) -> Law {
    Law::Clumps(Clumps { usual: 0.002, dispersion })
}

fn strength(interval: Interval, hypothesis: &Hypothesis, law: &Law) -> f64 {
    Evidence::default().fold(&interval, hypothesis, law).ln().exp()
}

/// Evidence over a plain grid of twelve alternatives, √2 apart: two hypotheses of six.
fn over_twelve(interval: Interval) -> f64 {
    let half = |first: i32| {
        let alternatives = [0, 2, 4, 6, 8, 10].map(|step| 2_f64.powf(f64::from(first + step) / 2.0));
        strength(interval, &Hypothesis { alternatives, ..Hypothesis::worse(1.0) }, &Law::OneByOne)
    };
    f64::midpoint(half(1), half(2))
}

fn about(found: f64, wanted: f64) {
    assert!((found / wanted - 1.0).abs() < 0.02, "{found} is not {wanted}");
}

#[test]
fn the_evidence_is_what_was_worked_out() {
    about(over_twelve(counted((1.0, 20.0), (0.0, 380.0))), 7.45);
    about(over_twelve(counted((2.0, 20.0), (0.0, 380.0))), 78.0);
    about(over_twelve(counted((3.0, 20.0), (0.0, 380.0))), 940.0);
    about(over_twelve(counted((4.0, 225.0), (8.0, 4275.0))), 43.8);
    about(over_twelve(counted((5.0, 225.0), (8.0, 4275.0))), 293.0);
    about(over_twelve(counted((15.0, 750.0), (28.0, 14250.0))), 2.2e7);
    about(over_twelve(counted((2.0, 750.0), (28.0, 14250.0))), 0.24);
}

/// The six alternatives that are used come to the same decisions, and blue-green's comparison to the same numbers.
#[test]
fn three_errors_of_twenty_are_enough_and_two_are_not() {
    for (errors, is_enough) in [(0.0, false), (1.0, false), (2.0, false), (3.0, true)] {
        let interval = counted((errors, 20.0), (0.0, 380.0));
        let found = strength(interval, &Hypothesis::worse(1.0), &Law::OneByOne);
        assert_eq!(found >= 100.0, is_enough, "{errors}: {found}");
        let pair = Pair { judged: interval.canary, against: interval.stable };
        about(found, evidence_over(&[pair], 1.0, &super::super::super::ALTERNATIVES).exp());
    }
}

/// ∫ θ^(a−1) (1−θ)^(b−1) from `low` to 1, by the midpoint rule on θ = 1 − (1 − low) u², which takes the edge at 1 away.
fn incomplete_beta(low: f64, a: f64, b: f64) -> f64 {
    let steps = 400_000;
    let width = 1.0 / f64::from(steps);
    let at = |step: i32| {
        let u = (f64::from(step) + 0.5) * width;
        let below = (1.0 - low) * u * u;
        ((a - 1.0) * (1.0 - below).ln() + (b - 1.0) * below.ln()).exp() * 2.0 * (1.0 - low) * u
    };
    (0..steps).map(at).sum::<f64>() * width
}

/// For a weight that stays the mixture over a Beta prior beyond θ0 has a closed form: a cross-check that shares no line
/// with what it checks. With Beta(1/2, 1/2): 30.6 and 212 where the grid gives 43.8 and 293.
#[test]
fn it_agrees_with_the_closed_form_of_a_constant_weight() {
    for (errors, closed_as_worked_out) in [(4.0, 30.6), (5.0, 212.0)] {
        let interval = counted((errors, 225.0), (8.0, 4275.0));
        let split: f64 = 225.0 / 4500.0;
        let with = |canary: f64, stable: f64| incomplete_beta(split, 0.5 + canary, 0.5 + stable);
        let at_split = errors * split.ln() + 8.0 * (1.0 - split).ln();
        let closed = with(errors, 8.0) / with(0.0, 0.0) / at_split.exp();
        about(closed, closed_as_worked_out);
        let grid = strength(interval, &Hypothesis::worse(1.0), &Law::OneByOne);
        assert!((0.5..2.0).contains(&(grid / closed)), "{grid} and {closed}");
    }
    // ∫ over all of it is the beta function itself.
    about(incomplete_beta(1e-9, 3.0, 2.0), (ln_gamma(3.0) + ln_gamma(2.0) - ln_gamma(5.0)).exp());
}

/// Where errors come one by one and a clump is small, both laws say nearly the same; where they clump, 19 errors at
/// once are one clump and no proof.
#[test]
fn a_clump_has_one_vote() {
    let spread = counted((4.0, 225.0), (8.0, 4275.0));
    let plain = strength(spread, &Hypothesis::worse(1.0), &Law::OneByOne);
    let nearly = strength(spread, &Hypothesis::worse(1.0), &clumps(1.001));
    about(nearly, plain);
    let burst = counted((19.0, 375.0), (0.0, 7125.0));
    assert!(strength(burst, &Hypothesis::worse(1.25), &Law::OneByOne) > 1e9);
    assert!(strength(burst, &Hypothesis::worse(1.25), &clumps(30.0)) < 100.0);
}

/// A version that keeps what it has to keep of stable's success is never found, whatever stable's rate becomes; one
/// that doesn't is.
#[test]
fn kept_success_is_tested_whatever_stables_rate_is() {
    let hypothesis = Hypothesis::less_successful(0.99, 0.002);
    let over = |canary: f64, stable: f64| {
        let one = counted((canary * 1000.0, 1000.0), (stable * 4000.0, 4000.0));
        (0..40).fold(Evidence::default(), |all, _| all.fold(&one, &hypothesis, &Law::OneByOne)).ln()
    };
    for stable in [0.0005, 0.002, 0.02, 0.1, 0.3] {
        let allowed = 1.0 - 0.99 * (1.0 - stable);
        assert!(over(allowed, stable) <= 0.0, "{stable}: {}", over(allowed, stable));
    }
    assert!(over(0.03, 0.002) > 100_f64.ln());
    // With everything kept it is the ratio test with 1.
    let one = counted((5.0, 225.0), (8.0, 4275.0));
    let kept = strength(one, &Hypothesis::less_successful(1.0, 0.002), &Law::OneByOne);
    about(kept, strength(one, &Hypothesis::slower(1.0, false), &Law::OneByOne));
}

/// Proof of goodness is evidence the other way round: it comes with a canary as good as stable, not with a bad one.
#[test]
fn proof_of_goodness_comes_with_good_behaviour() {
    let proof = |errors: f64| {
        let one = counted((errors, 1000.0), (8.0, 4000.0));
        let all = (0..30).fold(Evidence::default(), |all, _| all.fold(&one, &Hypothesis::as_bad_as(2.0), &clumps(1.2)));
        all.ln()
    };
    assert!(proof(2.0) > 20_f64.ln() && proof(4.0) <= 0.0 && proof(8.0) < -1.0);
    let kept = |errors: f64| {
        let hypothesis = Hypothesis::no_more_successful(0.99, 0.002);
        strength(counted((errors, 5000.0), (10.0, 5000.0)), &hypothesis, &Law::OneByOne)
    };
    assert!(kept(10.0) > 20.0 && kept(60.0) < 1.1);
}

/// Good behaviour of an hour before doesn't hide a turn, and starts that are to come count as 1.
#[test]
fn a_fresh_start_sees_a_later_turn() {
    let (good, bad) = (counted((0.0, 1000.0), (8.0, 4000.0)), counted((10.0, 1000.0), (8.0, 4000.0)));
    let hypothesis = Hypothesis::worse(1.25);
    let after = |planned: usize, starts: usize| {
        let mut evidence = Starts::planned(planned);
        evidence.begin();
        (0..60).for_each(|_| evidence.fold(&good, &hypothesis, &Law::OneByOne));
        (1..starts).for_each(|_| evidence.begin());
        (0..6).for_each(|_| evidence.fold(&bad, &hypothesis, &Law::OneByOne));
        evidence.ln()
    };
    assert!(after(1, 1) < 0.0 && after(2, 2) > 100_f64.ln(), "{} {}", after(1, 1), after(2, 2));
    about(after(2, 9).exp(), after(2, 2).exp());
    let mut first = Starts::planned(3);
    assert!(first.ln().abs() < 1e-12);
    first.begin();
    first.fold(&bad, &hypothesis, &Law::OneByOne);
    about(first.ln().exp(), (first.whole().ln().exp() + 2.0) / 3.0);
}

/// ln of P(X = k) of a binomial distribution, and P(X = k) of a Poisson distribution.
fn ln_binomial(k: u32, of: u32, share: f64) -> f64 {
    let (k, of) = (f64::from(k), f64::from(of));
    let ways = ln_gamma(of + 1.0) - ln_gamma(k + 1.0) - ln_gamma(of - k + 1.0);
    ways + k * share.ln() + (of - k) * (1.0 - share).ln()
}

fn poisson(k: u32, mean: f64) -> f64 {
    (f64::from(k) * mean.ln() - mean - ln_gamma(f64::from(k) + 1.0)).exp()
}

/// That evidence has a mean of at most 1 in every interval while the hypothesis is true is all that the promise stands
/// on. A model of clumps alone had not, where errors come one by one: for a day of a drifting base rate it found something
/// wrong in a third of all releases.
#[test]
fn evidence_does_not_grow_by_itself() {
    for law in [Law::OneByOne, clumps(1.2), clumps(3.0), clumps(40.0)] {
        for (hypothesis, real) in [
            (Hypothesis::worse(1.25), 1.25),
            (Hypothesis::worse(1.25), 0.8),
            (Hypothesis::as_bad_as(2.0), 2.0),
            (Hypothesis::as_bad_as(2.0), 5.0),
            (Hypothesis::slower(0.8, true), 0.8),
        ] {
            for (canary, stable) in [(300.0, 5000.0), (400.0, 400.0), (300.0, 700_000.0)] {
                for errors in [1, 2, 3, 10, 60, 250, 270] {
                    let share = real * canary / (real * canary + stable);
                    let of = |k: u32| {
                        let one = counted((f64::from(k), canary), (f64::from(errors - k), stable));
                        let evidence = Evidence::default().fold(&one, &hypothesis, &law).ln();
                        (ln_binomial(k, errors, share) + evidence).exp()
                    };
                    let mean: f64 = (0..=errors).map(of).sum();
                    assert!(mean < 1.0 + 1e-6, "{law:?} {hypothesis:?} {real} {canary}:{stable} {errors}: {mean}");
                }
            }
        }
    }
}

/// The same for success rates, whatever stable's rate is: the usual one, or another.
#[test]
fn evidence_of_success_does_not_grow_by_itself() {
    for (hypothesis, sign) in
        [(Hypothesis::less_successful(0.99, 0.002), 1.0), (Hypothesis::no_more_successful(0.99, 0.002), 1.3)]
    {
        for stable in [0.0005, 0.002, 0.02] {
            let canary = sign * (1.0 - 0.99 * (1.0 - stable));
            let of = |(c, s): (u32, u32)| {
                let one = counted((f64::from(c), 100.0), (f64::from(s), 400.0));
                poisson(c, 100.0 * canary) * poisson(s, 400.0 * stable) * strength(one, &hypothesis, &Law::OneByOne)
            };
            let mean: f64 = (0..90).flat_map(|c| (0..60).map(move |s| (c, s))).map(of).sum();
            assert!(mean < 1.0 + 1e-6, "{stable}: {mean}");
        }
    }
}

fn intervals() -> impl Strategy<Value = Vec<Interval>> {
    let side = (1_u32..5000, 0_u32..40);
    let one = (side.clone(), side).prop_map(|(canary, stable)| {
        let side = |(requests, errors): (u32, u32)| (f64::from(errors), f64::from(requests));
        counted(side(canary), side(stable))
    });
    prop::collection::vec(one, 1..40)
}

proptest! {
    /// However a run is cut into pieces, and in whatever order they are added: a resumed run comes to the same verdict.
    #[test]
    fn the_fold_is_the_whole(all in intervals(), cut in any::<prop::sample::Index>(), dispersion in 1.2_f64..9.0) {
        for law in [Law::OneByOne, clumps(dispersion)] {
            for hypothesis in [Hypothesis::worse(1.25), Hypothesis::as_bad_as(2.0), Hypothesis::less_successful(0.99, 0.01)] {
                let fold = |part: &[Interval]| part.iter().fold(Evidence::default(), |all, one| all.fold(one, &hypothesis, &law));
                let (first, second) = all.split_at(cut.index(all.len()));
                let (whole, parts) = (fold(&all), fold(second).and(fold(first)));
                prop_assert!((whole.ln() - parts.ln()).abs() < 1e-9 * whole.ln().abs().max(1.0));
                prop_assert!((whole.since(fold(first)).ln() - fold(second).ln()).abs() < 1e-7 * whole.ln().abs().max(1.0));
            }
        }
    }

    /// Of as many errors in all, one more of canary's never speaks for it: so evidence that holds where canary is exactly
    /// as bad as allowed holds where it is better. Whatever is counted, evidence is a number.
    #[test]
    fn evidence_goes_with_canarys_errors(requests in (100_u32..5000, 100_u32..5000), errors in (0_u32..49, 1_u32..99)) {
        let of = |canary: u32, stable: u32, law: &Law| {
            let one = counted((f64::from(canary), f64::from(requests.0)), (f64::from(stable), f64::from(requests.1)));
            Evidence::default().fold(&one, &Hypothesis::worse(1.25), law).ln()
        };
        for law in [Law::OneByOne, clumps(1.2), clumps(9.0)] {
            let now = of(errors.0, errors.1, &law);
            prop_assert!(now.is_finite());
            prop_assert!(of(errors.0 + 1, errors.1 - 1, &law) >= now - 1e-9);
        }
        let now = of(errors.0, errors.1, &Law::OneByOne);
        prop_assert!(of(errors.0 + 1, errors.1, &Law::OneByOne) >= now - 1e-9);
        prop_assert!(of(errors.0, errors.1 + 1, &Law::OneByOne) <= now + 1e-9);
    }
}
