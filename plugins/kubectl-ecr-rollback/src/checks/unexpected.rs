//! Whether the way "back" leads where people mean: to an image of this application that was released,
//! and to no higher version. The order of pushes knows nothing of that.

use std::collections::{BTreeSet, HashMap};

use release_core::checks::finding::Finding;
use release_core::checks::ids::{self, CheckId};
use release_core::registry::image::ImageRef;
use release_core::registry::push_history::{
    Names, NeverNamed, PushedImage, Unexpected, Variants, Way, applications, unexpected, variants,
};
use release_core::text::printable;

use super::case::Case;
use crate::record::RecordVerb;
use crate::words::{listed, pinned_short};

pub fn check(case: &Case<'_>) -> Vec<Finding> {
    if case.change.record.verb == RecordVerb::Unpin {
        return Vec::new();
    }
    let here = Here::of(case);
    let to = ImageRef::parse(&case.change.to);
    let found = here.surprises((to.tag, &case.change.record.to_digest), case.change.revision.is_some());
    let target = found.into_iter().filter_map(|unexpected| told(case, unexpected, ""));
    let newer =
        pushed_later(case).into_iter().chain(unproven(case)).chain(never_named(case)).chain(other_repository(case));
    newer.chain(target).chain(on_the_way(case, &here)).collect()
}

/// What the repository says about all images alike: read once, however many are on the way.
struct Here<'a> {
    case: &'a Case<'a>,
    by_digest: HashMap<&'a str, &'a PushedImage>,
    left: Names<'a>,
    applications: BTreeSet<String>,
    variants: Variants,
}

impl<'a> Here<'a> {
    fn of(case: &'a Case<'a>) -> Self {
        let images = case.pushed.as_ref().map(|pushed| pushed.images).unwrap_or_default();
        let by_digest: HashMap<&str, &PushedImage> =
            images.iter().map(|image| (image.digest.as_str(), image)).collect();
        let of = |digest: &Option<String>| by_digest.get(digest.as_deref()?).copied();
        let (from, to) = (ImageRef::parse(case.change.from()), ImageRef::parse(&case.change.to));
        let left = names(from.tag, of(&case.change.record.from_digest));
        let target = names(to.tag, of(&case.change.record.to_digest));
        let pushed = images.iter().flat_map(|image| image.tags.iter().map(|tag| (tag.as_str(), image.pushed_at)));
        Self {
            left,
            applications: applications(images.iter().flat_map(|image| &image.tags)),
            variants: variants(left, target, pushed),
            by_digest,
            case,
        }
    }

    /// What would surprise about an image, by the tag that it is written with and its digest.
    fn surprises(&self, (tag, digest): (Option<&str>, &Option<String>), deployed: bool) -> Vec<Unexpected> {
        let image = digest.as_deref().and_then(|digest| self.by_digest.get(digest)).copied();
        let repository = ImageRef::parse(&self.case.change.to);
        unexpected(&Way {
            from: self.left,
            to: names(tag, image),
            own: &[self.case.workload().name(), self.case.selected.container(), repository.base_name()],
            deployed,
            applications: &self.applications,
            variants: &self.variants,
        })
    }
}

/// Who counts three back counts what lies on the way: where one of these is nothing that people mean by "back", nor is
/// the number. Each kind is said once, of the nearest.
fn on_the_way(case: &Case<'_>, here: &Here<'_>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    for counted in &case.chosen.counted {
        let found = here.surprises((None, &Some(counted.digest.clone())), counted.deployed);
        let told = found.into_iter().filter_map(|unexpected| told(case, unexpected, "counted on the way: "));
        for finding in told {
            if !findings.iter().any(|other| other.id == finding.id) {
                findings.push(finding);
            }
        }
    }
    findings
}

/// What a record passes over decides where the rollout history leads, and only the registry knows whether that is back.
fn unproven(case: &Case<'_>) -> Option<Finding> {
    let why = case.chosen.unproven.as_ref()?;
    let (to, from) = (pinned_short(&case.change.to), pinned_short(case.change.from()));
    let message = format!(
        "whether {to} was pushed before {from} is not known ({}), and only a record says that this is back",
        printable(why)
    );
    Some(case.asks(ids::HIGHER_VERSION, message).mend("name the one that you mean with --to-tag"))
}

/// The order of pushes knows nothing of names: what was pushed before `prod` may be what `dev` was then.
fn never_named(case: &Case<'_>) -> Option<Finding> {
    let (to, from) = (pinned_short(&case.change.to), pinned_short(case.change.from()));
    let message = match case.chosen.never_named.as_ref()? {
        NeverNamed::OneOfSeveral { names } => {
            let names: Vec<String> = names.iter().map(|name| printable(name)).collect();
            format!("nothing says that {to} ever was {from}, and here are more names that move: {}", listed(&names))
        }
        NeverNamed::Promoted { revision } => {
            format!(
                "which image revision {revision} ran as {from} is not known, and nothing says that {to} ever was it"
            )
        }
    };
    let finding = case.asks(ids::OTHER_NAME, message);
    Some(finding.mend("look at its history, and name the one that you mean with --to-tag or --to-digest"))
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

/// Who has named it is told, and not asked.
fn asked_unless(is_meant: bool, case: &Case<'_>, id: CheckId, message: String) -> Finding {
    if is_meant { case.warns(id, message) } else { case.asks(id, message) }
}

/// As a finding; `lead` says of which image, where it is not the target.
fn told(case: &Case<'_>, unexpected: Unexpected, lead: &str) -> Option<Finding> {
    match unexpected {
        // Forward is where a higher version is, and versions of two applications say nothing.
        Unexpected::HigherVersion { .. } if case.change.record.verb == RecordVerb::Forward || goes_elsewhere(case) => {
            None
        }
        Unexpected::HigherVersion { from, to } => {
            let message = format!("{lead}{} is a higher version than {}", printable(&to), printable(&from));
            let is_meant = case.chosen.named || case.chosen.by_deployments;
            let finding = asked_unless(is_meant, case, ids::HIGHER_VERSION, message);
            Some(finding.mend("name the one that you mean with --to-tag"))
        }
        Unexpected::OtherApplication { from, to } => {
            let message = match (from, to) {
                (_, Some(to)) => {
                    format!("{lead}the image is tagged for {}, one of several applications here", printable(&to))
                }
                (from, None) => {
                    let own = printable(&from.unwrap_or_default());
                    format!("{lead}no tag of it says that it is of {own}, one of several applications here")
                }
            };
            Some(case.asks(ids::OTHER_APPLICATION, message).mend("--tag-filter can leave the others out"))
        }
        Unexpected::OtherVariant { from, to } => {
            let (from, to) = (printable(&from), printable(&to));
            let message =
                format!("{lead}{to} may be of another variant than {from}: at one release there are several here");
            let finding = asked_unless(case.chosen.named, case, ids::OTHER_VARIANT, message);
            Some(finding.mend("name the one that you mean with --to-tag, or the variant with --tag-filter"))
        }
        Unexpected::PullRequest { tag } => {
            let message = format!("{lead}the image was built of a pull request ({})", printable(&tag));
            Some(case.asks(ids::PULL_REQUEST_BUILD, message).mend("--tag-filter can leave such builds out"))
        }
    }
}

#[cfg(test)]
mod tests {
    use release_core::registry::push_history::Counted;

    use crate::checks::testing::{World, image};

    /// `--steps 2` would go past what `--steps 1` asks about, and count it.
    #[test]
    fn what_is_counted_on_the_way_counts_for_what_lies_behind_it() {
        for (id, left, between, target) in [
            ("higher-version", "1.4.1", "1.5.0", "1.4.0"),
            ("pull-request-build", "main-abc1234", "pr-12-bcd2345", "main-bcd2345"),
            ("other-application", "api-1.2", "web-3.1", "api-1.1"),
        ] {
            let told = |counted: bool, unasked: bool| {
                let mut world = World::healthy();
                world.images[0].tags.push(left.to_owned());
                world.images[1].tags.push(target.to_owned());
                world.images.push(image(between, 1));
                let digest = image(between, 1).digest;
                world.chosen.counted = if counted { vec![Counted { digest, deployed: false }] } else { Vec::new() };
                world.chosen.unasked = unasked;
                world.told()
            };
            assert_eq!(told(true, true), [format!("x {id}")]);
            assert_eq!(told(true, false), [format!("! {id}")]);
            assert!(told(false, true).is_empty(), "{id}");
        }
    }

    /// Whoever may annotate would lead forward what nobody can ask the registry about.
    #[test]
    fn a_way_that_only_a_record_calls_back_is_asked_for() {
        let mut world = World::healthy();
        (world.chosen.unproven, world.chosen.unasked) = (Some("no answer".into()), true);
        assert_eq!(world.told(), ["x higher-version"]);
        world.chosen.unasked = false;
        assert_eq!(world.told(), ["! higher-version"]);
    }
}
