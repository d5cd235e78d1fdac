//! From the SDK's types to ours, and nothing kept that isn't used: ten thousand images fit.

use std::collections::HashMap;

use aws_sdk_ecr::primitives::DateTime;
use aws_sdk_ecr::types::{
    self, FindingSeverity, ImageActionType, ImageDetail, ImageIdentifier, ImageScanStatus, ImageTagMutability,
    LifecyclePolicyPreviewResult, Repository,
};
use jiff::Timestamp;

use super::registry::{ImageId, PreviewAction, PreviewedImage, RepositoryInfo, TagMutability};
use release_core::registry::index_manifest::INDEX_TYPES;
use release_core::registry::push_history::{Findings, ImageStatus, PushedImage, Scan, ScanSeverity};

/// An image without a digest or a time has no place in any order: that is an answer we don't
/// understand, and no reason to guess.
pub(super) fn image(detail: ImageDetail) -> Result<PushedImage, String> {
    let digest = detail.image_digest.filter(|digest| !digest.is_empty()).ok_or("an image without imageDigest")?;
    let pushed_at = detail.image_pushed_at.as_ref().and_then(timestamp).ok_or("an image without imagePushedAt")?;
    let mut tags = detail.image_tags.unwrap_or_default();
    tags.sort_unstable();
    let summary = detail.image_scan_findings_summary;
    let counts = summary.and_then(|s| s.finding_severity_counts);
    // An index is scanned in its parts: what its own scan says is about nothing.
    let is_index = detail.image_manifest_media_type.as_deref().is_some_and(|t| INDEX_TYPES.contains(&t));
    let scan = if is_index { Scan::unknown(None) } else { scan(counts.as_ref(), detail.image_scan_status.as_ref()) };
    Ok(PushedImage {
        digest,
        tags,
        pushed_at,
        size_bytes: detail.image_size_in_bytes.and_then(|bytes| u64::try_from(bytes).ok()),
        status: match detail.image_status {
            Some(types::ImageStatus::Archived) => ImageStatus::Archived,
            Some(types::ImageStatus::Activating) => ImageStatus::Activating,
            // A status that we don't know may well mean that it can't be pulled; ECR says so then.
            _ => ImageStatus::Active,
        },
        last_pulled_at: detail.last_recorded_pull_time.as_ref().and_then(timestamp),
        last_archived_at: detail.last_archived_at.as_ref().and_then(timestamp),
        last_activated_at: detail.last_activated_at.as_ref().and_then(timestamp),
        manifest_type: detail.image_manifest_media_type,
        artifact_type: detail.artifact_media_type,
        subject: detail.subject_manifest_digest,
        scan,
    })
}

/// What a scan in that state says.
pub(super) fn scan(counts: Option<&HashMap<FindingSeverity, i32>>, status: Option<&ImageScanStatus>) -> Scan {
    let counted = counts.map(|counts| {
        let mut found = Findings::new();
        for (severity, count) in counts.iter().filter(|(_, count)| **count > 0) {
            let of_severity = found.entry(severity_of(severity)).or_insert(0_u32);
            *of_severity = of_severity.saturating_add(count.unsigned_abs());
        }
        found
    });
    Scan::of(status.and_then(ImageScanStatus::status).map(|status| status.as_str()), counted)
}

/// `UNTRIAGED` is what enhanced scanning adds; a word that we don't know is an undefined severity.
fn severity_of(severity: &FindingSeverity) -> ScanSeverity {
    match severity.as_str() {
        "CRITICAL" => ScanSeverity::Critical,
        "HIGH" => ScanSeverity::High,
        "MEDIUM" => ScanSeverity::Medium,
        "LOW" => ScanSeverity::Low,
        "INFORMATIONAL" => ScanSeverity::Informational,
        "UNTRIAGED" => ScanSeverity::Untriaged,
        _ => ScanSeverity::Undefined,
    }
}

/// Without its address and account nobody can tell which images that run are of it.
pub(super) fn repository(info: Repository) -> Result<RepositoryInfo, String> {
    let member = |value: Option<String>, name: &str| {
        value.filter(|value| !value.is_empty()).ok_or_else(|| format!("a repository without {name}"))
    };
    Ok(RepositoryInfo {
        name: member(info.repository_name, "repositoryName")?,
        uri: member(info.repository_uri, "repositoryUri")?,
        registry_id: member(info.registry_id, "registryId")?,
        tags: match info.image_tag_mutability {
            Some(ImageTagMutability::Immutable) => TagMutability::Immutable,
            Some(ImageTagMutability::ImmutableWithExclusion) => TagMutability::ImmutableWithExclusion,
            Some(ImageTagMutability::MutableWithExclusion) => TagMutability::MutableWithExclusion,
            _ => TagMutability::Mutable,
        },
    })
}

pub(super) fn previewed(result: LifecyclePolicyPreviewResult) -> Result<PreviewedImage, String> {
    let action = match result.action.and_then(|action| action.r#type) {
        Some(ImageActionType::Expire) => PreviewAction::Expire,
        Some(ImageActionType::Transition) => PreviewAction::Transition,
        _ => return Err("a preview with an action that we don't know".into()),
    };
    let mut tags = result.image_tags.unwrap_or_default();
    tags.sort_unstable();
    Ok(PreviewedImage {
        digest: result.image_digest.filter(|d| !d.is_empty()).ok_or("a previewed image without imageDigest")?,
        tags,
        pushed_at: result.image_pushed_at.as_ref().and_then(timestamp),
        rule: result.applied_rule_priority.and_then(|p| u32::try_from(p).ok()).ok_or("a preview without a rule")?,
        action,
    })
}

pub(super) fn identifier(id: &ImageId) -> ImageIdentifier {
    match id {
        ImageId::Tag(tag) => ImageIdentifier::builder().image_tag(tag).build(),
        ImageId::Digest(digest) => ImageIdentifier::builder().image_digest(digest).build(),
    }
}

fn timestamp(time: &DateTime) -> Option<Timestamp> {
    Timestamp::new(time.secs(), i32::try_from(time.subsec_nanos()).ok()?).ok()
}
