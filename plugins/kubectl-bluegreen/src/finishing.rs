//! What finishes a run that has no result.

use release_core::command::Command;
use release_core::kube::service::service_name;

use crate::hand::has_written_the_record;
use crate::record::{Record, RecordedVerb, proof};
use crate::service_view::ServiceView;
use crate::snapshot::Snapshot;

/// The words that finish what a run began where it was cut off, and join one that goes on; those that take it back
/// where no others are known.
#[must_use]
pub fn finishing(view: &ServiceView<'_>, unfinished: &Record, snapshot: &Snapshot) -> Command {
    let scope = &snapshot.scope;
    // Other Services that somebody has only written down are nobody's to move.
    let is_known = has_written_the_record(view.home(), view.router_kind());
    let others = if is_known { unfinished.services.as_slice() } else { &[] };
    let own = others.is_empty().then(|| view.name().to_owned());
    // One that was deleted since can't be moved, and keeps nobody from moving the rest.
    let neighbours = snapshot.neighbours.as_ref();
    let is_there = |name: &String| neighbours.map_or(true, |all| all.iter().any(|one| service_name(one) == name));
    let services = others.iter().filter(|name| is_there(name)).cloned().chain(own);
    if unfinished.verb == RecordedVerb::Rollback || has_own_words(unfinished) {
        return Command::new("kubectl bluegreen rollback").args(services).scope(scope);
    }
    Command::new("kubectl bluegreen switch").args(services).flag("--to", &unfinished.to).scope(scope)
}

/// Who can finish it where the cluster doesn't know the words that it was begun with.
#[must_use]
pub fn own_words(begun: &Record) -> String {
    match proof::told(&begun.proven_by) {
        _ if is_of_release(begun) => "; the same words of `deploy` finish it".into(),
        Some(proofs) => format!("; it is to be verified by {proofs}, too: the words that it was begun with finish it"),
        None => String::new(),
    }
}

fn has_own_words(begun: &Record) -> bool {
    is_of_release(begun) || proof::told(&begun.proven_by).is_some()
}

/// True where Services went to different colors as one: `deploy -f` alone does that.
fn is_of_release(record: &Record) -> bool {
    record.verb != RecordedVerb::Rollback && !record.colors.is_empty()
}
