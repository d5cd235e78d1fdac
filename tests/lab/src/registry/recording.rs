//! Whole repositories that moto never sees.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::image::sha256;
use crate::ecr::instructions::{Recording, RepositoryId};

/// The first push of a generated repository: 2025-01-01T00:00:00Z, as seconds since 1970.
const FIRST_PUSH: u64 = 1_735_689_600;
const BETWEEN_PUSHES: u64 = 300;
/// So many generated images have one untagged among them.
const UNTAGGED_EVERY: u64 = 10;

/// The images of a repository, in the order DescribeImages gives them.
#[derive(Debug, Clone)]
pub struct Recorded {
    images: Vec<Value>,
    page_delay: Duration,
}

impl Recorded {
    /// These ImageDetail objects.
    pub fn new(images: Vec<Value>) -> Self {
        Self { images, page_delay: Duration::ZERO }
    }

    /// A JSON file: an array of ImageDetail objects, or an answer of DescribeImages.
    ///
    /// # Errors
    /// When it cannot be read or is neither.
    pub fn read(file: &Path) -> Result<Self> {
        let text = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        let mut json: Value = serde_json::from_slice(&text).with_context(|| format!("{}", file.display()))?;
        let list = if json.is_array() { json } else { json["imageDetails"].take() };
        let Value::Array(images) = list else { anyhow::bail!("{} has no imageDetails", file.display()) };
        Ok(Self::new(images))
    }

    /// So many images, pushed five minutes apart from 2025-01-01 on, with the tags
    /// `latest-release-1.0.N` (the newest has the highest N), and every tenth untagged; in an
    /// order that says nothing about their times. The same at each call.
    pub fn generated(count: u64) -> Self {
        let mut images: Vec<Value> = (0..count).map(generated).collect();
        images.sort_by(|a, b| a["imageDigest"].as_str().cmp(&b["imageDigest"].as_str()));
        Self::new(images)
    }

    /// Each page takes this time.
    #[must_use]
    pub fn page_delay(mut self, delay: Duration) -> Self {
        self.page_delay = delay;
        self
    }

    pub(super) fn at(self, id: RepositoryId) -> Recording {
        let page_delay_millis = u64::try_from(self.page_delay.as_millis()).unwrap_or(u64::MAX);
        let named = |mut image: Value| {
            image["repositoryName"] = id.name.as_str().into();
            image
        };
        let images = self.images.into_iter().map(named).collect();
        Recording { images, id, page_delay_millis }
    }
}

fn generated(number: u64) -> Value {
    let mut image = json!({
        "registryId": super::ACCOUNT,
        "imageDigest": sha256(format!("generated {number}").as_bytes()),
        "imageSizeInBytes": 48_000_000 + number,
        "imagePushedAt": FIRST_PUSH + BETWEEN_PUSHES * number,
        "imageManifestMediaType": "application/vnd.oci.image.manifest.v1+json",
        "artifactMediaType": "application/vnd.oci.image.config.v1+json",
        "imageStatus": "ACTIVE",
    });
    if number % UNTAGGED_EVERY != UNTAGGED_EVERY - 1 {
        image["imageTags"] = json!([format!("latest-release-1.0.{number}")]);
    }
    image
}
