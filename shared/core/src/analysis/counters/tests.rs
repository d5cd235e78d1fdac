//! Worked cases, and what people have reported of `increase()`.

use super::*;

const SPACING: Millis = 15_000;

fn series(values: &[(i64, f64)]) -> Series {
    Series { samples: values.iter().map(|(seconds, value)| (seconds * 1000, *value)).collect() }
}

fn counted(series: &[Series], known_since: i64) -> f64 {
    increments(series, known_since * 1000, SPACING).iter().map(|one| one.by).sum()
}

#[test]
fn increments_are_whole_whatever_rate_would_make_of_them() {
    let one = series(&[(0, 5.0), (15, 5.0), (30, 6.0)]);
    assert_eq!(counted(std::slice::from_ref(&one), 0), 1.0, "increase() says 1.33");
    assert_eq!(increments(&[one], 0, SPACING)[1], Increment { from: 15_000, to: 30_000, by: 1.0 });
}

/// prometheus#1892: after a restart a counter began at zero, and what it has now was counted since.
#[test]
fn a_counter_that_falls_was_restarted() {
    assert_eq!(counted(&[series(&[(0, 1000.0), (15, 1007.0), (30, 3.0), (45, 4.0)])], 0), 11.0);
}

/// prometheus#3886, #1673, #10466, #1853: a series that is born with its first error loses it.
#[test]
fn the_first_value_of_a_series_that_was_born_meanwhile_counts() {
    let requests = series(&[(0, 100.0), (15, 200.0), (30, 300.0), (45, 400.0), (60, 500.0)]);
    let errors = series(&[(45, 1.0), (60, 3.0)]);
    assert_eq!(counted(std::slice::from_ref(&errors), 0), 3.0);
    // A Prometheus that was started itself knows nothing of what was before.
    assert_eq!(counted(&[requests], 0), 400.0);
    assert_eq!(counted(&[errors], 45), 2.0);
}

/// prometheus#12967, free/prometheus#15: some of it is a scrape that was missed.
#[test]
fn a_series_that_comes_back_goes_on_from_where_it_was() {
    assert_eq!(counted(&[series(&[(0, 100.0), (15, 110.0), (120, 150.0)])], 0), 50.0);
    assert_eq!(counted(&[series(&[(15, 7.0), (30, 8.0)])], 0), 1.0, "one scrape late is not born");
}

#[test]
fn what_is_no_count_is_left_out() {
    let odd = series(&[(0, 5.0), (15, f64::NAN), (30, -4.0), (45, f64::INFINITY), (60, 7.0)]);
    assert_eq!(counted(&[odd], 0), 2.0);
    assert_eq!(counted(&[series(&[(15, 1.0), (15, 4.0), (10, 9.0)])], 0), 0.0, "time that stands still counts nothing");
}

#[test]
fn what_was_counted_across_a_boundary_belongs_to_neither_side() {
    let all = increments(&[series(&[(0, 0.0), (15, 10.0), (30, 30.0), (45, 60.0)])], 0, SPACING);
    assert_eq!(within(&all, &(20_000..60_000), 20_000), 30.0);
    assert_eq!(within(&all, &(0..20_000), i64::MIN), 10.0);
}

/// flagger#1011: a Prometheus that has stopped scraping goes on to answer with what it had.
#[test]
fn old_samples_are_no_news() {
    assert!(is_silent(None, 0, SPACING));
    assert!(!is_silent(Some(0), 30_000, SPACING));
    assert!(is_silent(Some(0), 46_000, SPACING));
    assert_eq!(spacing(&[series(&[(0, 1.0), (15, 1.0), (30, 1.0), (300, 1.0)])]), Some(15_000));
    assert_eq!(spacing(&[]), None);
}

proptest::proptest! {
    /// Numbers of somebody's server: nothing is ever counted backwards, and each increment once.
    #[test]
    fn nothing_is_counted_twice_or_backwards(
        values in proptest::collection::vec((proptest::num::i64::ANY, proptest::num::f64::ANY), 0..20),
        known_since in proptest::num::i64::ANY,
        spacing in proptest::num::i64::ANY,
        cut in 0_i64..100,
        steps in proptest::collection::vec(0_u32..50, 2..20),
    ) {
        let wild = Series { samples: values };
        for one in increments(&[wild], known_since, spacing) {
            proptest::prop_assert!(one.by >= 0.0);
        }
        let mut total = 0.0;
        let mut samples = vec![(0, 0.0)];
        for (at, step) in steps.iter().enumerate() {
            total += f64::from(*step);
            samples.push(((i64::try_from(at).unwrap() + 1) * 1000, total));
        }
        let all = increments(&[Series { samples }], 0, 1000);
        let (left, right) = (within(&all, &(i64::MIN..cut * 500), i64::MIN), within(&all, &(cut * 500..i64::MAX), i64::MIN));
        proptest::prop_assert_eq!(left + right, total);
    }
}
