//! What the registry is asked for one rollback.

use release_aws::connect::Address;
use release_aws::ecr::{Registry, connect};
use release_aws::error::RegistryError;
use release_cli::run::Run;
use release_cluster::read::Reading;
use release_core::failure::{Failure, Outcome};
use release_core::registry::ecr_reference::EcrRepository;
use release_core::registry::index_manifest::{IndexChild, IndexChildren};
use release_core::registry::push_history::{PodImage, PushedImage, Scan, is_index};

/// A repository's images, and the way to ask for more.
#[derive(Debug)]
pub struct RepositoryContents {
    registry: Registry,
    name: String,
    pub images: Vec<PushedImage>,
    pub children: IndexChildren,
}

impl RepositoryContents {
    /// Reads all images of a repository.
    ///
    /// # Errors
    /// Exit 1, with what to check next.
    pub async fn read(run: &Run, repository: &EcrRepository) -> Outcome<Self> {
        let address = Address::from(repository);
        let registry = connect(&address, run.cluster.request_timeout(), run.verbosity()).await?;
        let images = registry.images(&repository.name).await.map_err(Failure::from)?;
        Ok(Self { registry, name: repository.name.clone(), images, children: IndexChildren::new() })
    }

    /// Finds out which image a running digest is a part of, where it may be a part of one: a
    /// runtime may report the platform's own digest, and an index has its children's push time.
    ///
    /// # Errors
    /// Exit 1, with what to check next.
    pub async fn resolve_parts(&mut self, running: &[PodImage]) -> Outcome<()> {
        let digests: Vec<&str> = running.iter().filter_map(|pod| pod.digest.as_deref()).collect();
        let is_part = |i: &&PushedImage| i.tags.is_empty() && digests.contains(&i.digest.as_str());
        let times: Vec<_> = self.images.iter().filter(is_part).map(|i| i.pushed_at).collect();
        let indexes = self.images.iter().filter(|i| times.contains(&i.pushed_at) && is_index(i));
        let indexes: Vec<String> = indexes.map(|i| i.digest.clone()).collect();
        if !indexes.is_empty() {
            let listed = self.registry.index_children(&self.name, &indexes).await.map_err(Failure::from)?;
            let digests = |children: Vec<IndexChild>| children.into_iter().map(|child| child.digest).collect();
            self.children = listed.into_iter().map(|(index, children)| (index, digests(children))).collect();
        }
        Ok(())
    }

    /// One image, with the result of its scan where the list doesn't have it.
    pub async fn with_scan(&self, digest: Option<&str>) -> Option<PushedImage> {
        let mut image = self.images.iter().find(|i| Some(i.digest.as_str()) == digest)?.clone();
        if matches!(image.scan, Scan::None(_)) {
            // That it can't be asked for is no more than an image that wasn't scanned.
            image.scan = self.registry.scan(&self.name, &image.digest).await.unwrap_or(image.scan);
        }
        Some(image)
    }

    /// The lifecycle policy in force.
    pub async fn policy(&self) -> Reading<Option<String>> {
        self.registry.lifecycle_policy(&self.name).await.map_err(|error: RegistryError| error.to_string())
    }
}
