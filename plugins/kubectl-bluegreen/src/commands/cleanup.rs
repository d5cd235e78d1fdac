//! `cleanup`: take the idle color down once its retention has passed.

mod budgets;
mod gone;
mod overtaken;
mod plan;

use kubectl_release::confirm::agree;
use kubectl_release::error::{Failure, Outcome};
use kubectl_release::flags::DryRunFlag;
use serde_json::json;

use crate::args::CleanupArgs;
use crate::idle::not_checked;
use crate::itinerary::subjects;
use crate::moving::write::rehearse;
use crate::options::service_names;
use crate::report::plan_text;
use crate::snapshot::{Reach, Snapshot, load};
use kubectl_release::report::Report;
use kubectl_release::run::Run;
use plan::{Removal, Verdict};

/// Runs the verb.
///
/// # Errors
/// Exit 1 where a color isn't idle or not due, 3 where something changed meanwhile, 4 where a
/// budget would not hold or pods stay.
pub async fn run(run: &Run, args: &CleanupArgs, report: &mut Report) -> Outcome<()> {
    let names = if args.due { due_services(run).await? } else { service_names(&args.services)? };
    if names.is_empty() {
        report.text = "nothing is due".into();
        return Ok(());
    }
    let key = args.track.track_key.as_deref();
    let snapshot = load(&run.cluster, &names, key, Reach::Everything).await?;
    let verdicts = judge(run, args, &snapshot)?;
    show(run, &names, &snapshot, &verdicts, report);
    let removals: Vec<&Removal> = verdicts.iter().filter_map(Verdict::removal).collect();
    if removals.is_empty() {
        return refusal(&verdicts, args.due);
    }
    if run.dry_run == DryRunFlag::Client {
        return Ok(());
    }
    if run.dry_run == DryRunFlag::Server {
        let changes: Vec<_> = removals.iter().flat_map(|r| r.changes.iter().cloned()).collect();
        return rehearse(run, &changes).await;
    }
    agree(&format!("Take down {}?", names_of(&removals)), args.write.yes)?;
    for removal in &removals {
        take_down(run, removal, report).await?;
    }
    refusal(&verdicts, args.due)
}

fn judge(run: &Run, args: &CleanupArgs, snapshot: &Snapshot) -> Outcome<Vec<Verdict>> {
    let mut verdicts = Vec::new();
    for subject in subjects(snapshot, args.track.track_key.as_deref()) {
        verdicts.extend(plan::of(run, args, snapshot, &subject)?);
    }
    // Services that share a color take it down once.
    let mut seen: Vec<String> = Vec::new();
    for verdict in &mut verdicts {
        if let Verdict::Remove(removal) = verdict {
            removal.changes.retain(|c| !seen.contains(&c.path));
            seen.extend(removal.changes.iter().map(|c| c.path.clone()));
        }
    }
    Ok(verdicts)
}

fn show(run: &Run, names: &[String], snapshot: &Snapshot, verdicts: &[Verdict], report: &mut Report) {
    run.say(&plan_text::heading(names, &run.cluster.context, &run.cluster.namespace));
    for verdict in verdicts {
        run.say(&verdict.line());
        report.items.push(verdict.value());
    }
    for what in not_checked(snapshot) {
        run.say(&format!("? not checked  {what}"));
    }
    report.names = names.iter().map(|name| format!("service/{name}")).collect();
    let mode = if run.dry_run == DryRunFlag::None { return } else { "dry run" };
    let lines = verdicts
        .iter()
        .filter_map(Verdict::removal)
        .map(|r| format!("{} of service/{} taken down ({mode})", r.color, r.service));
    report.text = lines.collect::<Vec<_>>().join("\n");
}

/// Nothing to take down is done, unless a color was kept back that the user asked for.
fn refusal(verdicts: &[Verdict], due: bool) -> Outcome<()> {
    let kept: Vec<&Verdict> = verdicts.iter().filter(|v| matches!(v, Verdict::Kept { .. })).collect();
    match kept.first() {
        Some(Verdict::Kept { next, .. }) if !due => {
            let none = verdicts.iter().all(|v| v.removal().is_none());
            let failure =
                Failure::failed("Kept", if none { "nothing was taken down" } else { "not everything was taken down" });
            Err(match next {
                Some(next) => failure.next(next.clone()),
                None => failure,
            })
        }
        _ => Ok(()),
    }
}

fn names_of(removals: &[&Removal]) -> String {
    removals.iter().map(|r| format!("{} of service/{}", r.color, r.service)).collect::<Vec<_>>().join(", ")
}

async fn take_down(run: &Run, removal: &Removal, report: &mut Report) -> Outcome<()> {
    run.stands(format!("interrupted; see kubectl bluegreen status {}{}", removal.service, run.suffix));
    budgets::wait(run, removal).await?;
    for change in &removal.changes {
        run.cluster.apply_and_see(change, run.write_mode()).await.map_err(|error| match error.code() {
            Some(409 | 422) => Failure::changed(format!(
                "{} was changed by someone else meanwhile; {} stays\n{error}",
                change.object, removal.color
            ))
            .next(format!("kubectl bluegreen status {}{}", removal.service, run.suffix)),
            _ => Failure::from(error),
        })?;
        run.progress.step("written", &format!("{} {}", change.object, change.summary));
        if let Some(undo) = &change.undo {
            run.progress.step("undo", undo);
        }
    }
    gone::wait(run, removal).await?;
    let line = format!("{} of service/{} taken down", removal.color, removal.service);
    report.text = if report.text.is_empty() { line } else { format!("{}\n{line}", report.text) };
    if let Some(entry) = report.items.iter_mut().find(|v| v["name"] == removal.service && v["color"] == removal.color) {
        entry["gone"] = json!(true);
    }
    Ok(())
}

/// Services of the namespace with a record of ours whose retention has passed.
async fn due_services(run: &Run) -> Outcome<Vec<String>> {
    use k8s_openapi::api::core::v1::Service;
    use kubectl_release::cluster::read::{ListQuery, collection};
    use kubectl_release::record::Recorded;
    let path = collection::<Service>(Some(&run.cluster.namespace));
    let listed = run.cluster.list::<Service>(&path, &ListQuery::default()).await?;
    let now = jiff::Timestamp::now();
    let due = listed.items.iter().filter(|service| {
        let recorded = Recorded::read(&service.metadata.annotations.clone().unwrap_or_default());
        recorded.current.is_some_and(|r| r.due() <= now)
    });
    Ok(due.filter_map(|s| s.metadata.name.clone()).collect())
}
