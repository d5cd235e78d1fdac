//! A service of twenty pods that has 0.5 % errors, for six hours.

use super::super::history::{Counters, Labeled};
use super::super::plan::Metric;
use super::*;
use crate::analysis::counters::Series;

const WIDTH: Millis = 15_000;

/// 500 requests an interval and pod.
fn pod(name: usize, rate: f64, intervals: Millis, random: &mut Rng) -> (Labeled, Labeled) {
    let (mut requests, mut errors) = (Vec::new(), Vec::new());
    let mut counted = 0.0;
    for step in 0..=intervals {
        requests.push((step * WIDTH, 500.0 * step as f64));
        errors.push((step * WIDTH, counted));
        counted += binomial(500.0, rate, random);
    }
    let labels = || [("pod".to_owned(), format!("pod-{name}"))].into();
    let labeled = |samples| Labeled { labels: labels(), series: Series { samples } };
    (labeled(requests), labeled(errors))
}

fn past(pods: usize, rate: f64, intervals: Millis) -> Past {
    let mut random = Rng::with_seed(7);
    let (requests, errors) = (0..pods).map(|name| pod(name, rate, intervals, &mut random)).unzip();
    let scraping = Scraping { known_since: 0, spacing: WIDTH };
    Past::of(&[Counters::of_errors(requests, errors)], 0..intervals * WIDTH, WIDTH, scraping)
}

fn plan() -> Plan {
    Plan::of(vec![Metric::read("error-rate=1.25").expect("a metric")], 2)
}

fn steps() -> Vec<Step> {
    [10, 50].map(|percent| Step { percent, lasts: Duration::from_secs(300) }).to_vec()
}

#[test]
fn a_service_is_split_against_itself() {
    let past = past(20, 0.005, 6 * 240);
    assert!((past.usual(0) - 0.005).abs() < 0.0005);
    let run = |seed| backtest(&past, &plan(), &steps(), &[2.0, 5.0, 10.0], (100, seed)).expect("a past");
    let found = run(1);
    assert_eq!(found, run(1), "by its seed alone");
    assert!(found.releases == 100 && found.false_aborts_per_thousand() <= 10.0, "{found:?}");
    let [twice, five, ten] = found.faults.as_slice() else { panic!("three faults") };
    assert!(ten.found == 100 && five.found == 100 && twice.found > 50, "{found:?}");
    let after = |fault: &Injected| fault.median.expect("a median").as_secs();
    assert!(after(ten) <= after(five) && after(five) < after(twice) && after(ten) <= 30, "{found:?}");
    assert!(ten.failed.is_some_and(|failed| failed > 20.0 && failed < 200.0), "{ten:?}");
}

#[test]
fn too_little_is_said_to_be_too_little() {
    let tried = |past: &Past| backtest(past, &plan(), &steps(), &[], (10, 1));
    assert_eq!(tried(&past(1, 0.005, 480)), Err(Unusable::OnePod));
    assert_eq!(tried(&past(3, 0.005, 150)), Err(Unusable::TooShort));
    let none = Past::of(&[], 0..0, WIDTH, Scraping { known_since: 0, spacing: WIDTH });
    assert_eq!(tried(&none), Err(Unusable::TooShort));
}

#[test]
fn of_few_pods_one_is_canary_and_one_is_not() {
    assert_eq!([part(2, 5), part(2, 95), part(20, 10), part(3, 50), part(1000, 1)], [1, 1, 2, 2, 10]);
    let mut random = Rng::with_seed(3);
    let mean = (0..2000).map(|_| binomial(500.0, 0.02, &mut random)).sum::<f64>() / 2000.0;
    assert!((mean - 10.0).abs() < 0.3, "{mean}");
    assert!(binomial(5.0, 1.5, &mut random) >= 5.0 && binomial(5.0, 0.0, &mut random) <= 0.0);
}
