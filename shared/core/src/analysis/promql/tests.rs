//! Queries as teams write them.

use super::*;

fn of(text: &str) -> Query {
    Query::of(text).unwrap_or_else(|| panic!("{text} is not read"))
}

fn shown(query: &Query) -> Vec<String> {
    let matcher = |one: &Matcher| format!("{}{:?}{}", one.label, one.operator, one.value);
    let one = |selector: &Selector| {
        let matchers: Vec<String> = selector.matchers.iter().map(matcher).collect();
        format!("{} {}", selector.metric.as_deref().unwrap_or("-"), matchers.join(","))
    };
    query.selectors.iter().map(one).collect()
}

#[test]
fn what_a_query_selects_is_read() {
    let query = of("sum(rate(http_requests_total{service=\"pay\",status=~\"5..\"}[5m])) # errors\n/\nsum by (pod) \
                    (rate(http_requests_total{service=\"pay\", }[1h30m])) * 100 > 0");
    assert_eq!(
        shown(&query),
        ["http_requests_total serviceIspay,statusMatches5..", "http_requests_total serviceIspay"]
    );
    assert_eq!(query.ranges, [Duration::from_secs(300), Duration::from_secs(5400)]);
    assert_eq!((query.grouped_by.as_slice(), query.has_or), (["pod".to_owned()].as_slice(), false));
    let other = of("histogram_quantile(0.99, sum(rate(x_bucket{a!=\"b\",c!~'d|e'}[30s])) by (le)) or vector(0)");
    assert_eq!(shown(&other), ["x_bucket aIsNotb,cMatchesNotd|e"]);
    assert!(other.has_or);
    assert_eq!(shown(&of("up")), ["up "]);
    assert_eq!(shown(&of("{__name__=\"up\", job=`a`}")), ["- __name__Isup,jobIsa"]);
    assert_eq!(of("max_over_time(rate(x[1m])[10m:30s])").ranges, [60, 600].map(Duration::from_secs));
    assert_eq!(shown(&of("a / on(pod) group_left(version) b offset 5m")), ["a ", "b "]);
    assert_eq!(shown(&of("absent(up == 1) unless bool 5 > 1e3")), ["up "]);
}

#[test]
fn what_is_not_understood_is_no_query() {
    for text in ["sum(x{a=\"b", "x{a}", "x{a=b}", "x[5m", "sum by (a", "x{a=\"b\""] {
        assert_eq!(Query::of(text), None, "{text}");
    }
}

proptest::proptest! {
    #[test]
    fn no_text_ends_the_run(text in "[a-z{}\\[\\]()=!~\",'`#:.0-9 \\\\\n]{0,60}", anything in "\\PC{0,40}") {
        let _ = (Query::of(&text), Query::of(&anything));
    }
}
