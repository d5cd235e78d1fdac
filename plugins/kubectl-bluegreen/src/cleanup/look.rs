//! Reading Services and judging their colors: for the proposal, and once more before anything is written.

use std::collections::BTreeSet;

use release_cli::run::Run;
use release_core::command::Command;
use release_core::failure::{Failure, Outcome};

use super::asked::Asked;
use super::decision::Decision;
use super::due;
use super::judge::judge;
use super::removal::Removal;
use super::unexposed;
use crate::args::CleanupArgs;
use crate::idle::unread;
use crate::moves::views;
use crate::names::service_names;
use crate::service_view::ServiceView;
use crate::snapshot::{Looking, ReadScope, Snapshot, load, routes_from_beyond};

/// What is to become of the colors of some Services.
#[derive(Debug, Default)]
pub struct Judged {
    pub decisions: Vec<Decision>,
    /// What could not be read.
    pub unread: BTreeSet<String>,
}

/// Reads Services and judges their colors.
///
/// # Errors
/// Where one can't be read, or has no colors; with `--due` such a one is kept, and the others are judged.
pub async fn look(run: &Run, args: &CleanupArgs, names: &[String]) -> Outcome<Judged> {
    if names.is_empty() {
        return Ok(Judged::default());
    }
    match at_once(run, args, names).await {
        Err(_) if args.due => {}
        judged => return judged,
    }
    let mut all = Judged::default();
    for name in names {
        match at_once(run, args, std::slice::from_ref(name)).await {
            Ok(judged) => {
                all.decisions.extend(judged.decisions);
                all.unread.extend(judged.unread);
            }
            Err(failure) => all.decisions.push(Decision::Kept(due::unreadable(name, &failure))),
        }
    }
    Ok(all)
}

async fn at_once(run: &Run, args: &CleanupArgs, names: &[String]) -> Outcome<Judged> {
    let key = args.track.track_key.as_deref();
    let looking = Looking { key, router: args.track.router.as_ref(), extent: ReadScope::Everything, images: false };
    let read = async { Ok(routes_from_beyond(&run.cluster, load(&run.cluster, names, looking).await?).await) };
    let snapshot = run.within(read).await?;
    // A nightly job of one namespace may not list what is in others: that is told, and keeps nothing.
    let unread = unread(&snapshot).into_iter().chain(snapshot.routers_unread.iter().cloned()).collect();
    Ok(Judged { decisions: decide(run, args, &snapshot)?, unread })
}

fn decide(run: &Run, args: &CleanupArgs, snapshot: &Snapshot) -> Outcome<Vec<Decision>> {
    let services = service_names(&args.services)?;
    let asked = Asked {
        services: &services,
        delete: args.delete,
        before_due: args.before_due,
        color: args.color.as_deref(),
        contract: args.contract.as_ref(),
        force: &args.force,
        reason: &args.write.reason,
        user: &run.cluster.user,
    };
    let mut decisions = Vec::new();
    for view in views(snapshot, args.track.track_key.as_deref()) {
        match all_of(args, asked, snapshot, &view) {
            Ok(judged) => decisions.extend(judged),
            Err(failure) if args.due => decisions.push(Decision::Kept(due::not_switchable(&view, &failure))),
            Err(failure) => return Err(failure),
        }
    }
    Ok(decisions)
}

/// Its preview goes, too, unless one color is meant; alone where that was asked for.
fn all_of(args: &CleanupArgs, asked: Asked<'_>, snapshot: &Snapshot, view: &ServiceView<'_>) -> Outcome<Vec<Decision>> {
    let colors = judge(asked, snapshot, view)?;
    let Ok(tracks) = &view.tracks else { return Ok(colors) };
    let previews = unexposed::judged(snapshot, view, tracks, args.due);
    if args.preview {
        return Ok(previews);
    }
    let meant = |decision: &Decision| {
        args.color.is_none() || decision.unexposed().is_some_and(|one| Some(&one.color) == args.color.as_ref())
    };
    Ok(colors.into_iter().chain(previews.into_iter().filter(meant)).collect())
}

/// A person took their time to answer, or a budget to hold: what was agreed to is read and judged anew.
/// Nothing where somebody else took the color down meanwhile.
///
/// # Errors
/// Exit 3 where it is to stay now, or is not what it was.
pub async fn look_again(run: &Run, args: &CleanupArgs, agreed: &Removal) -> Outcome<Option<Removal>> {
    let judged = look(run, args, std::slice::from_ref(&agreed.service)).await?;
    let of_color = |decision: &Decision| decision.color() == Some(&agreed.color);
    let what = match judged.decisions.into_iter().find(of_color) {
        Some(Decision::Down { .. }) => return Ok(None),
        Some(Decision::Remove(now)) if now.uids() == agreed.uids() && now.selector == agreed.selector => {
            return Ok(Some(*now));
        }
        Some(Decision::Remove(now)) => format!("{} of service/{} is {} now", now.color, now.service, now.subjects()),
        Some(Decision::Kept(kept)) => kept.in_full(),
        Some(Decision::Unexpose(_)) | None => {
            format!("{} of service/{} is not idle any more", agreed.color, agreed.service)
        }
    };
    let status = Command::new("kubectl bluegreen status").arg(&agreed.service).scope(run.scope());
    Err(Failure::changed(format!("{what}; that has changed meanwhile, and nothing of it was taken down")).look(status))
}
