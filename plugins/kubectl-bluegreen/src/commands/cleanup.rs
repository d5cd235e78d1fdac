//! `cleanup`: take the idle color down once its retention has passed.

mod budgets;
mod decision;
mod gone;
mod judge;
mod overtaken;
mod removal;
mod take_down;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::Service;
use release_cli::flags::DryRunFlag;
use release_cli::report::Report;
use release_cli::run::Run;
use release_cli::verb::{Agreed, agree, heading};
use release_cluster::read::ListQuery;
use release_core::failure::{Failure, Next, Outcome};
use release_core::kube::path::collection;
use release_core::release::record::Recorded;

use crate::apply::rehearse;
use crate::args::CleanupArgs;
use crate::idle::not_checked;
use crate::moves::views;
use crate::names::service_names;
use crate::plan::subjects_of;
use crate::record::Record;
use crate::report::cleanup_document::CleanupMembers;
use crate::snapshot::{ReadScope, Snapshot, load};
use decision::Decision;
use judge::{Asked, judge};
use removal::Removal;
use take_down::take_down;

/// Runs the verb.
///
/// # Errors
/// Exit 1 where a color isn't idle or not due, 3 where something changed meanwhile, 4 where a
/// budget would not hold or pods stay.
pub async fn run(run: &Run, args: &CleanupArgs, report: &mut Report<CleanupMembers>) -> Outcome<()> {
    let names = if args.due { due_services(run).await? } else { service_names(&args.services)? };
    if names.is_empty() {
        report.text = "nothing is due".into();
        return Ok(());
    }
    let snapshot = load(&run.cluster, &names, args.track.track_key.as_deref(), ReadScope::Everything).await?;
    let decisions = decide(run, args, &snapshot)?;
    show(run, &names, &snapshot, &decisions, report);
    let removals: Vec<&Removal> = decisions.iter().filter_map(Decision::removal).collect();
    if removals.is_empty() {
        return refusal(&decisions, args.due);
    }
    match agree(run, &format!("Take down {}?", names_of(&removals)), args.write.yes)? {
        Agreed::ToLook => return Ok(()),
        Agreed::ToRehearse => {
            let changes: Vec<_> = removals.iter().flat_map(|r| r.changes.iter().cloned()).collect();
            return rehearse(run, &changes).await;
        }
        Agreed::ToWrite => {}
    }
    for removal in &removals {
        take_down(run, removal, report).await?;
    }
    refusal(&decisions, args.due)
}

fn decide(run: &Run, args: &CleanupArgs, snapshot: &Snapshot) -> Outcome<Vec<Decision>> {
    let (delete, before_due) = (args.delete, args.before_due);
    let asked = Asked { delete, before_due, reason: &args.write.reason, user: &run.cluster.user };
    let mut decisions = Vec::new();
    for view in views(snapshot, args.track.track_key.as_deref()) {
        decisions.extend(judge(asked, snapshot, &view)?);
    }
    // Services that share a color take it down once.
    let mut seen: Vec<String> = Vec::new();
    for decision in &mut decisions {
        if let Decision::Remove(removal) = decision {
            removal.changes.retain(|c| !seen.contains(&c.path));
            seen.extend(removal.changes.iter().map(|c| c.path.clone()));
        }
    }
    Ok(decisions)
}

fn show(run: &Run, names: &[String], snapshot: &Snapshot, decisions: &[Decision], report: &mut Report<CleanupMembers>) {
    run.say(&heading(run, &subjects_of(names)));
    for decision in decisions {
        run.say(&decision.line());
        report.members.services.push(decision.entry());
    }
    for what in not_checked(snapshot) {
        run.say(&format!("? not checked  {what}"));
    }
    report.names = names.iter().map(|name| format!("service/{name}")).collect();
    if run.dry_run != DryRunFlag::None {
        let removals = decisions.iter().filter_map(Decision::removal);
        let lines = removals.map(|r| format!("{} of service/{} taken down (dry run)", r.color, r.service));
        report.text = lines.collect::<Vec<_>>().join("\n");
    }
}

/// Nothing to take down is done, unless a color was kept back that the user asked for.
fn refusal(decisions: &[Decision], due: bool) -> Outcome<()> {
    let kept = decisions.iter().find_map(Decision::kept).filter(|_| !due);
    let Some(kept) = kept else { return Ok(()) };
    let none = decisions.iter().all(|decision| decision.removal().is_none());
    let text = if none { "nothing was taken down" } else { "not everything was taken down" };
    let next = kept.next.clone().map(|command| Next::Try(vec![command], None));
    Err(Failure { next, ..Failure::failed("Kept", text) })
}

fn names_of(removals: &[&Removal]) -> String {
    removals.iter().map(|r| format!("{} of service/{}", r.color, r.service)).collect::<Vec<_>>().join(", ")
}

/// Services of the namespace with a record of ours whose retention has passed.
async fn due_services(run: &Run) -> Outcome<Vec<String>> {
    let path = collection::<Service>(Some(&run.cluster.namespace));
    let listed = run.cluster.list::<Service>(&path, &ListQuery::default()).await?;
    let now = Timestamp::now();
    let due = listed.items.into_iter().filter(|service| {
        let recorded = Recorded::<Record>::read(service.metadata.annotations.as_ref());
        recorded.current.is_some_and(|r| r.due() <= now)
    });
    Ok(due.filter_map(|service| service.metadata.name).collect())
}
