//! What a cluster needs, from all that was read of it.

use std::collections::HashMap;

use release_core::registry::ecr_reference::EcrRepository;
use release_core::workload::revisions::{self, Revision};

use super::pods::{PodImages, of_pods};
use super::usage::{Need, RollbackContainer};
use super::versions::Version;
use super::workloads::{Templated, of_record, of_template, rollback_containers};

/// What clusters need.
#[derive(Debug, Clone, Default)]
pub struct Demand {
    pub needs: Vec<Need>,
    /// The containers that can be rolled back.
    pub containers: Vec<RollbackContainer>,
}

impl Demand {
    /// The containers that can be rolled back within a repository.
    pub fn containers_of(&self, repository: &EcrRepository) -> impl Iterator<Item = &RollbackContainer> {
        self.containers.iter().filter(|container| container.repository.is_same(repository))
    }
}

/// Everything of a cluster that names images; lists go with the kind of their items.
#[derive(Debug, Default)]
pub struct Inventory {
    pub pods: Vec<PodImages>,
    /// What can be rolled back.
    pub workloads: Vec<(&'static str, Vec<Templated>)>,
    /// Whatever else has a template of pods.
    pub templates: Vec<(&'static str, Vec<Templated>)>,
    pub versions: Vec<(&'static str, Vec<Version>)>,
}

/// What a cluster needs: what its pods run, what its templates ask for, what its revisions could
/// bring back, and what decides where a rollback goes to.
#[must_use]
pub fn demand(cluster: &str, inventory: &Inventory) -> Demand {
    let mut by_controller: HashMap<String, Vec<&PodImages>> = HashMap::new();
    for pod in inventory.pods.iter().filter(|pod| !pod.has_ended()) {
        by_controller.entry(pod.controller()).or_default().push(pod);
    }
    let (mut own, loose) = sorted_out(inventory);
    let mut demand = Demand { needs: of_pods(cluster, &inventory.pods), containers: Vec::new() };
    for (kind, workloads) in &inventory.workloads {
        for workload in workloads {
            let by = workload.reference(kind);
            let versions = own.remove(workload.uid.as_str()).unwrap_or_default();
            let pods = by_controller.get(&by).map(Vec::as_slice).unwrap_or_default();
            let revisions = revisions_of(workload, &versions);
            demand.needs.extend(of_template(cluster, kind, workload));
            demand.needs.extend(of_record(cluster, kind, workload));
            demand.needs.extend(of_versions(cluster, workload, &by, (&versions, &revisions)));
            demand.containers.extend(rollback_containers(cluster, kind, workload, &revisions, pods));
        }
    }
    let templates = inventory.templates.iter().flat_map(|(kind, all)| all.iter().map(move |one| (kind, one)));
    demand.needs.extend(templates.flat_map(|(kind, one)| of_template(cluster, kind, one)));
    demand.needs.extend(loose.into_iter().flat_map(|(kind, version)| version.needs_by_itself(cluster, kind)));
    demand
}

/// Versions by the uid of the workload that they belong to.
type ByWorkload<'a> = HashMap<&'a str, Vec<&'a Version>>;

/// Versions by their workloads, and with their kinds those that belong to none of these.
fn sorted_out(inventory: &Inventory) -> (ByWorkload<'_>, Vec<(&'static str, &Version)>) {
    let workloads = inventory.workloads.iter().flat_map(|(_, all)| all);
    let mut own: ByWorkload<'_> = workloads.map(|w| (w.uid.as_str(), Vec::new())).collect();
    let mut loose = Vec::new();
    for (kind, versions) in &inventory.versions {
        for version in versions {
            match version.owner_uid().and_then(|uid| own.get_mut(uid)) {
                Some(of_workload) => of_workload.push(version),
                None => loose.push((*kind, version)),
            }
        }
    }
    (own, loose)
}

fn revisions_of(workload: &Templated, versions: &[&Version]) -> Vec<Revision> {
    let all = versions.iter().map(|version| version.revision.clone()).collect();
    revisions::of_workload(all, &workload.uid, &workload.template())
}

/// What the versions had. The current one has what the template asks for; where it has more, the
/// controller hasn't seen the template yet.
fn of_versions(
    cluster: &str,
    workload: &Templated,
    by: &str,
    (versions, revisions): (&[&Version], &[Revision]),
) -> Vec<Need> {
    let current = revisions.iter().find(|revision| revision.current).map(|revision| revision.name.as_str());
    let mut needs = Vec::new();
    for version in versions {
        let is_current = current == Some(version.revision.name.as_str());
        let had = version.needs_of(cluster, by).filter(|(image, _)| !is_current || !workload.asks_for(image));
        needs.extend(had.map(|(_, need)| need));
    }
    needs
}

#[cfg(test)]
mod tests;
