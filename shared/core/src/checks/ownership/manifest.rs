//! Who wrote a field, as the object itself tells.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::Value;

use super::owned::Owned;

/// A manifest larger than this was not written by `kubectl apply`: all annotations together may
/// have 256 KiB.
const READABLE_BYTES: usize = 256 * 1024;

/// The field manager of this suite, where `--field-manager` doesn't say another.
const OURS: &str = "kubectl-release";

/// Tools that write when a person or a pipeline starts them, and not by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OnNextApply {
    Kubectl,
    Helm,
    Terraform,
    Pulumi,
}

impl OnNextApply {
    /// The tool behind a field manager's name.
    pub fn of(manager: &str) -> Option<Self> {
        match manager {
            "kubectl" => Some(Self::Kubectl),
            "helm" => Some(Self::Helm),
            "Terraform" => Some(Self::Terraform),
            _ if manager.starts_with("pulumi") => Some(Self::Pulumi),
            _ => None,
        }
    }

    fn command(self) -> &'static str {
        match self {
            Self::Kubectl => "kubectl apply",
            Self::Helm => "helm upgrade",
            Self::Terraform => "terraform apply",
            Self::Pulumi => "pulumi up",
        }
    }
}

/// The manager, among those asked for, that holds the field by server-side apply.
///
/// Whoever changes a field by any other write takes it from those who held it: an owner found here
/// has applied it since.
pub(super) fn owner<'a>(owned: &Owned<'a>, is_asked_for: impl Fn(&str) -> bool) -> Option<&'a str> {
    let mut entries = owned.metadata.managed_fields.iter().flatten();
    let entry = entries.find(|entry| {
        let manager = entry.manager.as_deref().unwrap_or_default();
        // Argo CD writes without server-side apply too, unless it is told to use it.
        let applies = entry.operation.as_deref() == Some("Apply") || manager == "argocd-controller";
        let whole_object = entry.subresource.as_deref().unwrap_or_default().is_empty();
        let fields = entry.fields_v1.as_ref().map(|f| &f.0);
        let holds = fields.is_some_and(|f| owned.field.managed.iter().any(|pointer| f.pointer(pointer).is_some()));
        applies && whole_object && holds && manager != OURS && is_asked_for(manager)
    })?;
    entry.manager.as_deref()
}

/// How the tool that wrote a field goes about it when it is run again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Applied {
    /// It writes the field again.
    Writes(&'static str),
    /// It applies server-side: whoever has written the field since holds it, and that is a conflict
    /// (<https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts>).
    Conflicts(&'static str),
    /// `kubectl apply` was used both ways. `--server-side` keeps the annotation of the other up to date,
    /// so it doesn't tell which of them comes next.
    Either,
}

/// What the manifest that `kubectl apply` had last, client-side, says of a field.
#[must_use]
pub fn applied(metadata: &ObjectMeta, pointer: &str) -> Option<Value> {
    let last = metadata.annotations.as_ref()?.get("kubectl.kubernetes.io/last-applied-configuration")?;
    if last.len() > READABLE_BYTES {
        return None;
    }
    let manifest: Value = serde_json::from_str(last).ok()?;
    manifest.pointer(pointer).filter(|value| !value.is_null()).cloned()
}

/// The command whose next run is about the field again: `kubectl apply` keeps the whole manifest
/// in an annotation, the others own the field.
pub(super) fn applied_by_hand(owned: &Owned<'_>) -> Option<Applied> {
    if applied(owned.metadata, owned.field.json).is_some() {
        let server_side = owner(owned, |manager| manager == "kubectl").is_some();
        return Some(if server_side { Applied::Either } else { Applied::Writes(OnNextApply::Kubectl.command()) });
    }
    // kapp keeps its own copy (<https://carvel.dev/kapp/docs/latest/diff/>).
    if owned.label("kapp.k14s.io/app").is_some() {
        return Some(Applied::Writes("kapp deploy"));
    }
    let manager = owner(owned, |manager| manager != "helm" && OnNextApply::of(manager).is_some())?;
    match OnNextApply::of(manager)? {
        OnNextApply::Kubectl => Some(Applied::Conflicts("kubectl apply --server-side")),
        tool => Some(Applied::Conflicts(tool.command())),
    }
}
