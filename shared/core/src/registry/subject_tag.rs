//! Tags that name the image which another is about, as tools write them that know no referrers:
//! `sha256-<hex>.sig`, `.att` and `.sbom` (cosign,
//! <https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md>), `sha256-<hex>` for the
//! list of all referrers (OCI distribution-spec, "Referrers Tag Schema").

/// Hexadecimal digits of a SHA-256.
const HEX: usize = 64;

/// The digest of the image that the tag is about, and what stands behind it: `.sig`, nothing.
#[must_use]
pub fn subject_in_tag(tag: &str) -> Option<(String, &str)> {
    let (hex, kind) = tag.strip_prefix("sha256-")?.split_at_checked(HEX)?;
    let is_hex = hex.bytes().all(|b| b.is_ascii_hexdigit());
    (is_hex && (kind.is_empty() || kind.starts_with(['.', '-']))).then(|| (format!("sha256:{hex}"), kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A signature whose tag isn't understood would expire while its image runs.
    #[test]
    fn only_a_whole_digest_is_one_with_or_without_a_kind() {
        let hex = "0123456789abcdef".repeat(4);
        for kind in ["", ".sig", ".att", ".sbom", ".cosign-bundle", "-2"] {
            let tag = format!("sha256-{hex}{kind}");
            assert_eq!(subject_in_tag(&tag), Some((format!("sha256:{hex}"), kind)));
        }
        for tag in ["v1", "sha256-", "sha256-0123.sig", &format!("sha256-{hex}0"), &format!("sha256-{}z", &hex[1..])] {
            assert_eq!(subject_in_tag(tag), None, "{tag}");
        }
    }
}
