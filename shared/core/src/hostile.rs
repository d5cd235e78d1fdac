//! Words for tests that terminals and shells would do something with, at random: `PROPTEST_RNG_SEED` has
//! those of a failure again, `PROPTEST_CASES` more of them.

use proptest::prelude::*;

/// C0, C1 and DEL; what turns the order of letters; what has no width: tags, variation selectors, joiners,
/// fillers; separators of lines; and letters that combine with what stands before them.
const RANGES: [(u32, u32); 19] = [
    (0x00, 0x1f),
    (0x7f, 0x9f),
    (0xad, 0xad),
    (0x300, 0x36f),
    (0x61c, 0x61c),
    (0x115f, 0x1160),
    (0x17b4, 0x17b5),
    (0x180b, 0x180f),
    (0x200b, 0x200f),
    (0x2028, 0x202e),
    (0x2060, 0x206f),
    (0x20d0, 0x20f0),
    (0x3164, 0x3164),
    (0xfe00, 0xfe0f),
    (0xfeff, 0xfeff),
    (0xfff9, 0xfffb),
    (0x1d173, 0x1d17a),
    (0xe0000, 0xe007f),
    (0xe0100, 0xe01ef),
];

/// What a shell reads otherwise than as itself.
const SHELLS: [&str; 31] = [
    "'",
    "\"",
    "\\",
    "$(touch /tmp/x)",
    "`id`",
    ";",
    "&",
    "|",
    "<",
    ">",
    "(",
    ")",
    "{a,b}",
    "*",
    "?",
    "[a]",
    "~",
    "#",
    "!",
    "!!",
    "%s",
    "%%",
    "$HOME",
    "${x}",
    "=",
    "=ls",
    "--",
    "-n",
    " ",
    "\t",
    "\n",
];

/// A word somebody might give to something.
pub fn hostile_word() -> impl Strategy<Value = String> {
    let of_ranges = prop::sample::select(&RANGES[..])
        .prop_flat_map(|(first, last)| first..=last)
        .prop_map(|code| char::from_u32(code).map(String::from).unwrap_or_default());
    let of_shells = prop::sample::select(&SHELLS[..]).prop_map(str::to_owned);
    let parts =
        prop_oneof![3 => of_ranges, 3 => of_shells, 2 => "[a-z0-9.=-]{1,3}", 1 => any::<char>().prop_map(String::from)];
    prop::collection::vec(parts, 0..8).prop_map(|parts| parts.concat())
}

/// Not the product's own list of what isn't seen, so that a hole in that is none here: categories Cc, Cf
/// but for visible marks of Arabic, Syriac and Kaithi, Zl and Zp (Unicode 16).
pub fn is_obeyed_or_unseen(c: char) -> bool {
    c.is_control()
        || matches!(u32::from(c), 0xad | 0x61c | 0x180e | 0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f
            | 0xfe00..=0xfe0f | 0xfeff | 0xfff9..=0xfffb | 0x1d173..=0x1d17a | 0xe0000..=0xe01ef)
}
