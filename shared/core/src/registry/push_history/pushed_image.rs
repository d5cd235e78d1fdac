//! An image of a repository, as the registry describes it.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::scan::Scan;
use crate::registry::subject_tag::subject_in_tag;

/// One image of a repository, as the registry describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PushedImage {
    /// `sha256:…`
    pub digest: String,
    /// In alphabetical order; empty for an untagged image.
    pub tags: Vec<String>,
    pub pushed_at: Timestamp,
    /// Compressed, as the registry stores it; nothing for an index.
    pub size_bytes: Option<u64>,
    pub status: ImageStatus,
    /// The last pull that the registry recorded, at most once a day.
    pub last_pulled_at: Option<Timestamp>,
    /// When the image was moved to archive storage last.
    pub last_archived_at: Option<Timestamp>,
    /// When the image was restored from archive storage last.
    pub last_activated_at: Option<Timestamp>,
    /// `imageManifestMediaType`
    pub manifest_type: Option<String>,
    /// `artifactMediaType`: the media type of the configuration, or the artifact's own.
    pub artifact_type: Option<String>,
    /// The image that this one is about: it is a signature, an attestation or another referrer.
    pub subject: Option<String>,
    pub scan: Scan,
}

impl PushedImage {
    /// An image of which nothing but its digest and its time is known.
    #[must_use]
    pub fn untagged(digest: impl Into<String>, pushed_at: Timestamp) -> Self {
        Self {
            digest: digest.into(),
            tags: Vec::new(),
            pushed_at,
            size_bytes: None,
            status: ImageStatus::Active,
            last_pulled_at: None,
            last_archived_at: None,
            last_activated_at: None,
            manifest_type: None,
            artifact_type: None,
            subject: None,
            scan: Scan::unknown(None),
        }
    }

    /// The images that it is about, by its manifest and by its tags.
    pub fn subjects(&self) -> impl Iterator<Item = String> {
        let in_tags = self.tags.iter().filter_map(|tag| subject_in_tag(tag)).map(|(subject, _)| subject);
        self.subject.clone().into_iter().chain(in_tags)
    }
}

/// Whether an image can be pulled. Written as ECR writes it: `ACTIVE`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ImageStatus {
    Active,
    /// In archive storage: it has to be restored before it can be pulled.
    Archived,
    /// On its way back from the archive.
    Activating,
}
