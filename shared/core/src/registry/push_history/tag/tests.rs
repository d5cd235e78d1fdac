use super::*;

#[test]
fn tags_are_named_by_what_counts_up_in_them() {
    use TagKind::{Build, Commit, Name, PreRelease, Release, Stamp};
    let cases = [
        ("latest-release-1.0.5", Release, "latest-release-N.N"),
        ("v1.2.3-rc.1", PreRelease, "vN.N-rc.N"),
        ("1.4.0-SNAPSHOT", PreRelease, "N.N-SNAPSHOT"),
        ("1.4.0", Release, "N.N"),
        ("1.4.0-alpine3.19", Release, "N.N-alpineN.N"),
        ("dev-1.4.0", Release, "dev-N.N"),
        ("1.4.0-3-gabc1234", Release, "N.N-N-gCOMMIT"),
        ("pr-482", Build, "pr-N"),
        ("v1", Build, "vN"),
        ("main-20260102-abc1234", Stamp, "main-N-COMMIT"),
        ("20260102", Stamp, "N"),
        ("2026-01-02", Stamp, "N-N-N"),
        ("abc1234", Commit, "COMMIT"),
        ("8f14e45fceea167a5a36dedd4bea2543d1a0b2c3", Commit, "COMMIT"),
        ("sha-abc1234", Commit, "sha-COMMIT"),
        ("550e8400-e29b-41d4-a716-446655440000", Commit, "UUID"),
        ("api_12345678-1234-4123-8123-123456789012", Commit, "api_UUID"),
        ("550e8400-e29b-41d4-a716-446655440000-arm64", Stamp, "UUID-armN"),
        ("550e8400-e29b-41d4-a716-44665544000", Stamp, "COMMIT-eNb-NdN-aN-N"),
        ("01JGXYZ3NDEKTSV4RRFFQ69G5F", Commit, "ULID"),
        ("api-01jgxyz3ndektsv4rrffq69g5f", Commit, "api-ULID"),
        ("01JGXYZ3NDEKTSV4RRFFQ69G5FX", Build, "NJGXYZNNDEKTSVNRRFFQNGNFX"),
        ("latest", Name, "latest"),
        ("prod", Name, "prod"),
        ("deadbeef", Name, "deadbeef"),
        ("", Name, ""),
        ("..é-_1", Build, "..é-_N"),
    ];
    for (tag, kind, pattern) in cases {
        let form = TagForm::of(tag);
        assert_eq!((form.kind(), form.pattern().as_str()), (kind, pattern), "{tag}");
    }
}

/// A release must not be followed back into another class of builds.
#[test]
fn only_tags_of_one_class_are_alike() {
    let alike = [
        ("latest-release-1.0.5", "latest-release-1.0.10"),
        ("1.4", "1.4.1"),
        ("pr-482", "pr-7"),
        ("abc1234", "8f14e45fceea167a5a36dedd4bea2543d1a0b2c3"),
        ("abc1234", "1234567"),
        ("sha-abc1234", "sha-abcdefa"),
        ("main-20260102-abc1234", "main-20260103-1234567"),
        ("1.4.0-alpine3.18", "1.4.1-alpine3.19"),
        // One that begins with a number, and one in which every group looks like something else.
        ("550e8400-e29b-41d4-a716-446655440000", "12345678-9012-4345-8678-901234567890"),
        ("F81D4FAE-7DEC-11D0-A765-00A0C91E6BF6", "deadbeef-dead-4eef-beef-deadbeefdead"),
        ("01ARZ3NDEKTSV4RRFFQ69G5FAV", "01JGXYZ3NDEKTSV4RRFFQ69G5F"),
        ("build-550e8400-e29b-41d4-a716-446655440000", "build-f81d4fae-7dec-11d0-a765-00a0c91e6bf6"),
    ];
    let apart = [
        ("1.4.0", "pr-482"),
        ("1.4.0", "v1.4.0"),
        ("1.4.0", "1.4.0-rc.1"),
        ("1.4.0", "1.4.0-alpine"),
        ("1.4.0", "1"),
        ("1.4.0", "latest"),
        ("abc1234", "20260102"),
        ("abc1234", "latest"),
        ("main-12", "release-12"),
        ("550e8400-e29b-41d4-a716-446655440000", "abc1234"),
        ("550e8400-e29b-41d4-a716-446655440000", "550e8400-e29b-41d4-a716"),
    ];
    for (cases, expected) in [(alike.as_slice(), true), (apart.as_slice(), false)] {
        for (a, b) in cases {
            let (a_form, b_form) = (TagForm::of(a), TagForm::of(b));
            assert_eq!((a_form.is_like(&b_form), b_form.is_like(&a_form)), (expected, expected), "{a} {b}");
        }
    }
}

#[test]
fn versions_count_up_number_by_number() {
    let rising = ["v1.9.0", "v1.10.0", "v1.10.0.1", "v2.0", "v18446744073709551616.0"];
    for pair in rising.windows(2) {
        assert_eq!(TagForm::of(pair[0]).cmp_version(&TagForm::of(pair[1])), Ordering::Less, "{pair:?}");
    }
    assert_eq!(TagForm::of("1.04").cmp_version(&TagForm::of("1.4")), Ordering::Equal);
    assert_eq!(TagForm::of("abc1234").cmp_version(&TagForm::of("fff0000")), Ordering::Equal);
}

#[test]
fn a_shorter_version_beside_a_longer_one_is_its_alias() {
    for (tag, longer, alias) in [
        ("1.4", "1.4.2", true),
        ("v1", "v1.4.2", true),
        ("1-alpine", "1.4.2-alpine", true),
        ("1.4.2", "1.4.2", false),
        ("1.5", "1.4.2", false),
        ("latest", "1.4.2", false),
    ] {
        assert_eq!(TagForm::of(tag).is_alias_of(&TagForm::of(longer)), alias, "{tag} {longer}");
    }
}
