//! `init`: a Service that one Deployment runs gets its first color.

mod first_route;
mod next_step;
mod release;

use release_cli::report::{Manifest, Report};
use release_cli::run::Run;
use release_cli::verb::{Agreed, agree, heading, question, refuse_blocked, show, would_be};
use release_core::failure::Outcome;
use release_core::kube::manifest::as_manifest;
use release_core::kube::{Labels, Workload};
use release_core::release::change::Action;
use release_core::workload::twin::pod_labels_of;
use serde_json::json;

use super::objects;
use crate::apply;
use crate::args::InitArgs;
use crate::checks::initial::{InitCase, run as checks};
use crate::options::init::{self as options, InitOptions};
use crate::plan::deploy::{Objects, said, writes};
use crate::plan::init::{self as planning, InitPlan, Initial};
use crate::plan::subjects_of;
use crate::refusal::initial::no_pods;
use crate::report::init_document::InitMembers;
use crate::service_view::{ServiceView, ready_count};
use crate::snapshot::{Looking, ReadScope, Snapshot, load};
use next_step::all_the_same;

/// Runs the verb.
///
/// # Errors
/// As the exit codes say.
pub async fn run(run: &Run, args: InitArgs, report: &mut Report<InitMembers>) -> Outcome<()> {
    if let Some(kind) = args.router {
        return first_route::print(run, kind, args, report).await;
    }
    let options = options::init(args)?;
    let snapshot = run.within(read(run, &options)).await?;
    let view = ServiceView::of(&snapshot.services[0], &snapshot.workloads, &snapshot.pods, None);
    let initial = planning::find(&view, &snapshot, &options)?;
    let copied: Vec<&Workload> = initial.copied().into_iter().collect();
    let objects = run.within(objects::read(&run.cluster, &snapshot, &copied, &[])).await?;
    let plan = plan(&view, &initial, (&snapshot, &objects), &options)?;
    report.members.planned(&initial, &plan);
    report.findings.clone_from(&plan.findings);
    report.names = vec![format!("service/{}", view.name())];
    let subjects = subjects_of(std::slice::from_ref(&options.service));
    if plan.is_done() {
        run.say(&heading(run, &subjects));
        report.text = format!("{} is {} by {} already: nothing to do", subjects, initial.color, initial.tracks.key);
        return Ok(());
    }
    show(run, &heading(run, &subjects), &text(&plan, &initial, &options), &plan.findings, 1);
    refuse_blocked(&plan.findings, "made ready", |blocking| all_the_same(blocking, &options, run.scope()))?;
    let asked = format!("Make {subjects} ready for colors");
    match agree(run, &question(&asked, &plan.findings), options.yes)? {
        Agreed::ToLook => {
            report.manifests = manifests(&plan, &view, &initial);
            report.text = would_have_been(run, &plan);
        }
        Agreed::ToRehearse => {
            apply::rehearse(run, &plan.writes().cloned().collect::<Vec<_>>()).await?;
            report.text = would_have_been(run, &plan);
        }
        Agreed::ToWrite => {
            let at = snapshot.slices.get(view.name()).cloned().unwrap_or_default();
            Box::pin(release::make(run, &options, (&initial, &plan, at), report)).await?;
        }
    }
    Ok(())
}

/// The pods of the Service as it is, and those of any color.
async fn read(run: &Run, options: &InitOptions) -> Outcome<Snapshot> {
    let looking = Looking { key: None, router: None, extent: ReadScope::Everything, images: true };
    load(&run.cluster, std::slice::from_ref(&options.service), looking).await
}

fn plan(
    view: &ServiceView<'_>,
    initial: &Initial,
    (snapshot, objects): (&Snapshot, &Objects),
    options: &InitOptions,
) -> Outcome<InitPlan> {
    let prepared = initial.copied().and_then(|w| Some(planning::prepared(initial, objects.get(&w.reference())?, w)));
    let required = required(view, initial, snapshot)?;
    let makes = prepared.as_slice();
    let mut makes = writes(makes, objects, snapshot, &planning::exchange(initial));
    makes.extend(planning::growth(initial, snapshot));
    let narrowing = (!initial.is_narrowed).then(|| planning::narrowing(initial, view, snapshot));
    let labelled: Labels = match (&initial.labelled, &prepared) {
        (Some(workload), _) => workload.pod_labels(),
        (None, Some(one)) => pod_labels_of(&one.wanted),
        (None, None) => Labels::new(),
    };
    let needed = planning::selects_only_old(initial, &labelled, snapshot);
    let removal = initial.unlabelled.as_ref().filter(|w| needed.is_none() && w.replicas > 0);
    let removal = removal.map(|workload| planning::removal(workload, snapshot));
    let case = InitCase { snapshot, view, initial, prepared: prepared.as_ref(), needed: needed.as_deref() };
    let findings = checks(&case, &options.weighing);
    Ok(InitPlan { prepared, makes, narrowing, removal, required, findings })
}

/// As many ready pods as serve now, and no fewer than are asked for.
fn required(view: &ServiceView<'_>, initial: &Initial, snapshot: &Snapshot) -> Outcome<usize> {
    let runs: Vec<&Workload> = initial.unlabelled.iter().chain(&initial.labelled).map(AsRef::as_ref).collect();
    let selected: Vec<_> = snapshot.pods.iter().filter(|pod| runs.iter().any(|w| w.owns(pod))).collect();
    match runs.first() {
        Some(first) if ready_count(&selected) == 0 => Err(no_pods(view, first, &snapshot.scope)),
        Some(first) => Ok(usize::try_from(first.replicas).unwrap_or(1).max(1)),
        None => Ok(1),
    }
}

fn text(plan: &InitPlan, initial: &Initial, options: &InitOptions) -> String {
    let mut lines: Vec<String> = plan
        .makes
        .iter()
        .map(|change| {
            let verb = if change.creates() { "create " } else { "" };
            format!("  {verb}{}   {}", change.object, change.summary)
        })
        .collect();
    if let Some(narrowing) = &plan.narrowing {
        lines.push(format!("  wait for {} ready pods of {} among the endpoints, then", plan.required, initial.color));
        lines.push(format!("  {}   {}", narrowing.object, narrowing.summary));
    }
    if let Some(removal) = &plan.removal {
        let watched = release_core::duration::short_duration(options.verify_for);
        lines.push(format!("  {}   {}, once the endpoints have held for {watched}", removal.object, removal.summary));
    }
    lines.join("\n")
}

fn would_have_been(run: &Run, plan: &InitPlan) -> String {
    let lines = plan.writes().map(|change| {
        let line = if change.creates() { said(change) } else { format!("{} {}", change.object, change.summary) };
        would_be(run, &line)
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// What it would leave, for those who commit it.
fn manifests(plan: &InitPlan, view: &ServiceView<'_>, initial: &Initial) -> Vec<Manifest> {
    let made = plan.makes.iter().filter_map(|change| match &change.action {
        Action::Create(object) => {
            Some(Manifest { comment: format!("created: {}", change.summary), object: object.clone() })
        }
        _ => None,
    });
    let narrowed = plan.narrowing.as_ref().map(|change| {
        let mut object = as_manifest(&json!(view.service));
        object["spec"]["selector"] = json!(initial.tracks.selector_for(&initial.color));
        Manifest { comment: change.summary.clone(), object }
    });
    made.chain(narrowed).collect()
}
