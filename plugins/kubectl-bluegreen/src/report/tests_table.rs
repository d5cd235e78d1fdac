//! What pods answered, as a table.

use release_cli::table::table;
use release_core::text::and_more;

use crate::tested::Tested;

/// Nobody reads more rows.
const MOST_ROWS: usize = 60;

/// One row a test and pod; of very many those that failed, and some of the others. Nothing where nothing was tested.
#[must_use]
pub fn tests_table(results: &[Tested]) -> String {
    if results.is_empty() {
        return String::new();
    }
    let (failed, passed): (Vec<&Tested>, Vec<&Tested>) = results.iter().partition(|tested| tested.why.is_some());
    let shown: Vec<&Tested> =
        if results.len() > MOST_ROWS { failed.into_iter().chain(passed).collect() } else { results.iter().collect() };
    let rows: Vec<Vec<String>> = shown.into_iter().take(MOST_ROWS).map(row).collect();
    let headers = ["STAGE", "TEST", "POD", "RESULT", "STATUS", "LATENCY", "TRIES"];
    format!("{}{}", table(&headers, &rows), and_more(results.len(), rows.len()))
}

fn row(tested: &Tested) -> Vec<String> {
    vec![
        tested.stage.to_string(),
        tested.test.clone(),
        tested.pod.clone(),
        tested.result().to_owned(),
        tested.status.clone().unwrap_or_else(|| "-".to_owned()),
        format!("{} ms", tested.took.as_millis()),
        tested.tries.to_string(),
    ]
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use release_core::release::pod_tests::Stage;

    use super::*;

    fn tested(pod: usize, why: Option<&str>) -> Tested {
        Tested {
            stage: Stage::Health,
            test: "GET /health".into(),
            pod: format!("api-{pod}"),
            pod_uid: String::new(),
            tries: 1,
            failed: 0,
            status: Some("200".into()),
            took: Duration::from_millis(12),
            why: why.map(str::to_owned),
        }
    }

    #[test]
    fn the_one_that_failed_is_seen_among_thousands() {
        assert_eq!(tests_table(&[]), "");
        let few = tests_table(&[tested(1, None)]);
        assert_eq!(few.lines().last(), Some("health  GET /health  api-1  passed  200     12 ms    1"));
        let many: Vec<Tested> = (0..3000).map(|pod| tested(pod, (pod == 2000).then_some("answered 500"))).collect();
        let shown = tests_table(&many);
        assert!(shown.contains("api-2000  failed") && shown.contains("2940 more"), "{shown}");
        assert_eq!(shown.lines().count(), 1 + MOST_ROWS);
    }
}
