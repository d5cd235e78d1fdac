//! Names of DNS as Route 53 writes them.

use std::fmt::{self, Write};
use std::str::FromStr;

/// The longest name, and the longest part of one (RFC 1035, section 2.3.4).
const NAME_BYTES: usize = 253;
const LABEL_BYTES: usize = 63;
/// What Route 53 puts before the id of a zone in some answers and takes in all requests.
const ZONE_PREFIX: &str = "/hostedzone/";
/// The longest id of a zone (`ResourceId` of the API's model).
const ZONE_ID_CHARS: usize = 32;

/// A name of DNS in one form: small letters, no dot at the end, and what isn't a letter, a digit, `-`, `_` or `*` as
/// `\` with three octal digits
/// (<https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DomainNameFormat.html>). So it is safe to show.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DnsName(String);

impl DnsName {
    /// The name in whatever form it is written: `API.example.com.`, `\052.example.com`.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let mut name = String::with_capacity(text.len());
        let mut rest = text.trim().as_bytes();
        while let Some((byte, is_escaped, after)) = next(rest) {
            // The dot at the end says that the name is whole; one that is escaped is a letter of its label.
            if !(byte == b'.' && !is_escaped && after.is_empty()) {
                write(&mut name, byte, is_escaped);
            }
            rest = after;
        }
        Self(name)
    }

    /// One that somebody typed; nothing where it can't be a name.
    #[must_use]
    pub fn typed(text: &str) -> Option<Self> {
        let name = Self::of(text);
        let is_label = |label: &str| !label.is_empty() && label.len() <= LABEL_BYTES;
        let is_name = name.0.len() <= NAME_BYTES && name.0.contains('.') && name.0.split('.').all(is_label);
        is_name.then_some(name)
    }

    /// `*.example.com`
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As requests name it: `\052.example.com.`
    #[must_use]
    pub fn whole(&self) -> String {
        format!("{}.", self.0.replace('*', "\\052"))
    }

    /// The same without one of these labels at its beginning.
    #[must_use]
    pub fn without_first(&self, labels: &[&str]) -> Option<Self> {
        let (first, rest) = self.0.split_once('.')?;
        labels.contains(&first).then(|| Self(rest.to_owned()))
    }
}

impl fmt::Display for DnsName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The first byte of a name, whether it was escaped, and what follows.
fn next(text: &[u8]) -> Option<(u8, bool, &[u8])> {
    let (first, rest) = text.split_first()?;
    let escaped = rest.split_at_checked(3).filter(|_| *first == b'\\').and_then(|(digits, after)| {
        let is_octal = digits.iter().all(|digit| (b'0'..=b'7').contains(digit));
        let digits = std::str::from_utf8(digits).ok().filter(|_| is_octal)?;
        Some((u8::from_str_radix(digits, 8).ok()?, after))
    });
    Some(escaped.map_or((*first, false, rest), |(byte, after)| (byte, true, after)))
}

fn write(name: &mut String, byte: u8, is_escaped: bool) {
    let byte = byte.to_ascii_lowercase();
    let is_plain = byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_*".contains(&byte);
    if is_plain || (byte == b'.' && !is_escaped) {
        name.push(char::from(byte));
    } else {
        // Into a String, which doesn't fail.
        let _ = write!(name, "\\{byte:03o}");
    }
}

/// The id of a hosted zone without what some answers put before it; nothing where it can't be one.
#[must_use]
pub fn zone_id(text: &str) -> Option<&str> {
    let id = text.strip_prefix(ZONE_PREFIX).unwrap_or(text);
    let is_id = !id.is_empty() && id.len() <= ZONE_ID_CHARS && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_id.then_some(id)
}

/// The records of a name as `--router route53/ZONE-ID/NAME` names them: `ZONE-ID/NAME`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Without `/hostedzone/`.
    pub zone: String,
    pub name: DnsName,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.zone, self.name)
    }
}

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let place = text.strip_prefix(ZONE_PREFIX).unwrap_or(text).split_once('/');
        let read =
            place.and_then(|(zone, name)| Some(Self { zone: zone_id(zone)?.to_owned(), name: DnsName::typed(name)? }));
        read.ok_or_else(|| "ZONE-ID/NAME, such as Z2LD58HEXAMPLE/api.example.com".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hostile::{hostile_word, is_obeyed_or_unseen};

    /// Route 53 gives a wildcard back as `\052` (external-dns#264, terraform-provider-aws#36699), which read as a
    /// character of Python's or C's becomes `*`, and read carelessly a `4` (aws-lambda-mirror-dns-function#2).
    #[test]
    fn one_name_is_one_name_however_it_is_written() {
        for (written, name) in [
            ("api.example.com.", "api.example.com"),
            ("API.Example.COM", "api.example.com"),
            ("\\052.hack-test.mycompany.com.", "*.hack-test.mycompany.com"),
            ("*.hack-test.mycompany.com", "*.hack-test.mycompany.com"),
            ("\\101pi.example.com", "api.example.com"),
            ("a\\056b.example.com", "a\\056b.example.com"),
            ("_dmarc.example.com.", "_dmarc.example.com"),
            ("a\\4.example.com", "a\\1344.example.com"),
            ("a\\777.example.com", "a\\134777.example.com"),
            ("münchen.de", "m\\303\\274nchen.de"),
            ("m\\303\\274nchen.de", "m\\303\\274nchen.de"),
            ("", ""),
            (".", ""),
        ] {
            assert_eq!(DnsName::of(written).as_str(), name, "{written}");
            assert_eq!(DnsName::of(name).as_str(), name, "{name} again");
        }
        assert_eq!(DnsName::of("*.example.com").whole(), "\\052.example.com.");
        assert_ne!(DnsName::of("4.example.com"), DnsName::of("\\052.example.com"));
        assert_ne!(DnsName::of("a\\056b.com"), DnsName::of("a.b.com"), "a dot within a label");
    }

    #[test]
    fn what_is_no_name_or_no_zone_is_refused() {
        for odd in ["", ".", "com", "a..example.com", ".example.com"] {
            assert_eq!(DnsName::typed(odd), None, "{odd}");
        }
        assert_eq!(DnsName::typed(&format!("{}.example.com", "a".repeat(64))), None);
        assert_eq!(DnsName::typed(&format!("{}com", "a.".repeat(200))), None);
        assert!(DnsName::typed("*.Example.com.").is_some());
        for (text, id) in [
            ("Z2LD58HEXAMPLE", Some("Z2LD58HEXAMPLE")),
            ("/hostedzone/Z35SXDOTRQ7X7K", Some("Z35SXDOTRQ7X7K")),
            ("", None),
            ("/hostedzone/", None),
            ("../change/X", None),
            ("Z1?x=y", None),
            ("Z12345678901234567890123456789012345", None),
        ] {
            assert_eq!(zone_id(text), id, "{text}");
        }
    }

    #[test]
    fn a_place_is_read_as_it_is_printed() {
        for (text, printed) in [
            ("Z2LD58HEXAMPLE/api.example.com", "Z2LD58HEXAMPLE/api.example.com"),
            ("/hostedzone/Z2LD58HEXAMPLE/API.example.com.", "Z2LD58HEXAMPLE/api.example.com"),
            ("Z1/\\052.example.com", "Z1/*.example.com"),
        ] {
            let place: Place = text.parse().unwrap();
            assert_eq!(place.to_string(), printed);
            assert_eq!(printed.parse(), Ok(place));
        }
        for odd in ["", "Z1", "Z1/", "/a.example.com", "Z1/com", "Z 1/a.example.com"] {
            assert!(odd.parse::<Place>().is_err(), "{odd}");
        }
    }

    proptest::proptest! {
        /// A terminal would obey what somebody wrote as a name, or one name would pass for two.
        #[test]
        fn whatever_somebody_writes_is_shown_safely_and_read_again(text in hostile_word()) {
            let name = DnsName::of(&text);
            proptest::prop_assert!(name.as_str().is_ascii() && !name.as_str().chars().any(is_obeyed_or_unseen));
            let shown = DnsName::of(name.as_str());
            let sent = DnsName::of(&name.whole());
            // A name of dots alone is none, and loses one with each reading.
            proptest::prop_assume!(!name.as_str().ends_with('.'));
            proptest::prop_assert_eq!(&shown, &name);
            proptest::prop_assert_eq!(&sent, &name);
        }
    }
}
