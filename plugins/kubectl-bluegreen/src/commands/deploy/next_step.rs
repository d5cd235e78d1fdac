//! The same deploy again.

use std::collections::BTreeSet;

use release_core::checks::finding::{Finding, Mend};
use release_core::command::{Command, Scope};
use release_core::failure::Next;

use crate::checks::EMPTY_TARGET;
use crate::options::release::ReleaseOptions;

/// What goes on from wherever a run ended.
#[must_use]
pub fn again(options: &ReleaseOptions, note: &str, scope: &Scope) -> Next {
    if options.can_be_pasted {
        return Next::Try(vec![forced(options, &[], scope)], Some(note.to_owned()));
    }
    Next::Hint(format!("the same command, with the same document: {note}"))
}

/// With what blocks it overridden by name; what nothing overrides has to be mended first.
#[must_use]
pub fn all_the_same(blocking: &[&Finding], options: &ReleaseOptions, scope: &Scope) -> Next {
    let absolute = blocking.iter().find(|finding| finding.id == EMPTY_TARGET);
    if absolute.is_some() {
        let status = Command::new("kubectl bluegreen status").args(&options.whole.services).scope(scope);
        return Next::Look(status, None);
    }
    if let Some(prepare) = apart_from_the_move(blocking, options) {
        let note = "then the switch that it prints, with the other Services named".to_owned();
        return Next::Try(vec![prepare.scope(scope)], Some(note));
    }
    let ids: Vec<&str> = blocking.iter().map(|finding| finding.id.as_str()).collect();
    if !options.can_be_pasted {
        let forcing = format!("the same command, with the same document and --force={}", ids.join(","));
        return Next::Hint(format!("{forcing}, after fixing, or knowing better"));
    }
    Next::Try(vec![forced(options, &ids, scope)], Some("after fixing, or knowing better".into()))
}

/// A deploy moves one Service; where nothing stands in its way but others that have to go along, it prepares, and a
/// switch moves all of them.
fn apart_from_the_move(blocking: &[&Finding], options: &ReleaseOptions) -> Option<Command> {
    let goes_along = |finding: &&&Finding| matches!(finding.mend, Some(Mend::AlsoMove(_)));
    let is_only_that = !blocking.is_empty() && blocking.iter().all(|finding| goes_along(&finding));
    (is_only_that && !options.no_switch && options.can_be_pasted).then(|| typed(options, &[]).arg("--no-switch"))
}

fn forced(options: &ReleaseOptions, more: &[&str], scope: &Scope) -> Command {
    typed(options, more).scope(scope)
}

fn typed(options: &ReleaseOptions, more: &[&str]) -> Command {
    let command = Command::new("kubectl bluegreen deploy");
    let command = match options.parts.as_slice() {
        [only] => {
            let command = command.arg(&only.service);
            let command = only.to.iter().fold(command, |command, color| command.flag("--to", color));
            command.args(&only.again)
        }
        _ => command.args(&options.again),
    };
    let mut known = BTreeSet::new();
    let all = options.whole.weighing.force.iter().map(String::as_str).chain(more.iter().copied());
    let ids: Vec<&str> = all.filter(|id| known.insert(*id)).collect();
    if ids.is_empty() { command } else { command.option("--force", &ids.join(",")) }
}
