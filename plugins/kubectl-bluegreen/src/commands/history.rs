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
use release_core::traffic::router::RouterKind;
use release_core::traffic::selector::NotSwitchable;

use crate::args::HistoryArgs;
use crate::hand::hand_on;
use crate::names::service_names;
use crate::record::Record;
use crate::refusal::{Asked, not_switchable};
use crate::report::history_document::{HistoryMembers, MoveBetween, MoveByHand, ServiceHistory};
use crate::routed_view::seen;
use crate::snapshot::{self, Looking, ReadScope, load};

/// Runs the verb.
///
/// # Errors
/// Where the Service can't be read.
pub async fn run(run: &Run, args: &HistoryArgs, report: &mut Report<HistoryMembers>) -> Outcome<()> {
    let name = service_names(std::slice::from_ref(&args.service))?.remove(0);
    let service = run.within(snapshot::service(&run.cluster, &name)).await?;
    let own = Recorded::<Record>::read(service.metadata.annotations.as_ref());
    // What was moved by the selector once, and is by a route now, selects both colors since.
    let selects = |key: &str| service.spec.iter().flat_map(|spec| &spec.selector).any(|s| s.contains_key(key));
    let is_by_selector = |last: &Record| selects(&last.key) && last.decided_by() == RouterKind::Service;
    let by_selector = own.current.as_ref().is_some_and(is_by_selector) && args.track.router.is_none();
    let by_route = if by_selector { None } else { of_route(run, args, std::slice::from_ref(&name)).await? };
    let (recorded, by_hand) = by_route.unwrap_or_else(|| {
        let hand = own.current.as_ref().and_then(|record| by_hand(&service, record));
        (own, hand)
    });
    if let Some(why) = &recorded.unreadable {
        run.say(&format!("! record  {why}"));
    }
    let records: Vec<Record> = recorded.all().cloned().collect();
    let moved_between = moved_between(&records);
    report.names = records.iter().map(|r| r.id.clone()).collect();
    if records.is_empty() {
        run.say(&format!("No switches of service/{name} are recorded."));
    } else {
        report.text = shown(by_hand.as_ref(), &records, &moved_between, run.wide());
    }
    report.members.services =
        vec![ServiceHistory { name, by_hand, records, moved_between, unreadable: recorded.unreadable }];
    Ok(())
}

/// What a route says that decides about the Service, where one does; which can't be told is said.
async fn of_route(
    run: &Run,
    args: &HistoryArgs,
    names: &[String],
) -> Outcome<Option<(Recorded<Record>, Option<MoveByHand>)>> {
    let key = args.track.track_key.as_deref();
    let looking = Looking { key, router: args.track.router.as_ref(), extent: ReadScope::Colors, images: false };
    let read = run.within(load(&run.cluster, names, looking)).await?;
    let view = seen(&read.services[0], &read, key);
    if let Err(NotSwitchable::Router(why)) = &view.tracks {
        let asked = || Asked::about("history", view.name());
        return Err(not_switchable(&view, &NotSwitchable::Router(why.clone()), &read, &asked()));
    }
    // The record may lie on what can't be read.
    read.routers_unread.iter().for_each(|what| run.say(&format!("? routes  {what}")));
    let (Some(_), Ok(tracks)) = (&view.route, &view.tracks) else { return Ok(None) };
    let moved = view.recorded.current.as_ref().filter(|last| last.to != tracks.active);
    let hand = moved.zip(view.hand()).map(|(last, hand)| MoveByHand {
        from: last.to.clone(),
        to: printable(&tracks.active),
        manager: hand.manager,
        at: hand.by,
    });
    Ok(Some((view.recorded.clone(), hand)))
}

/// What somebody else did after our newest record.
fn by_hand(service: &Service, last: &Record) -> Option<MoveByHand> {
    let hand = hand_on(&service.metadata, RouterKind::Service)?;
    let to = service.spec.as_ref()?.selector.as_ref()?.get(&last.key)?;
    Some(MoveByHand { from: last.to.clone(), to: printable(to), manager: hand.manager, at: hand.by })
}

/// Two records in a row of which the newer doesn't begin where the older ended.
fn moved_between(records: &[Record]) -> Vec<MoveBetween> {
    // A run that takes itself back has two records of one id.
    let chained = |(newer, older): &(&Record, &Record)| newer.key == older.key && newer.id != older.id;
    let pairs = records.iter().zip(records.iter().skip(1)).filter(chained);
    let broken = pairs.filter_map(|(newer, older)| {
        let left_on = older.left_on();
        let between = || MoveBetween { from: left_on.to_owned(), to: newer.from.clone(), before: newer.id.clone() };
        (newer.from != left_on).then(between)
    });
    broken.collect()
}

fn shown(by_hand: Option<&MoveByHand>, records: &[Record], between: &[MoveBetween], wide: bool) -> String {
    let mut rows: Vec<Vec<String>> = by_hand.map(row_by_hand).into_iter().collect();
    for (index, record) in records.iter().enumerate() {
        rows.push(row(record, wide));
        // A run that took itself back has two records of one id; what was before it comes after both.
        let begins = records.get(index.saturating_add(1)).is_none_or(|older| older.id != record.id);
        let made = between.iter().filter(|made| begins && made.before == record.id);
        rows.extend(made.map(row_between));
    }
    let headers: &[&str] = &["WHEN", "VERB", "FROM", "TO", "BY", "RESULT", "TOOK", "REASON", "ID"];
    table(if wide { headers } else { &headers[..8] }, &rows)
}

fn row_by_hand(made: &MoveByHand) -> Vec<String> {
    let when = made.at.map(|at| format!("{at:.0}")).unwrap_or_default();
    let (from, to, by) = (made.from.clone(), made.to.clone(), made.manager.clone());
    vec![when, "by hand".to_owned(), from, to, by]
}

fn row_between(made: &MoveBetween) -> Vec<String> {
    let (from, to) = (made.from.clone(), made.to.clone());
    vec![String::new(), "by hand".to_owned(), from, to, "somebody else".to_owned()]
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
