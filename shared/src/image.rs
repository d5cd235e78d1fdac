//! Image references: `[registry/]name[:tag][@digest]`, as container runtimes read them
//! (<https://pkg.go.dev/github.com/distribution/reference>).

/// The parts of an image reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImageRef<'a> {
    /// Everything before tag and digest, registry and port included.
    pub repository: &'a str,
    pub tag: Option<&'a str>,
    /// `sha256:…`
    pub digest: Option<&'a str>,
}

impl<'a> ImageRef<'a> {
    /// Splits a reference; nothing is checked, for the cluster runs it already.
    #[must_use]
    pub fn parse(reference: &'a str) -> Self {
        let (named, digest) = reference.split_once('@').map_or((reference, None), |(n, d)| (n, Some(d)));
        // A colon before the last slash is the registry's port.
        let tag_at = named.rfind(':').filter(|colon| !named[*colon..].contains('/'));
        let (repository, tag) = tag_at.map_or((named, None), |colon| (&named[..colon], Some(&named[colon + 1..])));
        Self { repository, tag, digest }
    }

    /// The repository without its registry and path: `api`.
    #[must_use]
    pub fn base_name(&self) -> &'a str {
        self.repository.rsplit_once('/').map_or(self.repository, |(_, name)| name)
    }

    /// Short for people: `api:1.5.0`, and only without a tag the beginning of the digest.
    #[must_use]
    pub fn short(&self) -> String {
        match (self.tag, self.digest) {
            (Some(tag), _) => format!("{}:{tag}", self.base_name()),
            (None, Some(digest)) => format!("{}@{}", self.base_name(), digest.chars().take(19).collect::<String>()),
            (None, None) => self.base_name().to_owned(),
        }
    }
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
        ];
        for (reference, repository, tag, digest, short) in cases {
            let parsed = ImageRef::parse(reference);
            assert_eq!(parsed, ImageRef { repository, tag, digest }, "{reference}");
            assert_eq!(parsed.short(), short);
        }
    }
}
