//! Whether somebody has signed an image, as far as ECR knows.

use std::collections::BTreeMap;

use aws_sdk_ecr::types::SubjectIdentifier;
use release_core::registry::push_history::ImageStatus;
use release_core::registry::signature::{Annotations, Referrer, Signed, Signer, cosign_tag, listed_in, referrers_tag};

use super::read::{IDS, Pages};
use super::registry::{Call, ImageId, Registry};
use super::translate;
use crate::error::RegistryError;
use crate::trouble::Trouble;

/// The most that ListImageReferrers gives in a page
/// (<https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ListImageReferrers.html>).
const PAGE: i32 = 50;
/// Manifests that may be a signature's, a list of what refers to an image, or an image's.
const MANIFESTS: [&str; 3] = [
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
];

/// Something that refers to an image.
struct Found {
    digest: String,
    kind: Referrer,
}

impl Registry {
    /// Looks for a signature of the image of this digest: by cosign's tag, among what refers to it, and in the list
    /// under the tag that stands for that where a client didn't know referrers. What is archived can't be verified, and
    /// is none.
    ///
    /// # Errors
    /// See [`RegistryError`].
    pub async fn signed(&self, repository: &str, digest: &str) -> Result<Signed, RegistryError> {
        let (Some(cosign), Some(list)) = (cosign_tag(digest), referrers_tag(digest)) else { return Ok(Signed::Not) };
        let named = self.images_by(repository, &[ImageId::Tag(cosign.clone()), ImageId::Tag(list.clone())]).await?;
        let has = |tag: &String| named.iter().find(|i| i.tags.contains(tag) && i.status == ImageStatus::Active);
        if has(&cosign).is_some() {
            return Ok(Signed::By(Signer::Cosign));
        }
        let mut found = self.referrers(repository, digest).await?;
        if let Some(list) = has(&list) {
            found.extend(self.listed(repository, &list.digest).await?);
        }
        if let Some(signer) = signer(&found) {
            return Ok(Signed::By(signer));
        }
        let unclear: Vec<String> =
            found.into_iter().filter(|one| one.kind == Referrer::MaybeSignature).map(|one| one.digest).collect();
        if unclear.is_empty() { Ok(Signed::Not) } else { self.looked_into(repository, &unclear).await }
    }

    async fn referrers(&self, repository: &str, digest: &str) -> Result<Vec<Found>, RegistryError> {
        let mut call = Call::new("ListImageReferrers", repository);
        let subject = SubjectIdentifier::builder().image_digest(digest).build();
        let subject = subject.map_err(|_| self.failed(call, Trouble::Garbled("an image without a digest".into())))?;
        let (mut found, mut pages) = (Vec::new(), Pages::default());
        loop {
            let request = self.client.list_image_referrers().repository_name(repository).subject_id(subject.clone());
            let request = request.set_registry_id(self.account.clone()).max_results(PAGE).set_next_token(pages.token());
            let page = self.made(call, || request.clone().send()).await?;
            for one in self.list(call, "referrers", page.referrers)? {
                let annotations: Annotations = one.annotations.unwrap_or_default().into_iter().collect();
                found
                    .push(Found { kind: Referrer::of(one.artifact_type.as_deref(), &annotations), digest: one.digest });
            }
            // One is enough, and there may be thousands of attestations.
            if signer(&found).is_some() || !self.has_next_page(call, &mut pages, page.next_token, found.len())? {
                return Ok(found);
            }
            call.page = call.page.saturating_add(1);
        }
    }

    /// What a list under the referrers' tag has.
    async fn listed(&self, repository: &str, list: &str) -> Result<Vec<Found>, RegistryError> {
        let read = self.manifests_of(repository, &[list.to_owned()]).await?;
        let found = |(digest, kind)| Found { digest, kind };
        Ok(read.values().flat_map(|text| listed_in(text)).map(found).collect())
    }

    /// Lists drop annotations; manifests have them, if anything has.
    async fn looked_into(&self, repository: &str, unclear: &[String]) -> Result<Signed, RegistryError> {
        let read = self.manifests_of(repository, unclear.get(..IDS).unwrap_or(unclear)).await?;
        let kind = |digest: &String| {
            let kind = read.get(digest).map_or(Referrer::MaybeSignature, |text| Referrer::of_manifest(text));
            Found { digest: digest.clone(), kind }
        };
        let found: Vec<Found> = unclear.iter().map(kind).collect();
        Ok(match signer(&found) {
            Some(signer) => Signed::By(signer),
            None if found.iter().any(|one| one.kind == Referrer::MaybeSignature) => Signed::Maybe,
            None => Signed::Not,
        })
    }

    pub(super) async fn manifests_of(
        &self,
        repository: &str,
        digests: &[String],
    ) -> Result<BTreeMap<String, String>, RegistryError> {
        let call = Call::new("BatchGetImage", repository);
        let ids = digests.iter().map(|digest| translate::identifier(&ImageId::Digest(digest.clone()))).collect();
        let request = self.client.batch_get_image().repository_name(repository).set_registry_id(self.account.clone());
        let types = MANIFESTS.map(str::to_owned).to_vec();
        let request = request.set_image_ids(Some(ids)).set_accepted_media_types(Some(types));
        let answer = self.made(call, || request.clone().send()).await?;
        let images = self.list(call, "images", answer.images)?.into_iter();
        Ok(images.filter_map(|image| Some((image.image_id?.image_digest?, image.image_manifest?))).collect())
    }
}

fn signer(found: &[Found]) -> Option<Signer> {
    found.iter().find_map(|one| match one.kind {
        Referrer::Signature(signer) => Some(signer),
        Referrer::MaybeSignature | Referrer::Other => None,
    })
}
