//! The form of a tag: what stays from one release to the next, and what counts up.
//!
//! Tags of one form are one class of releases: `latest-release-1.0.5` and
//! `latest-release-1.0.6`, but not `pr-482`. A tag in which nothing counts up (`latest`, `prod`)
//! is a name, and names move from image to image.

mod origin;
mod purpose;
pub mod variants;

use std::cmp::Ordering;

/// A tag, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagForm {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    /// Letters: `v`, `release`, `rc`.
    Word(String),
    /// `-`, `_` or `.`
    Separator(char),
    /// `482`, or a version: numbers with dots between them.
    Numbers(Vec<Number>),
    /// A number or a version that tells a variant: it stays as it is.
    Fixed(Vec<Number>),
    /// A commit's hash, short or whole.
    Commit(String),
    /// RFC 9562: `550e8400-e29b-41d4-a716-446655440000`.
    Uuid(String),
    /// `01JGXYZ3NDEKTSV4RRFFQ69G5F` (<https://github.com/ulid/spec>): 26 characters without `i`, `l`, `o` and `u`.
    Ulid(String),
}

/// A number of any length, as it is written.
#[derive(Debug, Clone)]
struct Number(String);

impl Number {
    fn worth(&self) -> (usize, &str) {
        let digits = self.0.trim_start_matches('0');
        (digits.len(), digits)
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.worth() == other.worth()
    }
}

impl Eq for Number {}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        self.worth().cmp(&other.worth())
    }
}

/// What a tag names, the least telling first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TagKind {
    /// Nothing in it counts up: `latest`, `prod`.
    Name,
    /// A commit or a UUID and nothing else that counts up: `abc1234`, `sha-abc1234`. They have no
    /// order.
    Commit,
    /// One number after a word: `pr-482`, `build-77`.
    Build,
    /// Numbers alone: `20260102`, `2026-01-02`.
    Stamp,
    /// A version that says that it is not released yet: `1.4.0-rc.1`.
    PreRelease,
    /// A version: two numbers or more with dots between them.
    Release,
}

/// Digits and hyphens.
const UUID_CHARS: usize = 36;
const ULID_CHARS: usize = 26;
const WHOLE_SHA256: usize = 64;

/// Words after a version that say that it is none yet.
const UNRELEASED: [&str; 11] =
    ["alpha", "beta", "canary", "dev", "m", "next", "nightly", "pre", "preview", "rc", "snapshot"];

impl TagForm {
    /// Takes a tag apart; any text is a tag.
    #[must_use]
    pub fn of(tag: &str) -> Self {
        let (mut parts, mut rest) = (Vec::new(), tag);
        while !rest.is_empty() {
            // Before its hyphens are taken for separators.
            let length = if begins_with_uuid(rest) {
                parts.push(Part::Uuid(rest[..UUID_CHARS].to_owned()));
                UUID_CHARS
            } else if begins_with_ulid(rest) {
                parts.push(Part::Ulid(rest[..ULID_CHARS].to_owned()));
                ULID_CHARS
            } else {
                let length = rest.find(is_separator).unwrap_or(rest.len());
                split_word(&rest[..length], &mut parts);
                length
            };
            let mut after = rest[length..].chars();
            parts.extend(after.next().map(Part::Separator));
            rest = after.as_str();
        }
        Self { parts }
    }

    /// What the tag names.
    #[must_use]
    pub fn kind(&self) -> TagKind {
        let version = self.parts.iter().position(|p| matches!(p, Part::Numbers(n) if n.len() > 1));
        if let Some(at) = version {
            let unreleased = |p: &Part| matches!(p, Part::Word(w) if UNRELEASED.contains(&w.to_lowercase().as_str()));
            return if self.parts[at..].iter().any(unreleased) { TagKind::PreRelease } else { TagKind::Release };
        }
        let has = |wanted: fn(&Part) -> bool| self.parts.iter().any(wanted);
        let commit = has(|p| matches!(p, Part::Commit(_) | Part::Uuid(_) | Part::Ulid(_)));
        match (has(|p| matches!(p, Part::Numbers(_))), has(|p| matches!(p, Part::Word(_)))) {
            (true, true) if !commit => TagKind::Build,
            (true, _) => TagKind::Stamp,
            (false, _) if commit => TagKind::Commit,
            (false, _) => TagKind::Name,
        }
    }

    /// True where both are of one class: the same words and separators, a version where the
    /// other has one (of any length: 1.4 and 1.4.1), a number where it has one, a commit where it
    /// has one.
    #[must_use]
    pub fn is_like(&self, other: &Self) -> bool {
        self.parts.len() == other.parts.len() && self.parts.iter().zip(&other.parts).all(|(a, b)| a.is_like(b))
    }

    /// True for `1.4` beside `1.4.2`: it moves on with every patch.
    #[must_use]
    pub fn is_alias_of(&self, longer: &Self) -> bool {
        let begins = |(a, b): (&Part, &Part)| match (a, b) {
            (Part::Numbers(a), Part::Numbers(b)) => b.starts_with(a),
            (a, b) => a == b,
        };
        self.parts.len() == longer.parts.len()
            && self.parts.iter().zip(&longer.parts).all(begins)
            && self.numbers().count() < longer.numbers().count()
    }

    /// For people and for order: `latest-release-N.N`, `pr-N`, `main-N-COMMIT`. Tags that are
    /// alike have one pattern, but for commits that look like a number or a word.
    #[must_use]
    pub fn pattern(&self) -> String {
        let text = |part: &Part| match part {
            Part::Word(word) => word.clone(),
            Part::Separator(separator) => separator.to_string(),
            Part::Numbers(numbers) if numbers.len() > 1 => "N.N".to_owned(),
            Part::Numbers(_) => "N".to_owned(),
            Part::Fixed(numbers) => numbers.iter().map(|number| number.0.as_str()).collect::<Vec<_>>().join("."),
            Part::Commit(_) => "COMMIT".to_owned(),
            Part::Uuid(_) => "UUID".to_owned(),
            Part::Ulid(_) => "ULID".to_owned(),
        };
        self.parts.iter().map(text).collect()
    }

    /// How many numbers there are.
    #[must_use]
    pub fn precision(&self) -> usize {
        self.numbers().count()
    }

    /// Which counts further up, number by number; commits say nothing.
    #[must_use]
    pub fn cmp_version(&self, other: &Self) -> Ordering {
        self.numbers().cmp(other.numbers())
    }

    fn numbers(&self) -> impl Iterator<Item = &Number> {
        self.parts.iter().flat_map(|p| if let Part::Numbers(n) = p { n.as_slice() } else { &[] })
    }
}

impl Part {
    fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Numbers(a), Self::Numbers(b)) => (a.len() > 1) == (b.len() > 1),
            (Self::Fixed(a), Self::Numbers(b)) | (Self::Numbers(a), Self::Fixed(b)) => a == b,
            // Of SHA-256 and of SHA-1: no repository has both.
            (Self::Commit(a), Self::Commit(b)) => (a.len() == WHOLE_SHA256) == (b.len() == WHOLE_SHA256),
            (Self::Commit(_), other) | (other, Self::Commit(_)) => other.may_be_commit(),
            (Self::Uuid(_), Self::Uuid(_)) | (Self::Ulid(_), Self::Ulid(_)) => true,
            (a, b) => a == b,
        }
    }

    /// One short hash in thirty has no letter and some have no digit: beside a commit, they are
    /// taken for one.
    fn may_be_commit(&self) -> bool {
        match self {
            Self::Commit(_) => true,
            Self::Word(word) => is_hex_of_commit(word),
            Self::Numbers(numbers) => matches!(numbers.as_slice(), [Number(n)] if is_hex_of_commit(n) && !is_date(n)),
            Self::Separator(_) | Self::Fixed(_) | Self::Uuid(_) | Self::Ulid(_) => false,
        }
    }
}

fn is_separator(c: char) -> bool {
    matches!(c, '-' | '_' | '.')
}

/// Eight, four, four, four and twelve hexadecimal digits of either case, and then something else.
fn begins_with_uuid(text: &str) -> bool {
    let Some(uuid) = text.get(..UUID_CHARS) else { return false };
    let is_part = |(at, c): (usize, char)| if [8, 13, 18, 23].contains(&at) { c == '-' } else { c.is_ascii_hexdigit() };
    uuid.char_indices().all(is_part) && text[UUID_CHARS..].chars().next().is_none_or(is_separator)
}

/// Of one case, and of this century: that begins with 0 and another digit.
fn begins_with_ulid(text: &str) -> bool {
    let Some(ulid) = text.get(..ULID_CHARS) else { return false };
    let bytes = ulid.as_bytes();
    let of_time = bytes[0] == b'0' && (b'1'..=b'7').contains(&bytes[1]);
    let known = |b: &u8| b.is_ascii_digit() || (b.is_ascii_alphabetic() && !b"ilou".contains(&b.to_ascii_lowercase()));
    let (upper, lower) = (bytes.iter().any(u8::is_ascii_uppercase), bytes.iter().any(u8::is_ascii_lowercase));
    // Hexadecimal digits are a commit's.
    let is_hex = ulid.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    let ends = text[ULID_CHARS..].chars().next().is_none_or(is_separator);
    of_time && bytes.iter().all(known) && upper != lower && !is_hex && ends
}

fn is_hex_of_commit(text: &str) -> bool {
    (7..=64).contains(&text.len()) && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

fn is_commit(text: &str) -> bool {
    is_hex_of_commit(text) && text.bytes().any(|b| b.is_ascii_digit()) && text.bytes().any(|b| b.is_ascii_lowercase())
}

/// `20260102`, and longer with a time of day.
fn is_date(digits: &str) -> bool {
    let within = |range: std::ops::Range<usize>, max: u32| {
        digits.get(range).and_then(|two| two.parse().ok()).is_some_and(|n: u32| (1..=max).contains(&n))
    };
    digits.starts_with("20") && within(4..6, 12) && within(6..8, 31)
}

/// Splits where letters meet digits; `gabc1234` is how `git describe` writes a commit.
fn split_word(word: &str, parts: &mut Vec<Part>) {
    if is_commit(word) {
        return parts.push(Part::Commit(word.to_owned()));
    }
    if let Some(commit) = word.strip_prefix('g').filter(|rest| is_commit(rest)) {
        return parts.extend([Part::Word("g".to_owned()), Part::Commit(commit.to_owned())]);
    }
    let mut rest = word;
    while let Some(first) = rest.chars().next() {
        let digits = first.is_ascii_digit();
        let end = rest.find(|c: char| c.is_ascii_digit() != digits).unwrap_or(rest.len());
        let run = rest[..end].to_owned();
        if digits {
            push_number(Number(run), parts)
        } else {
            parts.push(Part::Word(run))
        }
        rest = &rest[end..];
    }
}

/// Adds a number, to the version before it where only a dot is between them.
fn push_number(number: Number, parts: &mut Vec<Part>) {
    if let [.., Part::Numbers(version), Part::Separator('.')] = parts.as_mut_slice() {
        version.push(number);
        parts.pop();
    } else {
        parts.push(Part::Numbers(vec![number]));
    }
}

#[cfg(test)]
mod tests;
