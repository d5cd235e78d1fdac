//! The other objects of a release's file beside what the cluster has.

use futures::StreamExt;
use futures::stream;
use release_cluster::Cluster;
use release_core::kube::differing::differing;
use release_core::kube::manifest::as_manifest;
use release_core::kube::path::path_of;
use serde_json::Value;

use crate::compared::{Compared, Seen};

/// So many are asked for side by side.
const AT_ONCE: usize = 8;

/// Compares each with what the API server says that an apply of it would leave.
pub async fn compare(cluster: &Cluster, objects: &[Value]) -> Vec<Compared> {
    stream::iter(objects).map(|object| one(cluster, object)).buffered(AT_ONCE).collect().await
}

async fn one(cluster: &Cluster, object: &Value) -> Compared {
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (kind, name) = (word(&object["kind"]), word(&object["metadata"]["name"]));
    let seen = seen(cluster, object, (&kind, &name)).await.unwrap_or_else(Seen::Unknown);
    Compared { kind, name, seen }
}

async fn seen(cluster: &Cluster, object: &Value, (kind, name): (&str, &str)) -> Result<Seen, String> {
    let api_version = object["apiVersion"].as_str().unwrap_or_default();
    let namespace = object["metadata"]["namespace"].as_str().unwrap_or(&cluster.namespace);
    if ![name, namespace].into_iter().all(is_segment) {
        return Err("it has no name".to_owned());
    }
    let Some(served) = cluster.kind_named(api_version, kind).await.map_err(|error| error.short())? else {
        return Ok(Seen::NotServed);
    };
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    let namespace = served.namespaced.then_some(namespace);
    let path = format!("{}/{name}", path_of(group, version, &served.plural, namespace));
    let live = match cluster.get::<Value>(&path).await {
        Err(error) if error.is_not_found() => return Ok(Seen::Missing),
        live => live.map_err(|error| error.short())?,
    };
    let applied = cluster.would_apply(&path, &as_manifest(object)).await.map_err(|error| error.short())?;
    let members = differing(&live, &applied);
    Ok(if members.is_empty() { Seen::Alike } else { Seen::Differs(members) })
}

/// A name that is one of a path.
fn is_segment(name: &str) -> bool {
    let inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | ':');
    !name.is_empty() && name.chars().all(inner) && !name.starts_with('.')
}
