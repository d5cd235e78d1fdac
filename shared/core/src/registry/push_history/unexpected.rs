//! What about a way "back" would surprise whoever asked for it.
//!
//! The order of pushes says which image came before, and not that it is what people mean by that: a
//! repository may hold several applications, builds of pull requests, and a hotfix of an older version.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::listing::choose_tag;
use super::tag::variants::Variants;
use super::tag::{TagForm, TagKind};

/// An image by its names.
#[derive(Debug, Clone, Copy)]
pub struct Names<'a> {
    /// The one that the template goes by; nothing for a digest alone.
    pub tag: Option<&'a str>,
    /// All that it has in the registry; empty where no registry was asked.
    pub tags: &'a [String],
}

/// A way from one image to another.
#[derive(Debug)]
pub struct Way<'a> {
    pub from: Names<'a>,
    pub to: Names<'a>,
    /// What the workload is called, its container and its repository.
    pub own: &'a [&'a str],
    /// The workload had the image before.
    pub deployed: bool,
    /// Applications that tags of the repository name.
    pub applications: &'a BTreeSet<String>,
    /// From [`variants`].
    pub variants: &'a Variants,
}

/// What would be a surprise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unexpected {
    /// By its version, or by its build number.
    HigherVersion { from: String, to: String },
    /// The one, and the other; of one of them no tag may say.
    OtherApplication { from: Option<String>, to: Option<String> },
    /// Of another variant, as far as is known: the one tag, and the other.
    OtherVariant { from: String, to: String },
    /// What a pull request was built of, with the tag that says so.
    PullRequest { tag: String },
}

/// Applications that tags name: `api` and `web` for `api-1.2` and `web-3.1`.
#[must_use]
pub fn applications<'t>(tags: impl Iterator<Item = &'t String>) -> BTreeSet<String> {
    tags.filter_map(|tag| TagForm::of(tag).application()).collect()
}

/// What the tags of a repository say about the numbers that the two images differ in.
#[must_use]
pub fn variants<'t>(from: Names<'_>, to: Names<'_>, pushed: impl Iterator<Item = (&'t str, Timestamp)>) -> Variants {
    alike(from, to).map(|(from, _)| TagForm::of(from).variants(pushed)).unwrap_or_default()
}

/// The tags of one form by which the one image follows the other.
fn alike<'a>(from: Names<'a>, to: Names<'a>) -> Option<(&'a str, &'a str)> {
    let to = to.most_telling(None)?;
    Some((from.most_telling(Some(&TagForm::of(to)))?, to))
}

/// All that would surprise.
#[must_use]
pub fn unexpected(way: &Way<'_>) -> Vec<Unexpected> {
    let other = other_application(way);
    let higher = if other.is_none() { higher_version(way) } else { None };
    [other, other_variant(way), higher, pull_request(way)].into_iter().flatten().collect()
}

/// Versions of two applications say nothing.
fn higher_version(way: &Way<'_>) -> Option<Unexpected> {
    let (from, to) = alike(way.from, way.to)?;
    let order = TagForm::of(to).cmp_release(&TagForm::of(from))?;
    order.is_gt().then(|| Unexpected::HigherVersion { from: from.to_owned(), to: to.to_owned() })
}

fn other_variant(way: &Way<'_>) -> Option<Unexpected> {
    let (from, to) = alike(way.from, way.to)?;
    let may_differ = way.variants.may_differ(&TagForm::of(from), &TagForm::of(to));
    may_differ.then(|| Unexpected::OtherVariant { from: from.to_owned(), to: to.to_owned() })
}

fn other_application(way: &Way<'_>) -> Option<Unexpected> {
    let of = |names: &Names<'_>| names.all().find_map(|tag| TagForm::of(tag).application());
    let (from, to) = (of(&way.from), of(&way.to));
    let several = way.applications.len() > 1;
    let is_another = match (&from, &to) {
        (Some(from), Some(to)) => from != to && !way.is_own(to),
        (None, Some(to)) => several && !way.deployed && !way.is_own(to),
        // Untagged, or by a tag that any application may have.
        (Some(_), None) => several && !way.deployed && !way.to.is_of_pull_request(),
        (None, None) => false,
    };
    is_another.then_some(Unexpected::OtherApplication { from, to })
}

/// A release may have been built as a pull request before, and some repositories note the number of the
/// request on every image.
fn pull_request(way: &Way<'_>) -> Option<Unexpected> {
    let tag = way.to.all().find(|tag| TagForm::of(tag).is_of_pull_request())?;
    let is_release = |tag: &str| TagForm::of(tag).kind() == TagKind::Release && !TagForm::of(tag).is_of_pull_request();
    let usual = way.from.is_of_pull_request() || way.to.all().any(is_release);
    (!usual).then(|| Unexpected::PullRequest { tag: tag.to_owned() })
}

impl Way<'_> {
    /// The words of the one are words of the other: `account` for `ms-account-management`.
    fn is_own(&self, application: &str) -> bool {
        let words =
            |name: &str| -> BTreeSet<String> { name.split(['-', '_', '.', '/']).map(str::to_lowercase).collect() };
        let of = words(application);
        self.own.iter().map(|name| words(name)).any(|name| of.is_subset(&name) || name.is_subset(&of))
    }
}

impl<'a> Names<'a> {
    fn all(&self) -> impl Iterator<Item = &'a str> {
        self.tag.into_iter().chain(self.tags.iter().map(String::as_str))
    }

    fn is_of_pull_request(&self) -> bool {
        self.all().any(|tag| TagForm::of(tag).is_of_pull_request())
    }

    /// The tag in it that says most, of this form where there is one; of `1.4` and `1.4.2` the latter.
    fn most_telling(&self, like: Option<&TagForm>) -> Option<&'a str> {
        let all: Vec<String> = self.all().map(str::to_owned).collect();
        let chosen = choose_tag(all.iter(), &all, like)?.tag.to_owned();
        self.all().find(|tag| *tag == chosen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of an image with these tags, by the first, to one with those; in the repository of `apps`.
    fn told(from: &[&str], to: &[&str], own: &[&str], apps: &[&str]) -> Vec<Unexpected> {
        let owned = |tags: &[&str]| tags.iter().map(ToString::to_string).collect::<Vec<_>>();
        let (from_tags, to_tags) = (owned(from), owned(to));
        let all: Vec<String> = from_tags.iter().chain(&to_tags).cloned().chain(owned(apps)).collect();
        unexpected(&Way {
            from: Names { tag: from.first().copied(), tags: &from_tags },
            to: Names { tag: to.first().copied(), tags: &to_tags },
            own,
            deployed: false,
            applications: &applications(all.iter()),
            variants: &Variants::default(),
        })
    }

    #[test]
    fn the_release_before_is_no_surprise() {
        for (from, to) in [
            (&["1.0.5"][..], &["1.0.4"][..]),
            (&["latest-release-1.0.5"], &["latest-release-1.0.4"]),
            (&["latest", "1.4", "1.4.2"], &["1.4.1"]),
            (&["sha-abc1234"], &["sha-1234abc"]),
            (&["api-1.2"], &["api-1.1"]),
            (&["pr-482"], &["pr-481"]),
            (&["commit-abc1234", "pr1371"], &["commit-bcd2345", "pr1370"]),
            (&["1.0.5"], &["1.0.4", "pr-77"]),
            (&["latest"], &[]),
        ] {
            assert_eq!(told(from, to, &["api"], &["api-1.0"]), [], "{from:?} {to:?}");
        }
    }

    /// "Back" would be forward by what people count.
    #[test]
    fn a_higher_version_is_said() {
        for (from, to) in [
            (&["1.4.1"][..], &["1.5.0"][..]),
            (&["v1.9.9"], &["v1.10.0"]),
            (&["1.5.0-rc.2"], &["1.5.0"]),
            (&["stable", "2.0.1"], &["2.1.0", "stable-2.1"]),
            (&["build-79"], &["build-80"]),
        ] {
            assert!(
                matches!(told(from, to, &[], &[]).as_slice(), [Unexpected::HigherVersion { .. }]),
                "{from:?} {to:?}"
            );
        }
    }

    /// Another application would run in the place of this one.
    #[test]
    fn another_applications_image_is_said() {
        for (from, to, own) in [
            (&["api-1.2"][..], &["web-3.1"][..], &["api"][..]),
            (&["api-latest"], &["web-latest"], &["api"]),
            (&["latest"], &["web-3.1"], &["api"]),
            // Nothing says whose it is.
            (&["api-latest"], &[], &["api"]),
            (&["user-service-v2.0"], &["billing-v3.0"], &["shop"]),
        ] {
            let told = told(from, to, own, &["api-1.0", "web-1.0"]);
            assert!(matches!(told.as_slice(), [Unexpected::OtherApplication { .. }]), "{from:?} {to:?}: {told:?}");
        }
        assert_eq!(told(&["latest"], &["account-1.2"], &["ms-account-management"], &["web-1.0"]), []);
        assert_eq!(told(&["latest"], &["jammy-1.2"], &["api"], &[]), [], "the only one there is");
    }

    /// Production would run what nobody has merged.
    #[test]
    fn a_pull_requests_build_is_said() {
        for (from, to) in [
            (&["latest"][..], &["feature-login"][..]),
            (&["main-abc1234"], &["pr-12-bcd2345"]),
            (&["sha-abc1234", "main"], &["sha-bcd2345", "mr-12"]),
            (&["1.0.5"], &["pull-77"]),
            (&["c3d4e5f", "main"], &["b2c3d4e", "merge-requests-12"]),
            (&["c3d4e5f", "main"], &["b2c3d4e", "bugfix-cart"]),
            (&["c3d4e5f", "main"], &["b2c3d4e", "fix-12"]),
            (&["c3d4e5f", "main"], &["b2c3d4e", "wip"]),
        ] {
            let told = told(from, to, &["api"], &[]);
            assert!(matches!(told.as_slice(), [Unexpected::PullRequest { .. }]), "{from:?} {to:?}: {told:?}");
        }
        for to in ["1.2.3-fix-1", "1.0-preview.3", "hotfix-1.2"] {
            assert_eq!(told(&["1.2.4"], &[to], &["api"], &[]), [], "{to}");
        }
    }
}
