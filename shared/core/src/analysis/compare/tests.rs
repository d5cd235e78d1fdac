//! The worked numbers, and that nothing is found where nothing is.

use super::*;

/// Twelve alternatives, a factor of the root of 2 apart.
fn fine() -> Vec<f64> {
    (1..=12).map(|step| 2_f64.powf(f64::from(step) / 2.0)).collect()
}

fn pair(judged: (f64, f64), against: (f64, f64)) -> Pair {
    let counted = |(errors, requests)| Counted { requests, errors };
    Pair { judged: counted(judged), against: counted(against) }
}

fn strength(judged: (f64, f64), against: (f64, f64)) -> f64 {
    evidence_over(&[pair(judged, against)], 1.0, &fine()).exp()
}

fn about(found: f64, wanted: f64) {
    assert!((found / wanted - 1.0).abs() < 0.02, "{found} is not {wanted}");
}

#[test]
fn the_evidence_is_what_was_worked_out_by_hand() {
    about(strength((1.0, 20.0), (0.0, 380.0)), 7.45);
    about(strength((2.0, 20.0), (0.0, 380.0)), 78.0);
    about(strength((3.0, 20.0), (0.0, 380.0)), 940.0);
    about(strength((4.0, 225.0), (8.0, 4275.0)), 43.8);
    about(strength((5.0, 225.0), (8.0, 4275.0)), 293.0);
    about(strength((15.0, 750.0), (28.0, 14250.0)), 2.2e7);
    about(strength((2.0, 750.0), (28.0, 14250.0)), 0.24);
}

#[test]
fn three_errors_of_twenty_are_enough_and_two_are_not() {
    let enough = |errors| is_enough(evidence(&[pair((errors, 20.0), (0.0, 380.0))], 1.0), ALPHA);
    assert!(enough(3.0) && !enough(2.0) && !enough(0.0));
}

/// Evidence adds up over intervals, and where one side served nobody there is none.
#[test]
fn intervals_add_up_and_empty_ones_say_nothing() {
    let one = pair((1.0, 20.0), (0.0, 380.0));
    let single = |alternative: f64| evidence_over(&[one], 1.0, &[alternative]);
    about(evidence_over(&[one, one], 1.0, &[8.0]), 2.0 * single(8.0));
    for nothing in [pair((0.0, 0.0), (5.0, 100.0)), pair((5.0, 100.0), (0.0, 0.0)), pair((0.0, 9.0), (0.0, 9.0))] {
        assert!(evidence(&[nothing], 2.0).abs() < 1e-9, "{nothing:?}");
    }
    assert!(evidence(&[], 2.0).abs() < 1e-9);
    // Errors that were scraped before their requests.
    assert!(evidence(&[pair((5.0, 0.0), (0.0, 100.0))], 2.0).is_finite());
}

/// An allowed ratio is allowed: twice the errors of before are no finding, however long they last.
#[test]
fn what_is_allowed_is_never_enough() {
    let pairs: Vec<Pair> = (0..500).map(|_| pair((4.0, 1000.0), (2.0, 1000.0))).collect();
    assert!(!is_enough(evidence(&pairs, 2.0), ALPHA));
    assert!(is_enough(evidence(&pairs[..50], 1.0), ALPHA));
}

proptest::proptest! {
    /// One more error of the judged side never speaks for it, one more of the other never against it.
    #[test]
    fn evidence_goes_with_the_errors(
        requests in (1_u32..5000, 1_u32..5000),
        errors in (0_u32..50, 0_u32..50),
        allowed in 1.0_f64..5.0,
    ) {
        let of = |judged: u32, against: u32| {
            let sides = |errors: u32, requests: u32| (f64::from(errors), f64::from(requests + 60));
            evidence(&[pair(sides(judged, requests.0), sides(against, requests.1))], allowed)
        };
        let now = of(errors.0, errors.1);
        proptest::prop_assert!(now.is_finite());
        proptest::prop_assert!(of(errors.0 + 1, errors.1) >= now);
        proptest::prop_assert!(of(errors.0, errors.1 + 1) <= now);
    }
}
