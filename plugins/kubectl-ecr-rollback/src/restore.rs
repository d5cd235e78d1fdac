//! The command that brings an image back from the archive.

use release_core::command::Command;
use release_core::failure::Next;
use release_core::registry::ecr_reference::EcrRepository;
use release_core::registry::push_history::{LeftOut, SkipReason, Skipped};

/// Restores an image, called as the AWS CLI does: `imageTag=1.0` or `imageDigest=sha256:…`
/// (<https://docs.aws.amazon.com/cli/latest/reference/ecr/update-image-storage-class.html>).
#[must_use]
pub fn restore(image: &str, repository: &EcrRepository) -> Command {
    Command::new("aws ecr update-image-storage-class --target-storage-class STANDARD")
        .flag("--repository-name", &repository.name)
        .flag("--image-id", image)
        .flag("--region", &repository.region)
        .flag("--registry-id", &repository.account)
}

/// The same as what to do next. It takes up to 20 minutes, as the AWS user guide says ("Archiving an image").
#[must_use]
pub fn restored(image: &str, repository: &EcrRepository) -> Next {
    let then = "restores it within 20 minutes, then the same again; or --to-digest DIGEST";
    Next::Look(restore(image, repository), Some(then.into()))
}

/// The newest archived image that was passed over, or that what was passed over may be a part of.
#[must_use]
pub fn archived(skipped: &[Skipped]) -> Option<String> {
    skipped.iter().find_map(|skipped| match &skipped.why {
        SkipReason::LeftOut { why: LeftOut::MaybePartOfArchived { indexes, .. } } => {
            Some(format!("imageDigest={}", indexes.first()?))
        }
        SkipReason::LeftOut { why: LeftOut::Archived } if skipped.revision.is_none() => Some(called(&skipped.image)),
        _ => None,
    })
}

/// A tag or a digest as the AWS CLI has it.
#[must_use]
pub fn called(image: &str) -> String {
    let kind = if image.starts_with("sha256:") { "imageDigest" } else { "imageTag" };
    format!("{kind}={image}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nobody would know how the only image that there is to go back to is brought back.
    #[test]
    fn what_is_archived_is_restored_by_one_command() {
        let repository = EcrRepository::of("123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/api:1.1").unwrap();
        let skipped = |image: &str, why: LeftOut| Skipped {
            image: image.into(),
            revision: None,
            why: SkipReason::LeftOut { why },
        };
        let found = archived(&[skipped("1.1", LeftOut::SameParts), skipped("1.0", LeftOut::Archived)]).unwrap();
        assert_eq!(
            restore(&found, &repository).to_string(),
            "aws ecr update-image-storage-class --target-storage-class STANDARD --repository-name shop/api \
             --image-id imageTag=1.0 --region eu-west-1 --registry-id 123456789012"
        );
        assert_eq!(archived(&[skipped("sha256:ab", LeftOut::Archived)]).as_deref(), Some("imageDigest=sha256:ab"));
        assert_eq!(archived(&[skipped("1.1", LeftOut::Activating)]), None, "it is on its way");
    }
}
