//! `history`: the record, newest first.

use std::time::Duration;

use kubectl_release::error::Outcome;
use kubectl_release::flags::{Output, short_duration};
use kubectl_release::record::{Record, Recorded};
use kubectl_release::table::table;
use serde_json::json;

use crate::options::service_names;
use crate::snapshot;
use kubectl_release::report::Report;
use kubectl_release::run::Run;

/// Runs the verb.
///
/// # Errors
/// Where the Service can't be read.
pub async fn run(run: &Run, service: &str, report: &mut Report) -> Outcome<()> {
    let name = service_names(&[service.to_owned()])?.remove(0);
    let service = snapshot::service(&run.cluster, &name).await?;
    let recorded = Recorded::read(&service.metadata.annotations.unwrap_or_default());
    if let Some(why) = &recorded.unreadable {
        run.say(&format!("! record  {why}"));
    }
    let records: Vec<&Record> = recorded.current.iter().chain(&recorded.history).collect();
    report.items = vec![json!({"name": name, "records": records, "unreadable": recorded.unreadable})];
    report.names = records.iter().map(|r| r.id.clone()).collect();
    if records.is_empty() {
        run.say(&format!("No switches of service/{name} are recorded."));
        return Ok(());
    }
    let wide = run.output == Output::Wide;
    let rows: Vec<Vec<String>> = records.iter().map(|record| row(record, wide)).collect();
    let headers: &[&str] = &["WHEN", "VERB", "FROM", "TO", "BY", "RESULT", "TOOK", "REASON", "ID"];
    report.text = table(if wide { headers } else { &headers[..8] }, &rows);
    Ok(())
}

fn row(record: &Record, wide: bool) -> Vec<String> {
    let took = record.millis.map(|ms| short_duration(Duration::from_millis(ms))).unwrap_or_default();
    let result = record.result.clone().unwrap_or_else(|| "unknown".into());
    let when = format!("{:.0}", record.at);
    let mut row = vec![
        when,
        record.verb.clone(),
        record.from.clone(),
        record.to.clone(),
        record.by.clone(),
        result,
        took,
        record.reason.clone(),
    ];
    if wide {
        row.push(record.id.clone());
    }
    row
}
