//! Completion of workloads, containers and tags, asked of the cluster and the registry while the
//! user presses Tab.

use clap_complete::engine::CompletionCandidate;
use futures::future::join3;
use kubectl_release::cluster::Cluster;
use kubectl_release::cluster::connect::connect;
use kubectl_release::cluster::read::{ListQuery, path_of};
use kubectl_release::complete::{PATIENCE, block_on, names_in, typed_flags, typed_words};
use kubectl_release::objects::{Workload, WorkloadKind};
use kubectl_release::registry::{self, RegistryAddress};

use crate::options::WorkloadName;
use crate::placement::{Asked, Place, Selection, places, select};
use crate::snapshot;

/// Deployments, StatefulSets and DaemonSets of the namespace.
#[must_use]
pub fn workloads() -> Vec<CompletionCandidate> {
    let found = block_on(async {
        let cluster = connect(&typed_flags()).ok()?;
        let of = |kind| names(&cluster, kind);
        let (deployments, sets, daemons) =
            join3(of(WorkloadKind::Deployment), of(WorkloadKind::StatefulSet), of(WorkloadKind::DaemonSet)).await;
        Some([deployments, sets, daemons].concat())
    });
    as_candidates(found)
}

async fn names(cluster: &Cluster, kind: WorkloadKind) -> Vec<String> {
    let path = path_of("apps", "v1", kind.plural(), Some(&cluster.namespace));
    let query = ListQuery { cached: true, ..ListQuery::default() };
    names_in(cluster, &path, &query).await.into_iter().map(|name| format!("{}/{name}", kind.short())).collect()
}

/// Containers of the workload typed so far, init containers among them.
#[must_use]
pub fn containers() -> Vec<CompletionCandidate> {
    let found = block_on(async {
        let (_, workload) = typed_workload().await?;
        Some(places(&workload).into_iter().map(|place| place.name).collect())
    });
    as_candidates(found)
}

/// Tags of the workload's repository, the newest push first.
#[must_use]
pub fn tags() -> Vec<CompletionCandidate> {
    let found = block_on(async {
        let (cluster, workload) = typed_workload().await?;
        let words = typed_words();
        let named: Vec<String> = places(&workload).into_iter().map(|p| p.name).filter(|n| words.contains(n)).collect();
        let asked = Asked { containers: &named, include_init: true, offline: false, suffix: "" };
        let place: Place = match select(&workload, &asked).ok()? {
            Selection::Clear(selected) => selected.places.into_iter().next()?,
            Selection::Several(several) => several.into_iter().next()?,
        };
        let repository = kubectl_release::image::ecr::EcrRepository::of(&place.image).ok()?;
        let registry =
            registry::connect(&RegistryAddress::from(&repository), cluster.request_timeout(), 0).await.ok()?;
        let images = registry.images(&repository.name).await.ok()?;
        Some(images.into_iter().flat_map(|image| image.tags).collect())
    });
    as_candidates(found)
}

/// Repositories of the registry that `--registry-id`, `--region` or the profile name.
#[must_use]
pub fn repositories() -> Vec<CompletionCandidate> {
    let found = block_on(async {
        let address = RegistryAddress {
            account: typed_value("--registry-id"),
            region: typed_value("--region"),
            ..RegistryAddress::default()
        };
        let registry = registry::connect(&address, PATIENCE, 0).await.ok()?;
        let repositories = registry.repositories().await.ok()?;
        Some(repositories.into_iter().map(|repository| repository.name).collect())
    });
    as_candidates(found)
}

/// The value of a flag typed so far, as `--region R` or `--region=R`.
fn typed_value(flag: &str) -> Option<String> {
    let words = typed_words();
    let apart = words.iter().position(|word| word == flag).and_then(|at| words.get(at + 1).cloned());
    apart.or_else(|| words.iter().find_map(|word| Some(word.strip_prefix(flag)?.strip_prefix('=')?.to_owned())))
}

/// The first of the words typed that names a workload; others may be values of flags.
async fn typed_workload() -> Option<(Cluster, Workload)> {
    let cluster = connect(&typed_flags()).ok()?.with_request_timeout(PATIENCE);
    for word in typed_words() {
        let Ok(name) = WorkloadName::parse(&[word]) else { continue };
        if let Ok(workload) = snapshot::workload(&cluster, &name).await {
            return Some((cluster, workload));
        }
    }
    None
}

fn as_candidates(found: Option<Vec<String>>) -> Vec<CompletionCandidate> {
    found.unwrap_or_default().into_iter().map(CompletionCandidate::new).collect()
}
