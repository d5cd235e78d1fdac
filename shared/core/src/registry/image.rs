//! Image references: `[registry/]name[:tag][@digest]`, as container runtimes read them
//! (<https://pkg.go.dev/github.com/distribution/reference>).

use crate::text::printable;

/// The parts of an image reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImageRef<'a> {
    /// Everything before tag and digest, registry and port included.
    pub repository: &'a str,
    pub tag: Option<&'a str>,
    /// `sha256:…`
    pub digest: Option<&'a str>,
}

/// True where a pod asks for the image of a template, or for that with the digest that a policy put behind it.
#[must_use]
pub fn is_named(asked: &str, image: &str) -> bool {
    asked.strip_prefix(image).is_some_and(|rest| rest.is_empty() || rest.starts_with('@'))
}

impl<'a> ImageRef<'a> {
    /// Splits a reference; nothing is checked, for the cluster runs it already. The scheme that
    /// some runtimes put before a pod's `imageID` (`docker-pullable://`) is left out.
    #[must_use]
    pub fn parse(reference: &'a str) -> Self {
        let reference = reference.split_once("://").map_or(reference, |(_, rest)| rest);
        let (named, digest) = reference.split_once('@').map_or((reference, None), |(n, d)| (n, Some(d)));
        // A colon before the last slash is the registry's port.
        let tag_at = named.rfind(':').filter(|colon| !named[*colon..].contains('/'));
        let (repository, tag) =
            tag_at.map_or((named, None), |colon| (&named[..colon], named[colon..].strip_prefix(':')));
        Self { repository, tag, digest }
    }

    /// The tag; `latest` where it names neither tag nor digest, as runtimes read it.
    #[must_use]
    pub fn asked_tag(&self) -> Option<&'a str> {
        self.tag.or_else(|| self.digest.is_none().then_some("latest"))
    }

    /// What stands before its path: a registry's host, or of Docker Hub an owner; nothing where there is no path.
    #[must_use]
    pub fn registry(&self) -> Option<&'a str> {
        self.repository.split_once('/').map(|(host, _)| host)
    }

    /// The image of that digest in the same repository.
    #[must_use]
    pub fn at(&self, digest: &str) -> String {
        format!("{}@{digest}", self.repository)
    }

    /// The repository without its registry and path: `api`.
    #[must_use]
    pub fn base_name(&self) -> &'a str {
        self.repository.rsplit_once('/').map_or(self.repository, |(_, name)| name)
    }

    /// True where a pod that asks for this runs what a template asks for, under whatever name: policies and webhooks
    /// put digests behind tags, and mirrors in the place of registries. `digest` is that of the template's image, where
    /// it is known; where it isn't, a bare digest of the same image may be it.
    #[must_use]
    pub fn stands_for(&self, wanted: &ImageRef<'_>, digest: Option<&str>) -> bool {
        let known = wanted.digest.or(digest);
        if known.is_some() && self.digest == known {
            return true;
        }
        let is_bare = self.tag.is_none() && self.digest.is_some();
        let may_be = self.asked_tag() == wanted.asked_tag() || (is_bare && known.is_none());
        wanted.digest.is_none() && self.base_name() == wanted.base_name() && may_be
    }

    /// Short for people: `api:1.5.0`, and only without a tag the beginning of the digest.
    #[must_use]
    pub fn short(&self) -> String {
        // The API server takes any image that doesn't begin or end with a blank.
        printable(&match (self.tag, self.digest) {
            (Some(tag), _) => format!("{}:{tag}", self.base_name()),
            (None, Some(digest)) => format!("{}@{}", self.base_name(), digest.chars().take(19).collect::<String>()),
            (None, None) => self.base_name().to_owned(),
        })
    }
}

/// An image as people paste it: a tag or a digest alone, or with what stands before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TypedImage<'a> {
    /// With or without a host; nothing where a tag or digest stands alone.
    pub repository: Option<&'a str>,
    pub tag: Option<&'a str>,
    /// `sha256:…`, whole or its beginning.
    pub digest: Option<&'a str>,
}

impl<'a> TypedImage<'a> {
    /// Reads `TAG`, `sha256:…`, `NAME:TAG`, `HOST/NAME@sha256:…`.
    #[must_use]
    pub fn parse(typed: &'a str) -> Self {
        let typed = typed.strip_prefix('@').unwrap_or(typed);
        if typed.starts_with("sha256:") {
            return Self { repository: None, tag: None, digest: Some(typed) };
        }
        if !typed.contains([':', '/', '@']) {
            return Self { repository: None, tag: Some(typed), digest: None };
        }
        let ImageRef { repository, tag, digest } = ImageRef::parse(typed);
        Self { repository: Some(repository), tag, digest }
    }
}

impl TypedImage<'_> {
    /// True for an image with that tag: of any repository where none was typed (`1.5.0`), and of one that ends so where
    /// its name was (`api:1.5.0`, as tables show it).
    #[must_use]
    pub fn is_tag_of(&self, image: &ImageRef<'_>) -> bool {
        let ends_so = |name: &str| {
            let before = image.repository.strip_suffix(name);
            before.is_some_and(|before| before.is_empty() || before.ends_with('/'))
        };
        self.tag.is_some() && self.tag == image.tag && self.digest.is_none() && self.repository.is_none_or(ends_so)
    }
}

/// False for what the API server would take and no node could pull: a variable that was not set, above all.
#[must_use]
pub fn is_reference(text: &str) -> bool {
    let ImageRef { repository, tag, digest } = ImageRef::parse(text);
    let is_name = |c: char| c.is_ascii_alphanumeric() || "._-/:[]".contains(c);
    let named = !repository.is_empty() && repository.chars().all(is_name) && !repository.starts_with(['-', '.', '/']);
    let digested = digest
        .is_none_or(|digest| digest.split_once(':').is_some_and(|(kind, hex)| !kind.is_empty() && hex.len() >= 32));
    named && tag.is_none_or(is_tag) && digested && !text.contains("://")
}

/// A container's name, as the API server takes it (RFC 1123 label).
#[must_use]
pub fn is_container_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

/// `[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}`, as the OCI distribution specification has tags.
#[must_use]
pub fn is_tag(text: &str) -> bool {
    let inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    (1..=128).contains(&text.len()) && text.chars().all(inner) && !text.starts_with(['.', '-'])
}

/// `sha256:` and 64 lower-case hexadecimal digits, the only digests that ECR gives.
#[must_use]
pub fn is_digest(text: &str) -> bool {
    let hex = text.strip_prefix("sha256:").unwrap_or_default();
    hex.len() == 64 && hex.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f'))
}

/// The beginning of a digest: `sha256:0123456789ab`
#[must_use]
pub fn short_digest(digest: &str) -> String {
    printable(digest).chars().take(19).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_splits_into_its_parts() {
        let cases = [
            ("api", "api", None, None, "api"),
            ("api:1.5.0", "api", Some("1.5.0"), None, "api:1.5.0"),
            ("localhost:5000/a/api", "localhost:5000/a/api", None, None, "api"),
            ("localhost:5000/api:v1@sha256:abc", "localhost:5000/api", Some("v1"), Some("sha256:abc"), "api:v1"),
            (
                "r.io/api@sha256:0123456789abcdef",
                "r.io/api",
                None,
                Some("sha256:0123456789abcdef"),
                "api@sha256:0123456789ab",
            ),
            ("docker-pullable://r.io/api@sha256:abc", "r.io/api", None, Some("sha256:abc"), "api@sha256:abc"),
        ];
        for (reference, repository, tag, digest, short) in cases {
            let parsed = ImageRef::parse(reference);
            assert_eq!(parsed, ImageRef { repository, tag, digest }, "{reference}");
            assert_eq!(parsed.short(), short);
        }
    }

    #[test]
    fn a_tag_is_that_of_images_that_are_called_so() {
        let is = |typed: &str| TypedImage::parse(typed).is_tag_of(&ImageRef::parse("r.io/shop/api:1.5.0@sha256:aa"));
        for typed in ["1.5.0", "api:1.5.0", "shop/api:1.5.0", "r.io/shop/api:1.5.0"] {
            assert!(is(typed), "{typed}");
        }
        for typed in ["1.5", "pi:1.5.0", "web:1.5.0", "api", "api:1.5.0@sha256:aa", "sha256:aa", ""] {
            assert!(!is(typed), "{typed}");
        }
    }

    /// A release would be called live, or a failure, by the name that a policy gave it.
    #[test]
    fn a_mirror_and_a_digest_are_the_same_image_and_another_tag_is_not() {
        let stands = |asked: &str, wanted: &str, digest: Option<&str>| {
            ImageRef::parse(asked).stands_for(&ImageRef::parse(wanted), digest)
        };
        for (asked, wanted, digest) in [
            ("r.io/api:1.1", "r.io/api:1.1", None),
            ("mirror.local/r.io/api:1.1", "r.io/api:1.1", None),
            ("r.io/api:1.1@sha256:aa", "r.io/api:1.1", None),
            ("r.io/api@sha256:aa", "r.io/api:1.1", None),
            ("r.io/api@sha256:aa", "r.io/api:1.1", Some("sha256:aa")),
            ("mirror.local/x@sha256:aa", "r.io/api@sha256:aa", None),
            ("docker.io/library/api:latest", "api", None),
        ] {
            assert!(stands(asked, wanted, digest), "{asked} for {wanted}");
        }
        for (asked, wanted, digest) in [
            ("r.io/api:1.0", "r.io/api:1.1", None),
            ("r.io/other:1.1", "r.io/api:1.1", None),
            ("r.io/api@sha256:bb", "r.io/api:1.1", Some("sha256:aa")),
            ("r.io/api@sha256:bb", "r.io/api@sha256:aa", None),
            ("r.io/api:1.1", "r.io/api@sha256:aa", None),
            ("", "r.io/api:1.1", None),
        ] {
            assert!(!stands(asked, wanted, digest), "{asked} for {wanted}");
        }
    }

    #[test]
    fn what_is_pasted_is_a_tag_a_digest_or_a_whole_reference() {
        for (typed, repository, tag, digest) in [
            ("1.0.4", None, Some("1.0.4"), None),
            ("sha256:abc", None, None, Some("sha256:abc")),
            ("@sha256:abc", None, None, Some("sha256:abc")),
            ("api:1.0.4", Some("api"), Some("1.0.4"), None),
            ("r.io:5000/x/api", Some("r.io:5000/x/api"), None, None),
            ("r.io/x/api:1@sha256:abc", Some("r.io/x/api"), Some("1"), Some("sha256:abc")),
        ] {
            assert_eq!(TypedImage::parse(typed), TypedImage { repository, tag, digest }, "{typed}");
        }
    }

    #[test]
    fn what_could_never_be_pulled_is_neither_tag_nor_digest() {
        assert!(is_tag("1.5.0") && is_tag("_x") && is_tag(&"a".repeat(128)));
        for bad in ["", ".hidden", "-rf", "a/b", "a:b", "ä", "a b", &"a".repeat(129)] {
            assert!(!is_tag(bad), "{bad}");
        }
        let hex = "0123456789abcdef".repeat(4);
        assert!(is_digest(&format!("sha256:{hex}")));
        for bad in [hex.clone(), format!("sha512:{hex}"), format!("sha256:{}", hex.to_uppercase()), "sha256:abc".into()]
        {
            assert!(!is_digest(&bad), "{bad}");
        }
    }
}
