//! Whole verdicts from raw counters.

use proptest::prelude::*;

use super::super::super::counters::Series;
use super::history::{Labeled, Weight};
use super::hold::Fault;
use super::plan::Metric;
use super::verdict::Nothing;
use super::*;

const BEGAN: Millis = 10_000_000;
const SCRAPE: Millis = 15_000;

/// What both sides do in an interval of 15 s: requests and errors of canary, and of stable.
type Did = [f64; 4];

const GOOD: Did = [40.0, 0.0, 710.0, 2.0];
const BAD: Did = [40.0, 2.0, 710.0, 2.0];

/// Half an hour of stable alone, and then what is said.
fn release(then: &[Did]) -> History {
    let mut totals = [0.0; 4];
    let mut samples = [const { Vec::new() }; 4];
    let before = std::iter::repeat_n([0.0, 0.0, 750.0, 2.0], 120);
    for (step, did) in std::iter::once([0.0; 4]).chain(before).chain(then.iter().copied()).enumerate() {
        let at = BEGAN + (Millis::try_from(step).expect("a step") - 120) * SCRAPE;
        for ((total, more), samples) in totals.iter_mut().zip(did).zip(&mut samples) {
            *total += more;
            samples.push((at, *total));
        }
    }
    let [canary, canary_errors, stable, stable_errors] =
        samples.map(|samples| vec![Labeled { series: Series { samples }, ..Labeled::default() }]);
    let measured = Measured {
        canary: Counters::of_errors(canary, canary_errors),
        stable: Counters::of_errors(stable, stable_errors),
    };
    let weights = vec![Weight { since: BEGAN, percent: 5.0 }];
    History { started: BEGAN, weights, metrics: vec![measured] }
}

fn plan() -> Plan {
    Plan::of(vec![Metric::read("error-rate=1.25").expect("a metric")], 3)
}

fn after(intervals: usize) -> Millis {
    BEGAN + Millis::try_from(intervals).expect("a number") * SCRAPE + 1000
}

fn judged(then: &[Did]) -> Verdict {
    judge(&release(then), &plan(), after(then.len()))
}

#[test]
fn a_bad_canary_is_worse_and_stays_so() {
    let bad = judged(&[BAD; 12]);
    let Decision::Worse(crossed) = bad.decision else { panic!("{bad:?}") };
    assert!(crossed.at <= BEGAN + 120_000 && bad.p < 0.009 && bad.metrics[0].stand == Stand::Worse, "{bad:?}");
    assert!(bad.metrics[0].ratio.low.is_some_and(|low| low > 1.25), "{bad:?}");
    let went_on = judged(&[vec![BAD; 12], vec![GOOD; 400]].concat());
    assert_eq!(went_on.decision, bad.decision, "good behaviour later takes nothing back");
    // Scrapes have stopped since: what was proven is proven.
    let silent = judge(&release(&[BAD; 12]), &plan(), after(100));
    assert_eq!(silent.decision, bad.decision);
}

#[test]
fn a_good_canary_is_open_and_then_proven() {
    let young = judged(&[GOOD; 8]);
    assert_eq!((young.decision, young.metrics[0].stand), (Decision::Open, Stand::Open));
    assert!(young.p >= 1.0 && young.split.is_some_and(|split| split.is_other_since.is_none()));
    let even = [375.0, 1.0, 375.0, 1.0];
    let proven = judged(&[even; 200]);
    let Decision::NotWorse(since) = proven.decision else { panic!("{proven:?}") };
    assert!(since > BEGAN && proven.metrics[0].ratio.high.is_some_and(|high| high < 2.0), "{proven:?}");
    // What was proven at one weight says nothing of the next.
    let mut next = release(&[even; 200]);
    next.weights.push(Weight { since: after(199), percent: 50.0 });
    assert_eq!(judge(&next, &plan(), after(200)).decision, Decision::Unknown(Nothing::NotYet));
}

/// A pass without evidence is what all peers have been reported for (argo-rollouts#4479, flagger#1011).
#[test]
fn without_data_there_is_no_verdict() {
    let at = |history: &History, now| judge(history, &plan(), now).decision;
    let good = release(&[GOOD; 20]);
    assert_eq!(at(&good, after(20)), Decision::Open);
    assert_eq!(at(&good, after(0)), Decision::Unknown(Nothing::NotYet));
    assert_eq!(at(&good, after(24)), Decision::Unknown(Nothing::SilentCanary));
    let idle = [[0.0, 0.0, 750.0, 2.0]; 20];
    assert_eq!(judged(&idle).decision, Decision::Unknown(Nothing::IdleCanary));
    assert_eq!(judged(&[[40.0, 0.0, 0.0, 0.0]; 20]).decision, Decision::Unknown(Nothing::IdleStable));
    let mut silent = release(&[GOOD; 20]);
    silent.metrics[0].stable.requests[0].series.samples.truncate(120);
    assert_eq!(at(&silent, after(20)), Decision::Unknown(Nothing::SilentStable));
    // A metric that is asked for and not counted is none that is good.
    let proven = release(&[[375.0, 1.0, 375.0, 1.0]; 200]);
    let metrics = ["error-rate=1.25", "p99-latency=1.2"].map(|text| Metric::read(text).expect("a metric"));
    let half = judge(&proven, &Plan::of(metrics.to_vec(), 3), after(200));
    assert_eq!(half.decision, Decision::Unknown(Nothing::NoCounters));
    assert!(matches!(half.metrics[0].stand, Stand::NotWorse(_)), "{half:?}");
    let nothing = History { metrics: vec![Measured::default()], ..good };
    assert!(matches!(at(&nothing, after(20)), Decision::Unknown(_)));
    assert!(matches!(at(&History::default(), after(20)), Decision::Unknown(_)));
}

#[test]
fn a_shared_outage_holds_and_blames_nobody() {
    let outage = [40.0, 4.0, 710.0, 71.0];
    let during = judged(&[vec![GOOD; 10], vec![outage; 4]].concat());
    assert_eq!(during.decision, Decision::Open);
    assert_eq!(during.hold.map(|hold| hold.fault), Some(Fault::Shared));
    let over = judged(&[vec![GOOD; 10], vec![outage; 4], vec![GOOD; 6]].concat());
    assert_eq!((over.decision, over.hold), (Decision::Open, None));
}

/// argo-rollouts#4569: 1:1 throughout, whatever was asked for.
#[test]
fn a_weight_that_is_not_in_force_is_found() {
    let found = judged(&[[375.0, 1.0, 375.0, 1.0]; 2]).split.expect("a split");
    assert_eq!(found.is_other_since, Some(BEGAN + SCRAPE));
    assert!(found.has_left(0.0) && found.has_left(0.05) && !found.has_left(0.5), "{found:?}");
    let right = judged(&[[38.0, 0.0, 712.0, 1.0]; 40]).split.expect("a split");
    assert!(right.is_other_since.is_none() && right.has_left(0.2) && !right.has_left(0.05), "{right:?}");
}

#[test]
fn metrics_share_one_promise_and_the_loudest_is_named() {
    let mut history = release(&[BAD; 20]);
    let good = release(&[GOOD; 20]).metrics.remove(0);
    history.metrics.insert(0, good);
    let metrics = ["success-rate=0.99", "error-rate=1.25"].map(|text| Metric::read(text).expect("a metric"));
    let both = judge(&history, &Plan::of(metrics.to_vec(), 3), after(20));
    let Decision::Worse(crossed) = both.decision else { panic!("{both:?}") };
    assert!(crossed.metric == 1 && both.metrics[0].stand != Stand::Worse && both.metrics[1].stand == Stand::Worse);
    let Decision::Worse(alone) = judged(&[BAD; 20]).decision else { panic!("it is worse") };
    assert!(alone.at <= crossed.at);
}

/// A histogram whose every bucket counts so many in an interval: of canary at 5 %, and of stable.
fn histogram(canary: [f64; 4], stable: [f64; 4]) -> Measured {
    let side = |before: f64, did: [f64; 4]| {
        let buckets = ["0.1", "0.5", "1", "+Inf"].into_iter().enumerate().map(|(at, le)| {
            let total =
                |step: i32| f64::from(step.min(120)) * before * stable[at] + f64::from((step - 120).max(0)) * did[at];
            let samples = (0..=160).map(|step| (BEGAN + Millis::from(step - 120) * SCRAPE, total(step))).collect();
            Labeled { labels: [("le".to_owned(), le.to_owned())].into(), series: Series { samples } }
        });
        Counters::of_histogram(buckets.collect())
    };
    Measured { canary: side(0.0, canary), stable: side(1.0, stable) }
}

#[test]
fn a_slow_canary_is_worse_and_it_is_told_where() {
    let stable = [600.0, 690.0, 698.0, 700.0];
    let plan = Plan::of(vec![Metric::read("p99-latency=1.2").expect("a metric")], 3);
    let judged = |canary| {
        let history = History { metrics: vec![histogram(canary, stable)], ..release(&[]) };
        judge(&history, &plan, after(40))
    };
    let slow = judged([10.0, 30.0, 38.0, 40.0]);
    let Decision::Worse(crossed) = slow.decision else { panic!("{slow:?}") };
    assert_eq!(crossed.bound, Some(0.1));
    let standing = &slow.metrics[0];
    let (of_canary, of_stable) = standing.quantile.expect("quantiles");
    assert!(of_canary.above == Some(1.0) && of_stable.at_most == Some(1.0), "{standing:?}");
    let like = judged([34.0, 39.0, 40.0, 40.0]);
    assert!(!matches!(like.decision, Decision::Worse(_) | Decision::Unknown(_)), "{like:?}");
    // A version with other bounds can't be held against them.
    let mut other = History { metrics: vec![histogram([10.0, 30.0, 38.0, 40.0], stable)], ..release(&[]) };
    other.metrics[0].canary.parts.iter_mut().for_each(|part| part.bound = part.bound.map(|bound| bound * 3.0));
    assert_eq!(judge(&other, &plan, after(40)).decision, Decision::Unknown(Nothing::IdleCanary));
}

/// Times and counters come from annotations and from Prometheus: nothing in them ends a run.
#[test]
fn absurd_histories_are_survived() {
    let mut absurd = release(&[BAD; 5]);
    absurd.started = Millis::MIN;
    absurd.weights =
        vec![Weight { since: Millis::MAX, percent: f64::NAN }, Weight { since: Millis::MIN, percent: 5.0 }];
    absurd.metrics[0].canary.requests[0].series.samples.push((Millis::MAX, f64::INFINITY));
    absurd.metrics[0].stable.parts.clear();
    let plan = Plan { false_alarms: f64::NAN, interval: Millis::MIN, warm_up: Millis::MAX, ..plan() };
    for now in [Millis::MIN, 0, Millis::MAX] {
        let found = judge(&absurd, &plan, now);
        assert!(!matches!(found.decision, Decision::Worse(_) | Decision::NotWorse(_)), "{found:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whoever looks at every scrape, and whoever looks once at the end, sees the same first proof: a run that was
    /// killed and gone on with decides as one that wasn't.
    #[test]
    fn looking_often_and_looking_once_is_the_same(
        errors in prop::collection::vec((0_u32..3, 0_u32..6), 4..30),
        changes in prop::collection::vec(1_usize..30, 0..2),
    ) {
        let did: Vec<Did> = errors.iter().map(|(c, s)| [40.0, f64::from(*c), 710.0, f64::from(*s)]).collect();
        let mut history = release(&did);
        let mut changes = changes;
        changes.sort_unstable();
        history.weights.extend(changes.iter().map(|at| Weight { since: after(*at) - 1000, percent: 20.0 }));
        let at_once = first_proof(&history, &plan(), after(did.len())).map(|crossed| crossed.at);
        let looks = (1..=did.len()).find_map(|looks| {
            let so_far = History { weights: history.weights.clone(), ..release(&did[..looks]) };
            first_proof(&so_far, &plan(), after(looks)).map(|crossed| crossed.at)
        });
        prop_assert_eq!(at_once, looks);
    }
}
