//! Which kinds the API server serves, and whether there are objects of a kind.

use http::header::HeaderValue;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::Cluster;
use super::exchange::ApiError;
use super::query::with_query;
use release_core::kube::path::path_of;

/// Every group in one answer, since Kubernetes 1.27
/// (<https://kubernetes.io/docs/concepts/overview/kubernetes-api/#aggregated-discovery>).
const ALL_GROUPS: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,\
                          application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList";
const METADATA_ONLY: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

/// A kind that can be listed, in the version that its group prefers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServedKind {
    pub group: String,
    pub version: String,
    /// As in paths: `rollouts`
    pub plural: String,
}

/// How a kind is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedKind {
    /// As in paths: `rollouts`
    pub plural: String,
    pub namespaced: bool,
}

/// `metav1.APIResourceList`
#[derive(Deserialize)]
struct OfVersion {
    resources: Vec<NamedResource>,
}

#[derive(Deserialize)]
struct NamedResource {
    name: String,
    #[serde(default)]
    namespaced: bool,
    kind: String,
}

#[derive(Deserialize)]
struct Groups {
    items: Vec<Group>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Group {
    metadata: GroupMeta,
    /// The preferred one first.
    versions: Vec<Version>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct GroupMeta {
    name: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Version {
    version: String,
    resources: Vec<Resource>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Resource {
    resource: String,
    verbs: Vec<String>,
}

#[derive(Deserialize)]
struct FirstOf {
    #[serde(default)]
    metadata: FirstMeta,
    /// Of custom resources `null`, where there are none.
    #[serde(default)]
    items: Option<Vec<IgnoredAny>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct FirstMeta {
    r#continue: String,
    remaining_item_count: Option<u64>,
}

impl Cluster {
    /// Every kind outside of the core group that can be listed, each once.
    ///
    /// # Errors
    /// See [`ApiError`]; [`ApiError::Garbled`] from servers that don't give all groups in one answer.
    pub async fn served_kinds(&self) -> Result<Vec<ServedKind>, ApiError> {
        let groups: Groups = self.read_as("/apis", HeaderValue::from_static(ALL_GROUPS)).await?;
        Ok(kinds(groups))
    }

    /// The kind of that name in a group and version (`apps/v1`, `v1`); nothing where the server doesn't have it.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn kind_named(&self, api_version: &str, kind: &str) -> Result<Option<NamedKind>, ApiError> {
        let is_of_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
        let parts: Vec<&str> = api_version.split('/').collect();
        let root = match parts.as_slice() {
            ["v1"] => "/api/v1".to_owned(),
            [group, version] if !group.is_empty() && !version.is_empty() => format!("/apis/{group}/{version}"),
            _ => return Ok(None),
        };
        if !parts.iter().all(|part| part.chars().all(is_of_name) && !part.starts_with('.')) {
            return Ok(None);
        }
        match self.get::<OfVersion>(&root).await {
            Ok(version) => Ok(named(version, kind)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// How many objects of a kind there are in all namespaces, without reading them; nothing where
    /// there are several and the server doesn't say how many.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn count(&self, kind: &ServedKind) -> Result<Option<u64>, ApiError> {
        let path = path_of(&kind.group, &kind.version, &kind.plural, None);
        let path = with_query(&path, &[("limit", "1".to_owned())]);
        let first: FirstOf = self.read_as(&path, HeaderValue::from_static(METADATA_ONLY)).await?;
        let here = first.items.map_or(0, |items| items.len() as u64);
        let rest = first.metadata.remaining_item_count;
        Ok(if first.metadata.r#continue.is_empty() { Some(here) } else { rest.map(|rest| here.saturating_add(rest)) })
    }
}

/// Subresources (`deployments/scale`) have kinds of their own, or the same one.
fn named(version: OfVersion, kind: &str) -> Option<NamedKind> {
    let mut whole = version.resources.into_iter().filter(|resource| !resource.name.contains('/'));
    let found = whole.find(|resource| resource.kind == kind)?;
    Some(NamedKind { plural: found.name, namespaced: found.namespaced })
}

fn kinds(groups: Groups) -> Vec<ServedKind> {
    let mut found: Vec<ServedKind> = Vec::new();
    for group in groups.items {
        let listable = group.versions.iter().flat_map(|version| {
            let resources =
                version.resources.iter().filter(|resource| resource.verbs.iter().any(|verb| verb == "list"));
            resources.map(|resource| (version.version.clone(), resource.resource.clone()))
        });
        let group_kinds: Vec<_> = listable.collect();
        for (version, plural) in group_kinds {
            if !found.iter().any(|kind| kind.group == group.metadata.name && kind.plural == plural) {
                found.push(ServedKind { group: group.metadata.name.clone(), version, plural });
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A kind that is in the old version of its group only must not be overlooked, nor counted twice.
    #[test]
    fn kinds_are_taken_from_the_version_that_is_preferred_and_from_others_where_it_lacks_them() {
        let text = r#"{"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "items": [
            {"metadata": {"name": "argoproj.io", "creationTimestamp": null}, "versions": [
                {"version": "v1", "resources": [
                    {"resource": "rollouts", "verbs": ["get", "list"], "subresources": [{"subresource": "scale"}]},
                    {"resource": "reviews", "verbs": ["create"]}], "freshness": "Current"},
                {"version": "v1alpha1", "resources": [
                    {"resource": "rollouts", "verbs": ["list"]}, {"resource": "sensors", "verbs": ["list"]}]}]},
            {"metadata": {"name": "metrics.k8s.io"}, "versions": [{"version": "v1beta1", "freshness": "Stale"}]}]}"#;
        let found = kinds(serde_json::from_str(text).unwrap());
        let found: Vec<String> = found.iter().map(|k| format!("{}.{}/{}", k.plural, k.group, k.version)).collect();
        assert_eq!(found, ["rollouts.argoproj.io/v1", "sensors.argoproj.io/v1alpha1"]);
        let of_old_servers = r#"{"kind": "APIGroupList", "groups": [{"name": "apps"}]}"#;
        assert!(serde_json::from_str::<Groups>(of_old_servers).is_err());
    }
}
