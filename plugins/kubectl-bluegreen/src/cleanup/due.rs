//! The Services whose retention has passed, for a run that names none.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use k8s_openapi::api::core::v1::Service;
use release_cli::run::Run;
use release_cluster::read::ListQuery;
use release_core::failure::{Failure, Outcome};
use release_core::kube::path::collection;
use release_core::kube::service::service_name;
use release_core::release::record::Recorded;
use release_core::traffic::preview::shows;

use release_core::traffic::router::RouterKind;

use super::decision::Kept;
use super::due_by_route;
use super::unexposed::is_left_over;
use crate::hand;
use crate::record::Record;
use crate::report::cleanup_document::KeptReason;
use crate::service_view::ServiceView;

/// What a run is about in one namespace.
#[derive(Debug, Default)]
pub struct Due {
    pub names: Vec<String>,
    /// What nothing can be done with, and so has to be told.
    pub kept: Vec<Kept>,
}

/// Services of the namespace, or of all, with a record of ours whose retention has passed, and those whose record
/// can't be read; by namespace. They are listed once.
///
/// # Errors
/// Where Services can't be listed.
pub async fn services(run: &Run, everywhere: bool) -> Outcome<BTreeMap<String, Due>> {
    let own = run.cluster.namespace.as_str();
    let path = collection::<Service>((!everywhere).then_some(own));
    let listed = run.cluster.list::<Service>(&path, &ListQuery::default()).await?;
    let now = run.cluster.now();
    let mut all: BTreeMap<String, Due> = BTreeMap::new();
    for (home, of) in left_over_previews(&listed.items, own, now) {
        all.entry(home).or_default().names.push(of);
    }
    for service in listed.items {
        let recorded = Recorded::<Record>::read(service.metadata.annotations.as_ref());
        let is_due = recorded.current.as_ref().is_some_and(|record| may_be_due(record, &service, now));
        let home = service.metadata.namespace.unwrap_or_else(|| own.to_owned());
        let Some(service) = service.metadata.name else { continue };
        let due = all.entry(home).or_default();
        match (recorded.current, recorded.unreadable) {
            (Some(_), _) if is_due && !due.names.contains(&service) => due.names.push(service),
            (None, Some(why)) => due.kept.push(kept(service, None, why)),
            _ => {}
        }
    }
    for (home, service) in due_by_route::services(run, (!everywhere).then_some(own), now).await {
        if everywhere || home == own {
            let due = all.entry(home).or_default();
            if !due.names.contains(&service) {
                due.names.push(service);
            }
        }
    }
    all.retain(|_, due| !due.names.is_empty() || !due.kept.is_empty());
    Ok(all)
}

/// Services whose previews nobody has removed, each with its namespace.
fn left_over_previews(all: &[Service], own: &str, now: Timestamp) -> BTreeSet<(String, String)> {
    let home = |service: &Service| service.metadata.namespace.clone().unwrap_or_else(|| own.to_owned());
    let left = all.iter().filter(|service| is_left_over(service, now));
    let of = left.filter_map(|preview| Some((home(preview), shows(preview)?.to_owned())));
    let is_there = |(at, name): &(String, String)| all.iter().any(|s| service_name(s) == name && home(s) == *at);
    of.filter(is_there).collect()
}

/// Where the API server doesn't tell when the record was written, that has to be said.
fn may_be_due(record: &Record, service: &Service, now: Timestamp) -> bool {
    let kind = match record.decided_by() {
        RouterKind::Route53 => RouterKind::Route53,
        _ => RouterKind::Service,
    };
    hand::due_as_far_as_known(record, &service.metadata, kind) <= now
}

/// A Service that was switched once, and can't be now.
#[must_use]
pub fn not_switchable(view: &ServiceView<'_>, failure: &Failure) -> Kept {
    let left = view.recorded.current.as_ref().map(|record| record.from.clone());
    kept(view.name().to_owned(), left, failure.message.clone())
}

/// A Service that can't be read now: deleted since it was listed, or the API server says no.
#[must_use]
pub fn unreadable(service: &str, failure: &Failure) -> Kept {
    kept(service.to_owned(), None, failure.message.clone())
}

fn kept(service: String, color: Option<String>, why: String) -> Kept {
    Kept { service, color, due: true, reason: KeptReason::NotSwitchable, why, next: None }
}
