//! Whether a reference under another host's name may lead to a repository of ECR: a domain of one's
//! own, a mirror, a cache that is pulled through.

use super::ecr_reference::{EcrRepository, NotEcr, is_host};
use super::image::ImageRef;

/// Registries that everybody pulls from, besides Docker Hub and ECR Public. Nobody's own domain stands
/// before them: only a mirror on the nodes, or a rule that rewrites references, leads from them to ECR.
const PUBLIC: [&str; 9] = [
    "quay.io",
    "ghcr.io",
    "gcr.io",
    "registry.k8s.io",
    "k8s.gcr.io",
    "mcr.microsoft.com",
    "registry.gitlab.com",
    "docker.elastic.co",
    "nvcr.io",
];

/// True for an image of Docker Hub, ECR Public, or another registry that everybody pulls from.
#[must_use]
pub fn is_public(reference: &str) -> bool {
    match EcrRepository::of(reference) {
        Err(NotEcr::DockerHub | NotEcr::EcrPublic) => true,
        Err(NotEcr::OtherRegistry(host)) => {
            let is = |public: &str| host == public || host.strip_suffix(public).is_some_and(|h| h.ends_with('.'));
            PUBLIC.iter().any(|public| is(public))
        }
        Ok(_) | Err(NotEcr::Malformed(_)) => false,
    }
}

/// True where a reference that is not of ECR may be of the repository of this name.
///
/// A domain of one's own, or a mirror, has the repository's name as its path, with or without
/// something before it: `registry.example.com/shop/api` for `api`. A cache that is pulled through has
/// the path at the end of its name: `docker-hub/library/nginx` for `nginx`. Mirrors of public
/// registries keep the whole path
/// (<https://github.com/containerd/containerd/blob/main/docs/hosts.md>), so that `docker.io/library/nginx`
/// leads to `library/nginx` and never to `nginx`.
#[must_use]
pub fn may_lead_to(reference: &str, repository: &str) -> bool {
    let Some(path) = path_elsewhere(reference) else { return false };
    let ends = |whole: &str, end: &str| {
        whole.strip_suffix(end).is_some_and(|before| before.is_empty() || before.ends_with('/'))
    };
    ends(repository, &path) || (!is_public(reference) && ends(&path, repository))
}

/// What stands behind the host; `library/` before the short names of Docker Hub. Nothing for a
/// reference of ECR: its host says which repository it is.
fn path_elsewhere(reference: &str) -> Option<String> {
    let named = ImageRef::parse(reference).repository;
    let path = named.split_once('/').filter(|(host, _)| is_host(host)).map_or(named, |(_, path)| path);
    match EcrRepository::of(reference) {
        Ok(_) | Err(NotEcr::Malformed(_)) => None,
        _ if path.is_empty() => None,
        Err(NotEcr::DockerHub) if !path.contains('/') => Some(format!("library/{path}")),
        Err(_) => Some(path.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The nightly job of a team that pulls through its own domain would find its image gone.
    #[test]
    fn ones_own_domain_mirrors_and_caches_may_lead_to_a_repository() {
        for (reference, repository) in [
            ("registry.corp.example/ld:v1", "ld"),
            ("registry.corp.example:5000/shop/ld:v1", "ld"),
            ("registry.corp.example/shop/ld", "shop/ld"),
            ("localhost:5000/ld:v1", "ld"),
            ("registry.corp.example/ld:v1", "cache/ld"),
            ("nginx:1.27", "docker-hub/library/nginx"),
            ("docker.io/library/nginx:1.27", "library/nginx"),
            ("docker.io/grafana/grafana:11", "grafana/grafana"),
            ("quay.io/prometheus/node-exporter:v1", "quay/prometheus/node-exporter"),
            ("public.ecr.aws/nginx/nginx:1", "ecr-public/nginx/nginx"),
        ] {
            assert!(may_lead_to(reference, repository), "{reference} {repository}");
        }
    }

    /// Every cluster has images of Docker Hub: each would stand in the way of a policy.
    #[test]
    fn an_image_that_only_ends_alike_does_not() {
        for (reference, repository) in [
            ("nginx:1.27", "nginx"),
            ("docker.io/library/nginx:1.27", "nginx"),
            ("docker.io/grafana/grafana:11", "grafana"),
            ("ghcr.io/acme/api:1", "api"),
            ("us-docker.pkg.dev.quay.io/acme/api:1", "api"),
            ("public.ecr.aws/nginx/nginx:1", "nginx"),
            ("registry.corp.example/old-ld:v1", "ld"),
            ("registry.corp.example/ld:v1", "old-ld"),
            ("123456789012.dkr.ecr.eu-west-1.amazonaws.com/ld:v1", "ld"),
            ("12.dkr.ecr.eu-west-1.amazonaws.com/ld:v1", "ld"),
            ("registry.corp.example/", "ld"),
            ("", "ld"),
        ] {
            assert!(!may_lead_to(reference, repository), "{reference} {repository}");
        }
    }
}
