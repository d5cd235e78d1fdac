//! Whether the way "back" leads where people mean: to an image of this application that was released,
//! and to no higher version. The order of pushes knows nothing of that.

use release_core::checks::finding::Finding;
use release_core::checks::ids;
use release_core::registry::image::ImageRef;
use release_core::registry::push_history::{Names, PushedImage, Unexpected, Way, applications, unexpected};
use release_core::text::printable;

use super::case::Case;
use crate::record::RecordVerb;
use crate::words::pinned_short;

pub fn check(case: &Case<'_>) -> Vec<Finding> {
    if case.change.record.verb == RecordVerb::Unpin {
        return Vec::new();
    }
    let images = case.pushed.as_ref().map(|pushed| pushed.images).unwrap_or_default();
    let (left, to) = (ImageRef::parse(case.change.from()), ImageRef::parse(&case.change.to));
    let by_digest = |digest: &Option<String>| images.iter().find(|image| Some(&image.digest) == digest.as_ref());
    let record = &case.change.record;
    let found = unexpected(&Way {
        from: names(left.tag, by_digest(&record.from_digest)),
        to: names(to.tag, by_digest(&record.to_digest)),
        own: &[case.workload().name(), case.selected.container(), to.base_name()],
        deployed: case.change.revision.is_some(),
        applications: &applications(images.iter().flat_map(|image| &image.tags)),
    });
    let newer = pushed_later(case).into_iter().chain(other_repository(case));
    newer.chain(found.into_iter().filter_map(|unexpected| told(case, unexpected))).collect()
}

/// After somebody has gone back by hand, what was deployed before is the release that they fled from.
fn pushed_later(case: &Case<'_>) -> Option<Finding> {
    if case.change.record.verb != RecordVerb::Forward || case.chosen.named {
        return None;
    }
    let (to, from) = (pinned_short(&case.change.to), pinned_short(case.change.from()));
    let finding = case.asks(ids::HIGHER_VERSION, format!("{to} was pushed after {from}: that is forward, not back"));
    Some(finding.mend("name the one that you mean with --to-tag"))
}

/// Another repository of the same registry may be another application; a registry that was left is none.
fn other_repository(case: &Case<'_>) -> Option<Finding> {
    let (from, to) = (ImageRef::parse(case.change.from()), ImageRef::parse(&case.change.to));
    if case.chosen.named || from.repository == to.repository || from.registry() != to.registry() {
        return None;
    }
    let (from, to) = (printable(from.repository), printable(to.repository));
    let message = format!("it runs an image of {from}, and would get one of {to}");
    Some(case.warns(ids::OTHER_REPOSITORY, message).mend("name the one that you mean with --to-tag"))
}

fn names<'a>(tag: Option<&'a str>, image: Option<&'a PushedImage>) -> Names<'a> {
    Names { tag, tags: image.map(|image| image.tags.as_slice()).unwrap_or_default() }
}

fn goes_elsewhere(case: &Case<'_>) -> bool {
    ImageRef::parse(case.change.from()).base_name() != ImageRef::parse(&case.change.to).base_name()
}

fn told(case: &Case<'_>, unexpected: Unexpected) -> Option<Finding> {
    match unexpected {
        // Forward is where a higher version is, and versions of two applications say nothing.
        Unexpected::HigherVersion { .. } if case.change.record.verb == RecordVerb::Forward || goes_elsewhere(case) => {
            None
        }
        Unexpected::HigherVersion { from, to } => {
            let message = format!("{} is a higher version than {}", printable(&to), printable(&from));
            let finding = if case.chosen.named || case.chosen.by_deployments {
                case.warns(ids::HIGHER_VERSION, message)
            } else {
                case.asks(ids::HIGHER_VERSION, message)
            };
            Some(finding.mend("name the one that you mean with --to-tag"))
        }
        Unexpected::OtherApplication { from, to } => {
            let message = match (from, to) {
                (_, Some(to)) => {
                    format!("the image is tagged for {}, one of several applications here", printable(&to))
                }
                (from, None) => {
                    let own = printable(&from.unwrap_or_default());
                    format!("no tag of it says that it is of {own}, one of several applications here")
                }
            };
            Some(case.asks(ids::OTHER_APPLICATION, message).mend("--tag-filter can leave the others out"))
        }
        Unexpected::PullRequest { tag } => {
            let message = format!("the image was built of a pull request ({})", printable(&tag));
            Some(case.asks(ids::PULL_REQUEST_BUILD, message).mend("--tag-filter can leave such builds out"))
        }
    }
}
