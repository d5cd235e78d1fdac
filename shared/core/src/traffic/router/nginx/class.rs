//! Which ingress-nginx looks after an Ingress (`GetIngressClass` of its `internal/ingress/controller/store`).

use k8s_openapi::api::networking::v1::{Ingress, IngressClass};

use super::annotations::annotation;

const CLASS_ANNOTATION: &str = "kubernetes.io/ingress.class";
/// What one is called that was told nothing else: the class, and the controller in it.
const NGINX: &str = "nginx";
const CONTROLLER: &str = "k8s.io/ingress-nginx";
/// Of AKS's application routing, which runs ingress-nginx; with names behind it, of more than one
/// (<https://learn.microsoft.com/azure/aks/app-routing>).
const AKS: &str = "webapprouting.kubernetes.azure.com/nginx";

/// The controller of an Ingress, where it is an ingress-nginx. Several that run side by side have a name each. `classes`
/// are those of the cluster; nothing where they couldn't be read.
///
/// An IngressClass counts by its name first, and has to be there. Without one the annotation does, which is the name of
/// a class, too, or what the controller was started with; one that looks after Ingresses without a class isn't known.
#[must_use]
pub fn controller_of<'c>(ingress: &'c Ingress, classes: Option<&'c [IngressClass]>) -> Option<&'c str> {
    let named = |name: &str| {
        let found = classes?.iter().find(|one| one.metadata.name.as_deref() == Some(name))?;
        Some(found.spec.as_ref().and_then(|spec| spec.controller.as_deref()).unwrap_or_default())
    };
    let by_name = ingress.spec.as_ref().and_then(|spec| spec.ingress_class_name.as_deref());
    let class = by_name.or_else(|| annotation(ingress, CLASS_ANNOTATION))?;
    match named(class) {
        Some(controller) => Some(controller).filter(|controller| is_ingress_nginx(controller)),
        None => (class == NGINX && (by_name.is_none() || classes.is_none())).then_some(CONTROLLER),
    }
}

/// The project's own, or one beside it by its guide (`k8s.io/internal-ingress-nginx`,
/// <https://kubernetes.github.io/ingress-nginx/user-guide/multiple-ingress/>). That of F5 (`nginx.org/ingress-controller`)
/// knows none of these annotations.
fn is_ingress_nginx(controller: &str) -> bool {
    let of_project = controller.strip_prefix("k8s.io/").is_some_and(|name| name.contains(NGINX));
    let of_aks = controller.strip_prefix(AKS).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    of_project || of_aks
}
