//! Shell completion of values that only the cluster knows.
//!
//! The completion engine calls these while the user presses Tab: they get three seconds, and
//! any failure is an empty list.

use std::ffi::OsString;
use std::time::Duration;

use clap::{Arg, Command, CommandFactory, Parser};
use clap_complete::engine::{ArgValueCandidates, CompletionCandidate, complete};
use serde::Deserialize;

use crate::flags::ConnectionFlags;
use crate::output::data_line;
use release_cluster::Cluster;
use release_cluster::connect::connect;
use release_cluster::connection::Connection;
use release_cluster::kubeconfig::context_names;
use release_cluster::read::ListQuery;

/// The longest that Tab may take.
pub const PATIENCE: Duration = Duration::from_secs(3);

#[derive(Parser)]
#[command(no_binary_name = true, disable_help_flag = true, ignore_errors = true)]
struct Line {
    #[command(flatten)]
    connection: ConnectionFlags,
}

/// The connection flags among the words typed so far, for reaching the cluster they name.
#[must_use]
pub fn typed_flags() -> ConnectionFlags {
    Line::try_parse_from(typed().0).map(|line| line.connection).unwrap_or_default()
}

/// The other words typed so far: the verb, its arguments, and values of its flags.
#[must_use]
pub fn typed_words() -> Vec<String> {
    typed().1
}

/// Connection flags with their values, and the words that are neither those nor other flags.
fn typed() -> (Vec<String>, Vec<String>) {
    let known = Line::command();
    let (mut flags, mut words) = (Vec::new(), Vec::new());
    let mut typed = std::env::args().skip_while(|word| word != "--").skip(1);
    while let Some(word) = typed.next() {
        let name = word.split('=').next().unwrap_or_default();
        let is_named = |arg: &&Arg| {
            let long = arg.get_long().is_some_and(|long| name.strip_prefix("--") == Some(long));
            long || arg.get_short().is_some_and(|short| name == format!("-{short}"))
        };
        match known.get_arguments().find(is_named) {
            Some(arg) if arg.get_action().takes_values() && !word.contains('=') => {
                flags.extend([Some(word), typed.next()].into_iter().flatten());
            }
            Some(_) => flags.push(word),
            None if !word.starts_with('-') => words.push(word),
            None => {}
        }
    }
    (flags, words)
}

/// Attaches values to the connection flags of a command line.
#[must_use]
pub fn with_connection_values(command: Command) -> Command {
    command
        .mut_arg("context", |arg| arg.add(ArgValueCandidates::new(contexts)))
        .mut_arg("namespace", |arg| arg.add(ArgValueCandidates::new(namespaces)))
}

/// Contexts of the kubeconfig.
#[must_use]
pub fn contexts() -> Vec<CompletionCandidate> {
    context_names(&Connection::from(&typed_flags())).into_iter().map(CompletionCandidate::new).collect()
}

/// Namespaces of the cluster.
#[must_use]
pub fn namespaces() -> Vec<CompletionCandidate> {
    names(|_| "/api/v1/namespaces".to_owned(), &ListQuery { cached: true, ..ListQuery::default() })
}

/// Names of the objects in a collection; `path` gets the namespace typed or configured.
pub fn names(path: impl Fn(&str) -> String, query: &ListQuery) -> Vec<CompletionCandidate> {
    let listed = block_on(async {
        let cluster = connect(&Connection::from(&typed_flags())).ok()?.with_request_timeout(PATIENCE);
        Some(names_in(&cluster, &path(&cluster.namespace), query).await)
    });
    listed.unwrap_or_default().into_iter().map(CompletionCandidate::new).collect()
}

/// Names of the objects in a collection; none where it can't be listed.
pub async fn names_in(cluster: &Cluster, path: &str, query: &ListQuery) -> Vec<String> {
    #[derive(Deserialize)]
    struct Named {
        metadata: Meta,
    }
    #[derive(Deserialize)]
    struct Meta {
        name: String,
    }
    let items = cluster.list::<Named>(path, query).await.map(|list| list.items).unwrap_or_default();
    items.into_iter().map(|object| object.metadata.name).collect()
}

/// Runs a read for a completion, which clap asks for synchronously.
pub fn block_on<T>(future: impl Future<Output = Option<T>>) -> Option<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
    runtime.block_on(async { tokio::time::timeout(PATIENCE, future).await.ok().flatten() })
}

/// Prints a candidate a line for the last of `words`, then cobra's directive 4: no file names. This
/// is what kubectl expects of `kubectl_complete-NAME`
/// (<https://kubernetes.io/docs/tasks/extend-kubectl/kubectl-plugins/#using-the-command-line-runtime-package>).
pub fn print_candidates(mut command: Command, words: &[String]) {
    let mut args: Vec<OsString> = vec![command.get_name().into()];
    args.extend(words.iter().map(OsString::from));
    if args.len() == 1 {
        args.push(OsString::new());
    }
    let index = args.len().saturating_sub(1);
    let here = std::env::current_dir().ok();
    for candidate in complete(&mut command, args, index, here.as_deref()).unwrap_or_default() {
        let value = candidate.get_value().to_string_lossy().into_owned();
        match candidate.get_help() {
            Some(help) => data_line(format_args!("{value}\t{}", help.to_string().lines().next().unwrap_or_default())),
            None => data_line(value),
        }
    }
    data_line(":4");
}
