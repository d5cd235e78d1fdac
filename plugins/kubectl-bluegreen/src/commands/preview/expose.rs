//! A Service that shows an idle color in the cluster, until a clean-up removes it.

use k8s_openapi::api::core::v1::Service;
use release_cli::report::Report;
use release_cli::run::Run;
use release_cli::verb::{Agreed, agree, heading, would_be};
use release_core::command::Command;
use release_core::failure::{Failure, Outcome};
use release_core::kube::path::collection;
use release_core::kube::service::service_path;
use release_core::release::change::{Action, Change};
use release_core::release::rewritten::rewritten;
use release_core::text::is_service_name;
use release_core::traffic::preview::{is_alike, is_preview_of, preview, preview_name};
use release_core::traffic::selector::as_label_selector;
use serde_json::{Value, json};

use super::shown::{looked, shown};
use crate::apply;
use crate::cleanup::unexposed::remove;
use crate::options::preview::PreviewOptions;
use crate::plan::subjects_of;
use crate::report::preview_document::PreviewMembers;
use crate::routed_view::seen;

/// Makes it, or leaves it where it is there already; one of ours over another color makes room.
///
/// # Errors
/// Exit 1 where there is nothing to show, or another Service has that name.
pub async fn expose(run: &Run, options: &PreviewOptions, report: &mut Report<PreviewMembers>) -> Outcome<()> {
    let snapshot = looked(run, options).await?;
    let view = seen(&snapshot.services[0], &snapshot, options.track_key.as_deref());
    let (tracks, color) = shown(run, options, (&view, &snapshot))?;
    let selector = tracks.selector_for(&color);
    let wanted = preview(view.service, &run.cluster.namespace, &selector);
    let name = preview_name(view.name());
    filled(report, view.name(), (&color, &name), run);
    if !is_service_name(&name) {
        return Err(Failure::failed("NameTooLong", format!("{name} is no Service name: it is too long")));
    }
    let there = run.within(found(run, &name)).await?;
    if let Some(there) = there.as_ref().filter(|there| !is_preview_of(there, view.name())) {
        return Err(not_ours(run, there, &name));
    }
    if there.as_ref().is_some_and(|there| is_alike(there, &wanted)) {
        report.text = format!("service/{name} shows {color} already");
        return Ok(());
    }
    let removal = there.as_ref().map(|there| remove(there, &run.cluster.namespace));
    let creation = creation(wanted, &name, &as_label_selector(&selector), run);
    run.say(&heading(run, &subjects_of(std::slice::from_ref(&options.service))));
    let changes: Vec<Change> = removal.into_iter().chain([creation]).collect();
    changes.iter().for_each(|change| run.say(&format!("  {} {}", change.object, change.summary)));
    go(run, options, &changes, (view.name(), &color, &name), report).await
}

/// As far as is agreed to; what would make room is tried, and not what takes it.
async fn go(
    run: &Run,
    options: &PreviewOptions,
    changes: &[Change],
    (service, color, name): (&str, &str, &str),
    report: &mut Report<PreviewMembers>,
) -> Outcome<()> {
    match agree(run, &format!("Show {color} of service/{service} as service/{name}?"), options.yes)? {
        Agreed::ToLook => report.text = would_be(run, &format!("service/{name} shows {color}")),
        Agreed::ToRehearse => {
            apply::rehearse(run, changes.get(..1).unwrap_or_default()).await?;
            report.text = would_be(run, &format!("service/{name} shows {color}"));
        }
        Agreed::ToWrite => write(run, changes, (service, color, name), report).await?,
    }
    Ok(())
}

fn filled(report: &mut Report<PreviewMembers>, service: &str, (color, name): (&str, &str), run: &Run) {
    report.names = vec![format!("service/{name}")];
    report.members = PreviewMembers {
        service: Some(service.to_owned()),
        color: Some(color.to_owned()),
        preview: Some(name.to_owned()),
        host: Some(format!("{name}.{}.svc", run.cluster.namespace)),
        made: false,
    };
}

async fn found(run: &Run, name: &str) -> Outcome<Option<Service>> {
    match run.cluster.get::<Service>(&service_path(&run.cluster.namespace, name)).await {
        Err(error) if error.is_not_found() => Ok(None),
        found => Ok(Some(found?)),
    }
}

fn not_ours(run: &Run, there: &Service, name: &str) -> Failure {
    let selector = there.spec.as_ref().and_then(|spec| spec.selector.clone()).unwrap_or_default();
    let text = format!(
        "service/{name} is there, selects {}, and was not made by preview: it stays as it is",
        as_label_selector(&selector)
    );
    Failure::failed("NotOurs", text).look(Command::new("kubectl get service").arg(name).scope(run.scope()))
}

fn creation(wanted: Value, name: &str, selects: &str, run: &Run) -> Change {
    Change {
        object: format!("service/{name}"),
        path: collection::<Service>(Some(&run.cluster.namespace)),
        action: Action::Create(wanted),
        summary: format!("created, selects {selects}"),
        undo: None,
    }
}

/// What somebody else made at the same time is theirs, or the same.
async fn write(
    run: &Run,
    changes: &[Change],
    (service, color, name): (&str, &str, &str),
    report: &mut Report<PreviewMembers>,
) -> Outcome<()> {
    for change in changes {
        run.stands(format!("interrupted; service/{name} may be there: cleanup --preview removes it"));
        let stored = match run.cluster.apply(change, run.write_mode()).await {
            Ok(stored) => stored,
            Err(error) if error.code() == Some(409) || error.leaves_write_unclear() => {
                read_back(run, change, (service, name), error.into()).await?
            }
            Err(error) => return Err(error.into()),
        };
        if let Action::Create(wanted) = &change.action
            && stored["spec"]["selector"] != wanted["spec"]["selector"]
        {
            let text = format!(
                "service/{name} selects something else than {color}: an admission policy or webhook rewrites it"
            );
            return Err(rewritten(text, run.scope()));
        }
        run.progress.step("written", &format!("{} {}", change.object, change.summary));
    }
    report.members.made = true;
    report.text = format!("service/{name} shows {color} of service/{service}");
    let remove = Command::new("kubectl bluegreen cleanup").arg(service).arg("--preview").scope(run.scope());
    run.say(&format!("Remove it: {remove}"));
    Ok(())
}

/// Whether it is so all the same.
async fn read_back(run: &Run, change: &Change, (service, name): (&str, &str), failure: Failure) -> Outcome<Value> {
    let there = found(run, name).await.map_err(|_| failure.clone())?;
    match (&change.action, there) {
        (Action::Create(wanted), Some(there)) if is_preview_of(&there, service) && is_alike(&there, wanted) => {
            Ok(json!(there))
        }
        (Action::Delete { .. }, None) => Ok(Value::Null),
        _ => Err(failure),
    }
}
