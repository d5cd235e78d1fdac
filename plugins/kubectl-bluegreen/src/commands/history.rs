//! `history`: the record, newest first.

use std::time::Duration;

use k8s_openapi::api::core::v1::Service;
use release_cli::report::Report;
use release_cli::run::Run;
use release_cli::table::table;
use release_core::duration::short_duration;
use release_core::failure::Outcome;
use release_core::release::record::Recorded;
use release_core::text::printable;

use crate::hand::hand_on;
use crate::names::service_names;
use crate::record::Record;
use crate::report::history_document::{HistoryMembers, MoveByHand, ServiceHistory};
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
    let by_hand = recorded.current.as_ref().and_then(|record| by_hand(&service, record));
    let records: Vec<Record> = recorded.all().cloned().collect();
    report.names = records.iter().map(|r| r.id.clone()).collect();
    if records.is_empty() {
        run.say(&format!("No switches of service/{name} are recorded."));
    } else {
        report.text = shown(by_hand.as_ref(), &records, run.wide());
    }
    report.members.services = vec![ServiceHistory { name, by_hand, records, unreadable: recorded.unreadable }];
    Ok(())
}

/// What somebody else did after our newest record.
fn by_hand(service: &Service, last: &Record) -> Option<MoveByHand> {
    let hand = hand_on(service)?;
    let to = service.spec.as_ref()?.selector.as_ref()?.get(&last.key)?;
    Some(MoveByHand { from: last.to.clone(), to: printable(to), manager: hand.manager, at: hand.by })
}

fn shown(by_hand: Option<&MoveByHand>, records: &[Record], wide: bool) -> String {
    let by_hand = by_hand.map(row_by_hand);
    let rows: Vec<Vec<String>> = by_hand.into_iter().chain(records.iter().map(|record| row(record, wide))).collect();
    let headers: &[&str] = &["WHEN", "VERB", "FROM", "TO", "BY", "RESULT", "TOOK", "REASON", "ID"];
    table(if wide { headers } else { &headers[..8] }, &rows)
}

fn row_by_hand(made: &MoveByHand) -> Vec<String> {
    let when = made.at.map(|at| format!("{at:.0}")).unwrap_or_default();
    let (from, to, by) = (made.from.clone(), made.to.clone(), made.manager.clone());
    vec![when, "by hand".to_owned(), from, to, by]
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
