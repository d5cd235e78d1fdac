//! Shell completion of values that only the cluster knows.
//!
//! The completion engine calls these while the user presses Tab: they get half a second, and
//! any failure is an empty list.

use std::time::Duration;

use clap::Parser;
use clap_complete::engine::CompletionCandidate;
use serde::Deserialize;

use crate::cluster::connect::connect;
use crate::cluster::kubeconfig::context_names;
use crate::cluster::read::ListQuery;
use crate::flags::ConnectionFlags;

/// The longest that Tab may take.
const PATIENCE: Duration = Duration::from_millis(800);

/// The connection flags among the words typed so far, for reaching the cluster they name.
#[must_use]
pub fn typed_flags() -> ConnectionFlags {
    #[derive(Parser)]
    #[command(no_binary_name = true, disable_help_flag = true, ignore_errors = true)]
    struct Line {
        #[command(flatten)]
        connection: ConnectionFlags,
        #[arg(trailing_var_arg = false, allow_hyphen_values = false)]
        _words: Vec<String>,
    }
    let words: Vec<String> = std::env::args().skip_while(|word| word != "--").skip(2).collect();
    Line::try_parse_from(words).map(|line| line.connection).unwrap_or_default()
}

/// Contexts of the kubeconfig.
#[must_use]
pub fn contexts() -> Vec<CompletionCandidate> {
    context_names(&typed_flags()).into_iter().map(CompletionCandidate::new).collect()
}

/// Namespaces of the cluster.
#[must_use]
pub fn namespaces() -> Vec<CompletionCandidate> {
    names(|_| "/api/v1/namespaces".to_owned(), &ListQuery { cached: true, ..ListQuery::default() })
}

/// Names of the objects in a collection; `path` gets the namespace typed or configured.
pub fn names(path: impl Fn(&str) -> String, query: &ListQuery) -> Vec<CompletionCandidate> {
    #[derive(Deserialize)]
    struct Named {
        metadata: Meta,
    }
    #[derive(Deserialize)]
    struct Meta {
        name: String,
    }
    let listed = block_on(async {
        let cluster = connect(&typed_flags()).ok()?.with_request_timeout(PATIENCE);
        cluster.list::<Named>(&path(&cluster.namespace), query).await.ok()
    });
    let items = listed.map(|list| list.items).unwrap_or_default();
    items.into_iter().map(|object| CompletionCandidate::new(object.metadata.name)).collect()
}

/// Runs a read for a completion, which clap asks for synchronously.
pub fn block_on<T>(future: impl Future<Output = Option<T>>) -> Option<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
    runtime.block_on(async { tokio::time::timeout(PATIENCE, future).await.ok().flatten() })
}
