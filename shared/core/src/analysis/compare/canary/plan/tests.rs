use super::*;

#[test]
fn a_comparison_is_read_as_it_is_typed() {
    let promise = |text: &str| Metric::read(text).map(|metric| metric.promise);
    assert_eq!(promise("error-rate=1.1"), Ok(Promise::ErrorRatio { allowed: 1.1 }));
    assert_eq!(promise("success-rate=0.99"), Ok(Promise::SuccessRate { kept: 0.99 }));
    assert_eq!(promise("p99-latency=1.2"), Ok(Promise::Latency { slower: 1.2, quantile: 0.99 }));
    assert_eq!(promise("p99.9-latency = 2"), Ok(Promise::Latency { slower: 2.0, quantile: 0.9990000000000001 }));
    for bad in [
        "error-rate",
        "error-rate=",
        "error-rate=0.9",
        "error-rate=NaN",
        "success-rate=99",
        "p100-latency=2",
        "p0-latency=2",
        "p1e1-latency=2",
        "latency=2",
        "p99-latency=0.5",
        "p-5-latency=2",
    ] {
        assert!(promise(bad).is_err(), "{bad}");
    }
}

#[test]
fn false_alarms_are_shared_out() {
    let metric = |share| Metric { share, ..Metric::read("error-rate=1.25").expect("a metric") };
    let plan = Plan::of(vec![metric(1.0), metric(3.0)], 3);
    assert!((plan.share(0) - 0.25).abs() < 1e-12 && (plan.share(1) - 0.75).abs() < 1e-12 && plan.share(7) <= 0.0);
    assert!((plan.alpha() + 3.0 * plan.alpha_of_split() - 0.01).abs() < 1e-12);
    assert_eq!(Plan { starts: usize::MAX, ..plan.clone() }.starts(), 64);
    assert_eq!(Plan { starts: 0, ..plan }.starts(), 1);
}

/// At few errors a success rate allows many times as many; at many errors hardly more.
#[test]
fn which_promise_bites_first_depends_on_the_usual_rate() {
    let both = [Metric::read("error-rate=1.25").expect("one"), Metric::read("success-rate=0.99").expect("one")];
    let at =
        |usual| bites_first(&both, usual).map(|(metric, allowed)| (metric.name.clone(), allowed)).expect("one of both");
    assert_eq!(at(0.002).0, "error-rate");
    assert_eq!(at(0.2).0, "success-rate");
    assert!((at(0.2).1 - 1.04).abs() < 1e-9);
    assert!(bites_first(&[Metric::read("p99-latency=1.2").expect("one")], 0.01).is_none());
}
