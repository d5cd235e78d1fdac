//! Completion of Services and colors, asked of the cluster while the user presses Tab.

use clap::{Command, CommandFactory};
use clap_complete::engine::{ArgValueCandidates, CompletionCandidate};
use k8s_openapi::api::core::v1::Service;
use release_cli::complete::{block_on, names, typed_flags, typed_words, with_connection_values};
use release_cluster::Cluster;
use release_cluster::connect::connect;
use release_cluster::connection::Connection;
use release_cluster::read::ListQuery;
use release_core::kube::path::collection;
use release_core::kube::service::service_path;

use crate::args::Cli;
use crate::names::service_names;
use crate::service_view::ServiceView;
use crate::snapshot::templates;

/// The command line, with the values that Tab offers.
#[must_use]
pub fn command() -> Command {
    let with_services = |verb: Command, arg| verb.mut_arg(arg, |arg| arg.add(ArgValueCandidates::new(services)));
    let with_colors =
        |verb: Command| with_services(verb, "services").mut_arg("to", |arg| arg.add(ArgValueCandidates::new(colors)));
    with_connection_values(Cli::command())
        .mut_subcommand("status", |verb| with_services(verb, "services"))
        .mut_subcommand("preflight", with_colors)
        .mut_subcommand("deploy", with_colors)
        .mut_subcommand("preview", |verb| {
            with_services(verb, "service").mut_arg("color", |arg| arg.add(ArgValueCandidates::new(colors)))
        })
        .mut_subcommand("switch", with_colors)
        .mut_subcommand("rollback", |verb| with_services(verb, "services"))
        .mut_subcommand("history", |verb| with_services(verb, "service"))
        .mut_subcommand("cleanup", |verb| with_services(verb, "services"))
}

/// Services of the namespace.
fn services() -> Vec<CompletionCandidate> {
    let query = ListQuery { cached: true, ..ListQuery::default() };
    names(|namespace| collection::<Service>(Some(namespace)), &query)
}

/// Colors of the Services typed so far.
fn colors() -> Vec<CompletionCandidate> {
    let found = block_on(async {
        let cluster = connect(&Connection::from(&typed_flags())).ok()?;
        let service = typed_service(&cluster).await?;
        let workloads = templates(&cluster, Some(&cluster.namespace)).await.ok()?;
        let tracks = ServiceView::of(&service, &workloads, &[], None).tracks.ok()?;
        Some(tracks.colors.into_iter().map(|c| CompletionCandidate::new(c.name)).collect::<Vec<_>>())
    });
    found.unwrap_or_default()
}

/// The first of the words after the verb that names a Service; others may be values of flags.
async fn typed_service(cluster: &Cluster) -> Option<Service> {
    for word in typed_words().into_iter().skip(1) {
        let Ok(names) = service_names(&[word]) else { continue };
        if let Ok(service) = cluster.get(&service_path(&cluster.namespace, &names[0])).await {
            return Some(service);
        }
    }
    None
}
