//! Who wrote the selector, as the object itself tells.

use k8s_openapi::api::core::v1::Service;
use serde_json::Value;

/// A manifest larger than this was not written by `kubectl apply`: all annotations together may
/// have 256 KiB.
const READABLE_BYTES: usize = 256 * 1024;

/// The field manager of this suite, where `--field-manager` doesn't say another.
const OURS: &str = "kubectl-release";

/// Tools that write when a person or a pipeline starts them, and not by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnNextApply {
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

/// The manager, among those asked for, that holds the selector by server-side apply.
///
/// Whoever changes a field by any other write takes it from those who held it: an owner found here
/// has applied it since.
pub fn owner(service: &Service, is_asked_for: impl Fn(&str) -> bool) -> Option<&str> {
    let mut entries = service.metadata.managed_fields.iter().flatten();
    let entry = entries.find(|entry| {
        let manager = entry.manager.as_deref().unwrap_or_default();
        // Argo CD writes without server-side apply too, unless it is told to use it.
        let applies = entry.operation.as_deref() == Some("Apply") || manager == "argocd-controller";
        let whole_object = entry.subresource.as_deref().unwrap_or_default().is_empty();
        let fields = entry.fields_v1.as_ref().map(|f| &f.0);
        let selector = fields.and_then(|f| f.pointer("/f:spec/f:selector")).is_some();
        applies && whole_object && selector && manager != OURS && is_asked_for(manager)
    })?;
    entry.manager.as_deref()
}

/// The command whose next run writes the selector again: `kubectl apply` keeps the whole manifest
/// in an annotation, the others own the field.
pub fn applied_by_hand(service: &Service) -> Option<&'static str> {
    let annotations = service.metadata.annotations.as_ref();
    let last = annotations.and_then(|a| a.get("kubectl.kubernetes.io/last-applied-configuration"));
    let manifest: Option<Value> =
        last.filter(|raw| raw.len() <= READABLE_BYTES).and_then(|raw| serde_json::from_str(raw).ok());
    if manifest.is_some_and(|m| m.pointer("/spec/selector").is_some_and(Value::is_object)) {
        return Some(OnNextApply::Kubectl.command());
    }
    let manager = owner(service, |manager| manager != "helm" && OnNextApply::of(manager).is_some())?;
    OnNextApply::of(manager).map(OnNextApply::command)
}
