//! What tells the hook of one release from that of another: a run that is repeated finds it again.

/// Sixteen hexadecimal digits of all that a release is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity(String);

/// FNV-1a (<http://www.isthe.com/chongo/tech/comp/fnv/>): it has to be the same in every build of ours, and guards
/// against nobody.
const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;

impl Identity {
    /// Of these parts, in this order.
    #[must_use]
    pub fn of<'p>(parts: impl IntoIterator<Item = &'p str>) -> Self {
        let mut hash = OFFSET;
        for part in parts {
            // Where one ends is a part of it.
            for byte in part.bytes().chain([0xff]) {
                hash = (hash ^ u64::from(byte)).wrapping_mul(PRIME);
            }
        }
        Self(format!("{hash:016x}"))
    }

    /// As the label has it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A migration would be run again after an update of the plugin, or not at all for the next release.
    #[test]
    fn it_is_the_same_everywhere_and_other_for_each_part() {
        assert_eq!(Identity::of([]).as_str(), "cbf29ce484222325");
        let of = |parts: &[&str]| Identity::of(parts.iter().copied());
        assert_eq!(of(&["migrate", "api", "green"]), of(&["migrate", "api", "green"]));
        assert_ne!(of(&["migrate", "api", "green"]), of(&["migrate", "apigreen", ""]));
        assert_ne!(of(&["migrate", "api"]), of(&["migrate", "api", ""]));
    }
}
