//! What manifests that are no index are of.

use futures::{StreamExt, TryStreamExt, stream};
use release_core::registry::manifest_content::{ManifestContent, ManifestContents};

use super::read::{AT_ONCE, IDS};
use super::registry::Registry;
use crate::error::RegistryError;

impl Registry {
    /// What each of these is of, by its manifest; what the registry doesn't give out is not known. To ECR reading one
    /// is a pull, as with [`Self::index_children`].
    ///
    /// # Errors
    /// See [`RegistryError`].
    pub async fn contents_of(&self, repository: &str, digests: &[String]) -> Result<ManifestContents, RegistryError> {
        let parts = digests.chunks(IDS).map(|part| self.manifests_of(repository, part));
        let parts: Vec<_> = stream::iter(parts).buffered(AT_ONCE).try_collect().await?;
        let texts: ManifestContents =
            parts.into_iter().flatten().map(|(digest, text)| (digest, ManifestContent::of(&text))).collect();
        let content = |digest: &String| texts.get(digest).cloned().unwrap_or(ManifestContent::Unknown);
        Ok(digests.iter().map(|digest| (digest.clone(), content(digest))).collect())
    }
}
