//! What scans found in images that are about to be deployed.

use futures::future::join_all;

use super::registry::{Call, ImageId, Registry};
use super::translate;
use crate::error::RegistryError;
use release_core::registry::index_manifest::IndexChild;
use release_core::registry::push_history::{PushedImage, Scan, is_index};

/// An image of a repository, with what its scan says and the images that it is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScannedImage {
    /// What is to be known of an index' scan is in its parts, and put together here.
    pub image: PushedImage,
    /// Digests of an index' platforms; none for any other image.
    pub parts: Vec<String>,
}

impl Registry {
    /// What the scan of one image found. Enhanced scans and the newer basic scans are not in
    /// [`Self::images`], which says `ACTIVE` or `COMPLETE` there.
    ///
    /// # Errors
    /// See [`RegistryError`]; an image that was never scanned is none.
    pub async fn scan(&self, repository: &str, digest: &str) -> Result<Scan, RegistryError> {
        let call = Call::new("DescribeImageScanFindings", repository);
        let request = self.client.describe_image_scan_findings().repository_name(repository);
        let request = request.set_registry_id(self.account.clone()).max_results(1);
        let request = request.image_id(translate::identifier(&ImageId::Digest(digest.to_owned())));
        match self.made(call, || request.clone().send()).await {
            // The counts are of all findings, not of this page's.
            Ok(answer) => {
                let counts = answer.image_scan_findings.and_then(|f| f.finding_severity_counts);
                Ok(translate::scan(counts.as_ref(), answer.image_scan_status.as_ref()))
            }
            Err(error) if error.is_code("ScanNotFoundException") => Ok(Scan::unknown(None)),
            Err(error) => Err(error),
        }
    }

    /// The same where the list that an image came from doesn't have it. What can't be read is unknown, and why.
    pub async fn scan_of(&self, repository: &str, image: &PushedImage) -> Scan {
        if !image.scan.is_unknown() {
            return image.scan.clone();
        }
        match self.scan(repository, &image.digest).await {
            // The list knows a state that the scan itself doesn't.
            Ok(scan) if scan == Scan::unknown(None) => image.scan.clone(),
            Ok(scan) => scan,
            Err(error) => Scan::Unknown { why: Some(error.reason().into()), findings: image.scan.findings().clone() },
        }
    }

    /// What the scans of an index' parts say together; a part that isn't among these images is unknown.
    pub async fn scan_of_parts(&self, repository: &str, children: &[IndexChild], images: &[PushedImage]) -> Scan {
        let parts = children.iter().filter(|child| !child.is_attestation).map(async |child| {
            match images.iter().find(|image| image.digest == child.digest) {
                Some(part) => self.scan_of(repository, part).await,
                None => Scan::unknown(None),
            }
        });
        let parts: Vec<Scan> = join_all(parts).await;
        Scan::of_parts(parts.iter())
    }

    /// One image of a repository with its scan, an index with those of its parts; nothing where it isn't there.
    ///
    /// # Errors
    /// See [`RegistryError`], where the image itself can't be read; of a scan that can't be, `why` says so.
    pub async fn scanned(&self, repository: &str, id: &ImageId) -> Result<Option<ScannedImage>, RegistryError> {
        let Some(mut image) = self.images_by(repository, std::slice::from_ref(id)).await?.pop() else {
            return Ok(None);
        };
        if !is_index(&image) {
            image.scan = self.scan_of(repository, &image).await;
            return Ok(Some(ScannedImage { image, parts: Vec::new() }));
        }
        let (scan, parts) = match self.parts(repository, &image.digest).await {
            Ok((children, images)) => {
                let scan = self.scan_of_parts(repository, &children, &images).await;
                let parts = children.into_iter().filter(|child| !child.is_attestation).map(|child| child.digest);
                (scan, parts.collect())
            }
            Err(error) => (Scan::unknown(Some(error.reason())), Vec::new()),
        };
        image.scan = scan;
        Ok(Some(ScannedImage { image, parts }))
    }

    async fn parts(&self, repository: &str, index: &str) -> Result<(Vec<IndexChild>, Vec<PushedImage>), RegistryError> {
        let listed = self.index_children(repository, &[index.to_owned()]).await?.remove(index);
        let children = listed.unwrap_or_default();
        let of_parts = children.iter().filter(|child| !child.is_attestation);
        let ids: Vec<ImageId> = of_parts.map(|child| ImageId::Digest(child.digest.clone())).collect();
        let images = self.images_by(repository, &ids).await?;
        Ok((children, images))
    }
}
