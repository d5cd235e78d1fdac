//! What the words of a tag say about where an image comes from: of which application it is, and
//! whether a pull request was built.

use std::cmp::Ordering;

use super::{Part, TagForm, TagKind, is_hex_of_commit};

/// Words that name a state, a branch or a stage, and no application.
const STAGES: [&str; 49] = [
    "alpha",
    "beta",
    "branch",
    "build",
    "canary",
    "ci",
    "commit",
    "deploy",
    "dev",
    "develop",
    "development",
    "docker",
    "edge",
    "env",
    "git",
    "head",
    "hotfix",
    "image",
    "integration",
    "int",
    "latest",
    "live",
    "main",
    "mainline",
    "master",
    "nightly",
    "pre",
    "preprod",
    "prerelease",
    "preview",
    "prod",
    "production",
    "qa",
    "rc",
    "ref",
    "rel",
    "release",
    "sandbox",
    "sha",
    "snapshot",
    "stable",
    "stage",
    "staging",
    "test",
    "trunk",
    "uat",
    "v",
    "ver",
    "version",
];
/// Words before the number of a pull or merge request. Git hosts make them of its ref
/// (`refs/pull/2/merge`), and CI tools make tags of that.
const REQUESTS: [&str; 6] = ["mr", "pr", "prs", "pull", "pullrequest", "mergerequest"];
/// First words of a branch that a pull request is made of.
const BRANCHES: [&str; 5] = ["dependabot", "feat", "feature", "features", "renovate"];
/// The same, where they begin a tag: behind a version they may say what it mends.
const TOPICS: [&str; 6] = ["branch", "bugfix", "chore", "fix", "topic", "wip"];

/// True for a word in lower case that names a state, a branch, a stage or a pull request.
pub(super) fn names_a_stage(word: &str) -> bool {
    STAGES.contains(&word) || REQUESTS.contains(&word)
}

impl TagForm {
    /// The application that the tag names before what counts up in it: `api` for `api-1.2` and
    /// `api-latest`, `user-service` for `user-service-v3`; nothing for `v1.2`, `release-1.2` and
    /// `main-abc1234`. A name without a word for a stage may be anything, and names none.
    #[must_use]
    pub fn application(&self) -> Option<String> {
        if self.is_of_pull_request() {
            return None;
        }
        let words: Vec<String> = self.leading_words().collect();
        let is_stage = |word: &String| STAGES.contains(&word.as_str());
        if self.kind() == TagKind::Name && !words.iter().any(is_stage) {
            return None;
        }
        // Nor does a letter, or a commit without a digit in it.
        let names = |word: &String| word.len() > 1 && !is_hex_of_commit(word) && !is_stage(word);
        let own: Vec<String> = words.into_iter().filter(names).collect();
        (!own.is_empty()).then(|| own.join("-"))
    }

    /// True for what was built of a pull or merge request or of its branch: `pr-123`, `api-mr-7`,
    /// `1.2.0-pr.5`, `refs-pull-2-merge`, `feature-login`. Whatever a branch is called, its tag has no
    /// slash.
    #[must_use]
    pub fn is_of_pull_request(&self) -> bool {
        let word_at = |at: usize| match self.parts.get(at) {
            Some(Part::Word(word)) => word.to_lowercase(),
            _ => String::new(),
        };
        let after = |at: usize| self.parts.iter().skip(at).skip(1);
        let goes_on = |at: usize| {
            let mut rest = after(at);
            matches!(rest.next(), Some(Part::Separator(_))) && rest.next().is_some()
        };
        (0..self.parts.len()).any(|at| {
            let word = word_at(at);
            if BRANCHES.contains(&word.as_str()) || (at == 0 && TOPICS.contains(&word.as_str())) {
                return goes_on(at) || (word == "wip" && self.parts.len() == 1);
            }
            // `merge-request-7` and `pull_request.7`
            let second = at.saturating_add(2);
            let is_request = matches!(word_at(second).as_str(), "request" | "requests");
            let ends = if is_request && (word == "merge" || word == "pull") { second } else { at };
            let is_request = ends > at || REQUESTS.contains(&word.as_str());
            let numbered = after(ends).find(|part| !matches!(part, Part::Separator(_)));
            let numbered = matches!(numbered, Some(Part::Numbers(_)));
            is_request && (numbered || (at == 0 && goes_on(ends)))
        })
    }

    /// Whether the other's version or build number is higher, as semantic versioning has it; nothing
    /// where they can't be compared (<https://semver.org/#spec-item-11>).
    #[must_use]
    pub fn cmp_release(&self, other: &Self) -> Option<Ordering> {
        let is_version = |kind| matches!(kind, TagKind::Release | TagKind::PreRelease);
        let (ours, theirs) = (self.kind(), other.kind());
        if ours == TagKind::Build && self.is_like(other) {
            return Some(self.cmp_version(other));
        }
        if !is_version(ours) || !is_version(theirs) {
            return None;
        }
        // A release comes after the pre-releases of its version, whatever these count.
        let rest = if self.is_like(other) { self.cmp_version(other) } else { ours.cmp(&theirs) };
        Some(self.version().cmp(other.version()).then(rest))
    }

    /// The numbers of the first version in it.
    fn version(&self) -> impl Iterator<Item = &super::Number> {
        let version = self.parts.iter().find_map(|p| match p {
            Part::Numbers(numbers) if numbers.len() > 1 => Some(numbers.as_slice()),
            _ => None,
        });
        version.unwrap_or_default().iter()
    }

    /// Words before anything that counts up, in lower case.
    fn leading_words(&self) -> impl Iterator<Item = String> {
        let leading = self.parts.iter().take_while(|part| matches!(part, Part::Word(_) | Part::Separator(_)));
        leading.filter_map(|part| if let Part::Word(word) = part { Some(word.to_lowercase()) } else { None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Another application's image would pass for the one before, or a stage for an application.
    #[test]
    fn a_tag_may_name_an_application() {
        for (tag, application) in [
            ("api-1.2", Some("api")),
            ("web-3.1", Some("web")),
            ("user-service-v3.1", Some("user-service")),
            ("API_20260102", Some("api")),
            ("billing.abc1234", Some("billing")),
            ("api-latest", Some("api")),
            ("prod-worker", Some("worker")),
            ("api-550e8400-e29b-41d4-a716-446655440000", Some("api")),
            ("latest-release-1.0.5", None),
            ("v1.2", None),
            ("main-20260102-abc1234", None),
            ("sha-abc1234", None),
            ("main-abcdefa", None),
            ("b-77", None),
            ("latest", None),
            ("blue", None),
            ("1.2-alpine3.19", None),
            ("pr-123", None),
            ("", None),
        ] {
            assert_eq!(TagForm::of(tag).application().as_deref(), application, "{tag}");
        }
    }

    /// Production would run what nobody has merged.
    #[test]
    fn builds_of_pull_requests_are_known_by_their_tags() {
        for tag in [
            "pr-123",
            "PR123",
            "pr-123-abc1234",
            "mr-12",
            "mr_fix-login",
            "pull-77",
            "pull-request-9",
            "merge_request.9",
            "refs-pull-2-merge",
            "feature-login",
            "feature_JIRA-12-login",
            "api-feature-login",
            "api-pr-5",
            "1.2.0-pr.5",
            "1.2.0-PullRequest0005.1",
            "dependabot-npm_and_yarn-x-1.2",
        ] {
            assert!(TagForm::of(tag).is_of_pull_request(), "{tag}");
        }
        for tag in
            ["1.2.0", "prod-12", "preview-1", "feature", "main-abc1234", "latest", "v1.2.0-rc.1", "april-2026", ""]
        {
            assert!(!TagForm::of(tag).is_of_pull_request(), "{tag}");
        }
    }

    #[test]
    fn releases_are_compared_as_semantic_versioning_has_it() {
        use Ordering::{Equal, Greater, Less};
        for (one, other, order) in [
            ("1.4.1", "1.5.0", Some(Less)),
            ("v1.10.0", "1.9.9", Some(Greater)),
            ("1.4.0-rc.2", "1.4.0", Some(Less)),
            ("1.4.0-rc.2", "1.4.0-rc.10", Some(Less)),
            ("1.4.0-rc.2", "1.4.0-beta.3", Some(Equal)),
            ("1.5.0-beta", "1.4.0", Some(Greater)),
            ("latest-release-1.0.5", "latest-release-1.0.5", Some(Equal)),
            ("build-79", "build-80", Some(Less)),
            ("build-79", "1.4.0", None),
            ("1.4.0", "latest", None),
            ("abc1234", "1234567", None),
            ("20260102", "20260103", None),
        ] {
            assert_eq!(TagForm::of(one).cmp_release(&TagForm::of(other)), order, "{one} {other}");
        }
    }
}
