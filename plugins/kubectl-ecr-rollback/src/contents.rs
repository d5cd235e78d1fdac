//! What the registry is asked for one rollback.

use std::collections::{BTreeMap, BTreeSet};

use release_aws::connect::Address;
use release_aws::ecr::{Registry, connect};
use release_aws::error::RegistryError;
use release_aws::trouble::Trouble;
use release_cli::run::Run;
use release_cluster::read::Reading;
use release_core::failure::{Failure, Outcome};
use release_core::registry::ecr_reference::EcrRepository;
use release_core::registry::index_manifest::IndexChildren;
use release_core::registry::push_history::{
    ImageStatus, PushedImage, Question, Repository, Scan, choose, is_index, manifests_to_read,
};
use tokio::time::Instant;

/// So many manifests are asked for in one call, at most: ECR takes no more `imageIds`.
const MANIFESTS_AT_ONCE: usize = 100;
/// How many times more each time: mostly the first one tells.
const GROWTH: usize = 4;

/// A repository's images, and the way to ask for more.
#[derive(Debug, Clone)]
pub struct RepositoryContents {
    registry: Registry,
    name: String,
    pub images: Vec<PushedImage>,
    /// What indexes are made of, as far as that was read.
    pub children: IndexChildren,
    /// Archived indexes whose manifests were asked for and not given out.
    sealed: BTreeSet<String>,
    manifests_unreadable: bool,
}

impl RepositoryContents {
    /// Reads all images of a repository.
    ///
    /// # Errors
    /// Exit 1, with what to check next.
    pub async fn read(run: &Run, repository: &EcrRepository) -> Outcome<Self> {
        let address = Address::from(repository);
        let registry = connect(&address, run.cluster.request_timeout(), run.log()).await?.until(run.deadline());
        let images = registry.images(&repository.name).await.map_err(Failure::from)?;
        let (name, children) = (repository.name.clone(), IndexChildren::new());
        Ok(Self { registry, name, images, children, sealed: BTreeSet::new(), manifests_unreadable: false })
    }

    /// Reads the manifests that decide the question, until it is decided. Where they may not be read,
    /// that is known from then on.
    ///
    /// # Errors
    /// Exit 1, with what to check next.
    pub async fn read_what_decides(&mut self, question: &Question<'_>) -> Outcome<()> {
        let mut at_once = 1;
        loop {
            let question = Question { repository: Some(self.repository()), ..*question };
            let mut wanted = manifests_to_read(&question, &choose(&question));
            if wanted.is_empty() {
                return Ok(());
            }
            wanted.truncate(at_once);
            self.read_manifests(&wanted).await?;
            at_once = at_once.saturating_mul(GROWTH).min(MANIFESTS_AT_ONCE);
        }
    }

    async fn read_manifests(&mut self, indexes: &[String]) -> Outcome<()> {
        let (listed, forbidden) = match self.registry.index_children(&self.name, indexes).await {
            Ok(listed) => (listed, false),
            Err(RegistryError { trouble: Trouble::AccessDenied { .. } | Trouble::Unsupported, .. }) => {
                (BTreeMap::new(), true)
            }
            Err(error) => return Err(error.into()),
        };
        // One that is gone meanwhile, or that can't be given out, is as good as one that is forbidden; but that an
        // archived one is not given out says nothing about the others.
        let is_archived = |index: &String| {
            !forbidden && self.images.iter().any(|i| i.digest == *index && i.status != ImageStatus::Active)
        };
        let missing = indexes.iter().filter(|index| !listed.contains_key(*index)).cloned();
        let (sealed, unreadable): (Vec<String>, Vec<String>) = missing.partition(is_archived);
        self.sealed.extend(sealed);
        self.manifests_unreadable |= !unreadable.is_empty();
        self.children.extend(listed);
        for index in indexes {
            let scan = self.listed_scan_of_parts(index);
            if let Some(image) = self.images.iter_mut().find(|image| image.digest == *index) {
                image.scan = scan;
            }
        }
        Ok(())
    }

    /// As far as the list has it.
    fn listed_scan_of_parts(&self, index: &str) -> Scan {
        let children = self.children.get(index).into_iter().flatten().filter(|child| !child.is_attestation);
        let unknown = Scan::unknown(None);
        let parts: Vec<&Scan> = children
            .map(|child| self.images.iter().find(|i| i.digest == child.digest).map_or(&unknown, |part| &part.scan))
            .collect();
        Scan::of_parts(parts.into_iter())
    }

    /// The same, to be asked until then: people have taken their time meanwhile.
    #[must_use]
    pub fn until(&self, deadline: Instant) -> Self {
        Self { registry: self.registry.clone().until(deadline), ..self.clone() }
    }

    /// For a question.
    #[must_use]
    pub fn repository(&self) -> Repository<'_> {
        let Self { images, children, sealed, manifests_unreadable, .. } = self;
        Repository { images, children, sealed, manifests_unreadable: *manifests_unreadable }
    }

    /// One image, with the result of its scan where the list doesn't have it. An index is scanned in
    /// its parts.
    pub async fn with_scan(&self, digest: Option<&str>) -> Option<PushedImage> {
        let mut image = self.images.iter().find(|i| Some(i.digest.as_str()) == digest)?.clone();
        image.scan = if is_index(&image) {
            self.scan_of_parts(&image.digest).await
        } else {
            self.registry.scan_of(&self.name, &image).await
        };
        Some(image)
    }

    async fn scan_of_parts(&self, index: &str) -> Scan {
        let children = match self.children.get(index) {
            Some(children) => children.clone(),
            None => match self.registry.index_children(&self.name, &[index.to_owned()]).await {
                Ok(mut listed) => listed.remove(index).unwrap_or_default(),
                Err(error) => return Scan::unknown(Some(error.reason())),
            },
        };
        self.registry.scan_of_parts(&self.name, &children, &self.images).await
    }

    /// The lifecycle policy in force.
    pub async fn policy(&self) -> Reading<Option<String>> {
        self.registry.lifecycle_policy(&self.name).await.map_err(|error: RegistryError| error.to_string())
    }
}
