//! `history`: the record, newest first.

use std::time::Duration;

use release_cli::report::Report;
use release_cli::run::Run;
use release_cli::table::table;
use release_core::duration::short_duration;
use release_core::failure::Outcome;
use release_core::release::record::Recorded;

use crate::names::service_names;
use crate::record::Record;
use crate::report::history_document::{HistoryMembers, ServiceHistory};
use crate::snapshot;

/// Runs the verb.
///
/// # Errors
/// Where the Service can't be read.
pub async fn run(run: &Run, service: &str, report: &mut Report<HistoryMembers>) -> Outcome<()> {
    let name = service_names(&[service.to_owned()])?.remove(0);
    let service = snapshot::service(&run.cluster, &name).await?;
    let recorded = Recorded::<Record>::read(service.metadata.annotations.as_ref());
    if let Some(why) = &recorded.unreadable {
        run.say(&format!("! record  {why}"));
    }
    let records: Vec<Record> = recorded.all().cloned().collect();
    report.names = records.iter().map(|r| r.id.clone()).collect();
    if records.is_empty() {
        run.say(&format!("No switches of service/{name} are recorded."));
    } else {
        report.text = shown(&records, run.wide());
    }
    report.members.services = vec![ServiceHistory { name, records, unreadable: recorded.unreadable }];
    Ok(())
}

fn shown(records: &[Record], wide: bool) -> String {
    let rows: Vec<Vec<String>> = records.iter().map(|record| row(record, wide)).collect();
    let headers: &[&str] = &["WHEN", "VERB", "FROM", "TO", "BY", "RESULT", "TOOK", "REASON", "ID"];
    table(if wide { headers } else { &headers[..8] }, &rows)
}

fn row(record: &Record, wide: bool) -> Vec<String> {
    let took = record.millis.map(|ms| short_duration(Duration::from_millis(ms))).unwrap_or_default();
    let result = record.result.as_ref().map_or_else(|| "unknown".to_owned(), ToString::to_string);
    let when = format!("{:.0}", record.at);
    let mut row = vec![
        when,
        record.verb.to_string(),
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
