//! What a tag is for, where that is no release: a builder's cache, or an environment that builds are promoted to.

use super::{Part, TagForm, TagKind};

/// Hexadecimal digits of a SHA-256, by which Kaniko names the layers that it caches.
const CACHE_KEY_CHARS: usize = 64;
/// Words for what builders keep for the next build.
const CACHES: [&str; 5] = ["buildcache", "buildkitcache", "buildxcache", "kanikocache", "layercache"];

/// Environments that every build gets to first.
const FIRST_ENVIRONMENTS: [&str; 5] = ["dev", "develop", "development", "test", "testing"];
/// Stages to which builds are promoted.
const ENVIRONMENTS: [&str; 14] = [
    "canary",
    "int",
    "integration",
    "live",
    "preprod",
    "prod",
    "production",
    "qa",
    "sandbox",
    "stable",
    "stage",
    "staging",
    "test",
    "uat",
];
impl TagForm {
    /// True for the tag of what a builder keeps for the next build: `buildcache`, `main-cache`, `cache-linux-amd64`, and
    /// a key of Kaniko's (64 hexadecimal digits and nothing else).
    #[must_use]
    pub fn is_of_cache(&self) -> bool {
        if let [Part::Commit(hash)] = self.parts.as_slice() {
            return hash.len() == CACHE_KEY_CHARS;
        }
        let words: Vec<String> = self.parts.iter().filter_map(Part::word).collect();
        let is_cache = |word: &String| CACHES.contains(&word.as_str());
        // `amd64` and `arm64` name a platform, and count nothing.
        let counts = self.parts.iter().enumerate().any(|(at, part)| {
            let before = at.checked_sub(1).and_then(|before| self.parts.get(before)).and_then(Part::word);
            !matches!(part, Part::Word(_) | Part::Separator(_))
                && !matches!(before.as_deref(), Some("amd" | "arm" | "v"))
        });
        let ends = words.first().into_iter().chain(words.last()).any(|word| word == "cache");
        words.iter().any(is_cache) || (ends && !counts)
    }

    /// True for a name of a stage to which a build is promoted, and that a build alone doesn't move: `prod`, `api-staging`.
    #[must_use]
    pub fn is_of_environment(&self) -> bool {
        self.names_one_of(&ENVIRONMENTS)
    }

    /// The same, or of one that every build gets to first.
    #[must_use]
    pub fn is_of_any_environment(&self) -> bool {
        self.names_one_of(&ENVIRONMENTS) || self.names_one_of(&FIRST_ENVIRONMENTS)
    }

    fn names_one_of(&self, words: &[&str]) -> bool {
        let is_one = |word: &String| words.contains(&word.as_str());
        self.kind() == TagKind::Name && self.parts.iter().filter_map(Part::word).any(|word| is_one(&word))
    }
}

impl Part {
    /// In lower case.
    fn word(&self) -> Option<String> {
        if let Self::Word(word) = self { Some(word.to_lowercase()) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A layer, or a build's cache, would be deployed as the release before.
    #[test]
    fn caches_of_builders_are_known_by_their_tags() {
        let key = "8f14e45fceea167a5a36dedd4bea2543d1a0b2c38f14e45fceea167a5a36dedd";
        for tag in
            ["buildcache", "main-buildcache", "buildcache-linux-amd64", "cache", "main-cache", "cache-linux-arm64", key]
        {
            assert!(TagForm::of(tag).is_of_cache(), "{tag}");
        }
        let commit = &key[..40];
        for tag in ["cache-1.2", "latest", "main-cached", "cacher", "cache-proxy-77", "my-cache-proxy", commit, ""] {
            assert!(!TagForm::of(tag).is_of_cache(), "{tag}");
        }
    }

    #[test]
    fn names_that_builds_are_promoted_to_are_known() {
        for (tag, is_one) in
            [("prod", true), ("api-staging", true), ("latest", false), ("main", false), ("prod-12", false)]
        {
            assert_eq!(TagForm::of(tag).is_of_environment(), is_one, "{tag}");
        }
    }
}
