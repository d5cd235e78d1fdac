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
use release_core::registry::index_manifest::{IndexChild, IndexChildren};
use release_core::registry::manifest_content::ManifestContents;
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
    /// What other manifests are of, as far as that was read.
    contents: ManifestContents,
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
        Ok(Self {
            registry,
            name: repository.name.clone(),
            images,
            children: IndexChildren::new(),
            contents: ManifestContents::new(),
            sealed: BTreeSet::new(),
            manifests_unreadable: false,
        })
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

    async fn read_manifests(&mut self, digests: &[String]) -> Outcome<()> {
        let is_listed = |digest: &String| self.images.iter().any(|i| i.digest == *digest && is_index(i));
        let (indexes, others): (Vec<String>, Vec<String>) = digests.iter().cloned().partition(is_listed);
        if !others.is_empty() {
            match self.registry.contents_of(&self.name, &others).await {
                Ok(read) => self.contents.extend(read),
                Err(error) if is_withheld(&error) => self.manifests_unreadable = true,
                Err(error) => return Err(error.into()),
            }
        }
        if indexes.is_empty() { Ok(()) } else { self.read_indexes(&indexes).await }
    }

    async fn read_indexes(&mut self, indexes: &[String]) -> Outcome<()> {
        let (listed, forbidden) = match self.registry.index_children(&self.name, indexes).await {
            Ok(listed) => (listed, false),
            Err(error) if is_withheld(&error) => (BTreeMap::new(), true),
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
        let Self { images, children, contents, sealed, manifests_unreadable, .. } = self;
        Repository { images, children, contents, sealed, manifests_unreadable: *manifests_unreadable }
    }

    /// One image, with the result of its scan where the list doesn't have it. An index is scanned in
    /// its parts; these with it, where they are known.
    pub async fn with_scan(&self, digest: Option<&str>) -> Option<(PushedImage, Option<Vec<IndexChild>>)> {
        let mut image = self.images.iter().find(|i| Some(i.digest.as_str()) == digest)?.clone();
        if !is_index(&image) {
            image.scan = self.registry.scan_of(&self.name, &image).await;
            return Some((image, None));
        }
        let parts = self.parts_of(&image.digest).await;
        image.scan = match &parts {
            Ok(parts) => self.registry.scan_of_parts(&self.name, parts, &self.images).await,
            Err(error) => Scan::unknown(Some(error.reason())),
        };
        Some((image, parts.ok()))
    }

    async fn parts_of(&self, index: &str) -> Result<Vec<IndexChild>, RegistryError> {
        match self.children.get(index) {
            Some(children) => Ok(children.clone()),
            None => {
                let mut listed = self.registry.index_children(&self.name, &[index.to_owned()]).await?;
                Ok(listed.remove(index).unwrap_or_default())
            }
        }
    }

    /// The lifecycle policy in force.
    pub async fn policy(&self) -> Reading<Option<String>> {
        self.registry.lifecycle_policy(&self.name).await.map_err(|error: RegistryError| error.to_string())
    }
}

/// Manifests can't be had by whoever we are.
fn is_withheld(error: &RegistryError) -> bool {
    matches!(error.trouble, Trouble::AccessDenied { .. } | Trouble::Unsupported)
}
