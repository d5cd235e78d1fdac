//! Completion of workloads, containers and tags, asked of the cluster and the registry while the
//! user presses Tab.

use clap::{Command, CommandFactory};
use clap_complete::engine::{ArgValueCandidates, CompletionCandidate};
use futures::future::join3;
use release_aws::connect::Address;
use release_aws::ecr as registry;
use release_cli::complete::{PATIENCE, block_on, names_in, typed_flags, typed_words, with_connection_values};
use release_cluster::Cluster;
use release_cluster::connect::connect;
use release_cluster::connection::Connection;
use release_cluster::read::ListQuery;
use release_core::kube::path::path_of;
use release_core::kube::{Workload, WorkloadKind};
use release_core::log::Log;

use crate::args::Cli;
use crate::names::WorkloadName;
use crate::selection::{Asked, Selection, select};
use crate::snapshot::read;
use release_core::workload::container_image::containers_of;

/// The command line, with what can be typed next at each of its words.
#[must_use]
pub fn command() -> Command {
    let for_workload = |command: Command| {
        command
            .mut_arg("workload", |arg| arg.add(ArgValueCandidates::new(workloads)))
            .mut_arg("container", |arg| arg.add(ArgValueCandidates::new(containers)))
    };
    let for_repositories =
        |command: Command| command.mut_arg("repositories", |arg| arg.add(ArgValueCandidates::new(repositories)));
    for_workload(with_connection_values(Cli::command()))
        .mut_arg("to_tag", |arg| arg.add(ArgValueCandidates::new(tags)))
        .mut_subcommand("history", for_workload)
        .mut_subcommand("unpin", for_workload)
        .mut_subcommand("lifecycle", |lifecycle| {
            let verbs = ["show", "preview", "apply"];
            verbs.iter().fold(lifecycle, |lifecycle, verb| lifecycle.mut_subcommand(verb, for_repositories))
        })
}

/// Deployments, StatefulSets and DaemonSets of the namespace.
fn workloads() -> Vec<CompletionCandidate> {
    let found = block_on(async {
        let cluster = connect(&Connection::from(&typed_flags())).ok()?;
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
fn containers() -> Vec<CompletionCandidate> {
    let found = block_on(async {
        let (_, workload) = typed_workload().await?;
        Some(containers_of(&workload).into_iter().map(|one| one.name).collect())
    });
    as_candidates(found)
}

/// Tags of the workload's repository, the newest push first.
fn tags() -> Vec<CompletionCandidate> {
    let found = block_on(async {
        let (cluster, workload) = typed_workload().await?;
        let words = typed_words();
        let named: Vec<String> =
            containers_of(&workload).into_iter().map(|one| one.name).filter(|n| words.contains(n)).collect();
        let asked = Asked {
            containers: &named,
            include_init: true,
            names_target: false,
            offline: false,
            scope: cluster.scope(),
        };
        let first = match select(&workload, &asked).ok()? {
            Selection::Clear(selected) => selected.containers.into_iter().next()?,
            Selection::Several(several) => several.into_iter().next()?,
        };
        let repository = first.ecr_repository()?;
        let registry =
            registry::connect(&Address::from(&repository), cluster.request_timeout(), Log::default()).await.ok()?;
        let images = registry.images(&repository.name).await.ok()?;
        Some(images.into_iter().flat_map(|image| image.tags).collect())
    });
    as_candidates(found)
}

/// Repositories of the registry that `--registry-id`, `--region` or the profile name.
fn repositories() -> Vec<CompletionCandidate> {
    let found = block_on(async {
        let address =
            Address { account: typed_value("--registry-id"), region: typed_value("--region"), ..Address::default() };
        let registry = registry::connect(&address, PATIENCE, Log::default()).await.ok()?;
        let repositories = registry.repositories().await.ok()?;
        Some(repositories.into_iter().map(|repository| repository.name).collect())
    });
    as_candidates(found)
}

/// The value of a flag typed so far, as `--region R` or `--region=R`.
fn typed_value(flag: &str) -> Option<String> {
    let words = typed_words();
    let apart = words.iter().skip_while(|word| *word != flag).nth(1).cloned();
    apart.or_else(|| words.iter().find_map(|word| Some(word.strip_prefix(flag)?.strip_prefix('=')?.to_owned())))
}

/// The first of the words typed that names a workload; others may be values of flags.
async fn typed_workload() -> Option<(Cluster, Workload)> {
    let cluster = connect(&Connection::from(&typed_flags())).ok()?.with_request_timeout(PATIENCE);
    for word in typed_words() {
        let Ok(name) = WorkloadName::parse(&[word]) else { continue };
        if let Ok(workload) = read::workload(&cluster, &name).await {
            return Some((cluster, workload));
        }
    }
    None
}

fn as_candidates(found: Option<Vec<String>>) -> Vec<CompletionCandidate> {
    found.unwrap_or_default().into_iter().map(CompletionCandidate::new).collect()
}

#[cfg(test)]
mod tests {
    /// A flag that was renamed would end every Tab in a panic.
    #[test]
    fn what_is_completed_is_there() {
        super::command().debug_assert();
    }
}
