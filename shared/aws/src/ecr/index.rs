//! Which images a multi-architecture image points at.

use std::collections::BTreeMap;

use futures::{StreamExt, TryStreamExt, stream};

use super::read::{AT_ONCE, IDS};
use super::registry::{Call, ImageId, Registry};
use super::translate;
use crate::error::RegistryError;
use crate::trouble::Trouble;
use release_core::registry::index_manifest;
use release_core::registry::index_manifest::IndexChild;

impl Registry {
    /// The images that each of these indexes points at; no entry for a digest that isn't there.
    ///
    /// ECR takes reading a manifest for a pull and notes the time of it on the index (not on what
    /// it points at): read [`Self::images`] before, and ask for as few as answer the question.
    ///
    /// # Errors
    /// See [`RegistryError`].
    pub async fn index_children(
        &self,
        repository: &str,
        digests: &[String],
    ) -> Result<BTreeMap<String, Vec<IndexChild>>, RegistryError> {
        let parts = digests.chunks(IDS).map(|part| self.manifests(repository, part));
        let parts: Vec<_> = stream::iter(parts).buffered(AT_ONCE).try_collect().await?;
        Ok(parts.into_iter().flatten().collect())
    }

    async fn manifests(
        &self,
        repository: &str,
        digests: &[String],
    ) -> Result<Vec<(String, Vec<IndexChild>)>, RegistryError> {
        let call = Call::new("BatchGetImage", repository);
        let ids = digests.iter().map(|d| translate::identifier(&ImageId::Digest(d.clone()))).collect();
        let request = self.client.batch_get_image().repository_name(repository).set_registry_id(self.account.clone());
        let types = index_manifest::INDEX_TYPES.map(str::to_owned).to_vec();
        let request = request.set_image_ids(Some(ids)).set_accepted_media_types(Some(types));
        let answer = self.made(call, || request.clone().send()).await?;
        let read = self.list(call, "images", answer.images)?.into_iter().filter_map(|image| {
            let digest = image.image_id.and_then(|id| id.image_digest)?;
            Some(index_manifest::children(&image.image_manifest?).map(|children| (digest, children)))
        });
        read.collect::<Result<_, String>>().map_err(|why| self.failed(call, Trouble::Garbled(why)))
    }
}
