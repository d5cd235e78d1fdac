use super::*;
use crate::registry::index_manifest::{IndexChild, IndexChildren};
use crate::registry::lifecycle_policy::samples::{ago, days, image, newest, now, policy, prefixes, rule, to_archive};
use crate::registry::lifecycle_policy::{LimitKind, Tags};

fn children(pairs: &[(&str, &[&str])]) -> IndexChildren {
    let owned = |texts: &[&str]| texts.iter().map(|text| IndexChild::image(*text)).collect();
    pairs.iter().map(|(index, children)| ((*index).to_owned(), owned(children))).collect()
}

fn verdict(rules: Vec<Rule>, images: &[PushedImage], children: &IndexChildren, digest: &str) -> Verdict {
    let judged = evaluate(&policy(rules), images, children, now());
    judged.into_iter().find(|j| j.image.digest == digest).unwrap().verdict
}

fn taken(rule: u32, with: Option<&str>) -> Verdict {
    Verdict::Taken(Taken { rule, action: Action::Expire, with: with.map(str::to_owned) })
}

/// A multi-architecture image would be gone for one architecture, with its tag still there.
#[test]
fn what_a_staying_index_needs_stays_and_goes_only_when_no_index_needs_it() {
    let images = [image("i1", "v1", 5), image("i2", "v2", 4), image("shared", "", 5), image("own", "", 5)];
    let children = children(&[("i1", &["shared", "own"]), ("i2", &["shared"])]);
    let untagged = || days(2, Tags::Untagged, 1);
    let needed_by = |index: &str| Verdict::Kept(Kept::NeededBy { index: index.into(), rule: 2 });
    assert_eq!(verdict(vec![untagged()], &images, &children, "own"), needed_by("i1"));
    let rules = || vec![newest(1, prefixes(&["v"]), 1), untagged()];
    assert_eq!(verdict(rules(), &images, &children, "i1"), taken(1, None));
    assert_eq!(verdict(rules(), &images, &children, "own"), taken(2, None));
    assert_eq!(verdict(rules(), &images, &children, "shared"), needed_by("i2"));
}

#[test]
fn an_index_of_indexes_holds_all_below_it() {
    let images = [image("top", "v1", 5), image("middle", "", 5), image("leaf", "", 5)];
    let children = children(&[("top", &["middle"]), ("middle", &["leaf"])]);
    let found = verdict(vec![days(1, Tags::Untagged, 1)], &images, &children, "leaf");
    assert_eq!(found, Verdict::Kept(Kept::NeededBy { index: "middle".into(), rule: 1 }));
}

/// Nothing pulls from an archived index, so it needs nothing.
#[test]
fn an_archived_index_holds_nothing() {
    let archived = PushedImage { status: ImageStatus::Archived, ..image("i", "v1", 5) };
    let images = [archived, image("leaf", "", 5)];
    let found = verdict(vec![days(1, Tags::Untagged, 1)], &images, &children(&[("i", &["leaf"])]), "leaf");
    assert_eq!(found, taken(1, None));
}

#[test]
fn signatures_go_with_their_image_and_not_before() {
    let about = |digest: &str, subject: &str| PushedImage { subject: Some(subject.into()), ..image(digest, "", 0) };
    let images = [image("old", "v1", 9), image("new", "v2", 1), about("s-old", "old"), about("s-new", "new")];
    let rules = || vec![newest(1, prefixes(&["v"]), 1)];
    assert_eq!(verdict(rules(), &images, &IndexChildren::new(), "s-old"), taken(1, Some("old")));
    assert_eq!(verdict(rules(), &images, &IndexChildren::new(), "s-new"), Verdict::Kept(Kept::NoRule));
}

/// Which of two pushes of the same moment ECR takes is not documented: neither is safe.
#[test]
fn a_tie_at_the_limit_is_marked() {
    let images = [image("a", "x", 3), image("b", "x", 3), image("c", "x", 1)];
    let found = |digest| verdict(vec![newest(1, Tags::Any, 2)], &images, &IndexChildren::new(), digest);
    assert_eq!(found("a"), taken(1, None));
    assert_eq!(found("b"), Verdict::Kept(Kept::Spared { rule: 1, tied: true }));
    assert_eq!(found("c"), Verdict::Kept(Kept::Spared { rule: 1, tied: false }));
}

/// The policy of a team that releases `latest-release-N` and moves no tag.
#[test]
fn five_of_six_releases_stay() {
    let images: Vec<PushedImage> =
        (0..6).map(|n| image(&format!("{n}"), &format!("latest-release-1.0.{n}"), 10 - n)).collect();
    let policy = policy(vec![newest(1, prefixes(&["latest"]), 5), newest(2, Tags::Untagged, 2)]);
    let judged = evaluate(&policy, &images, &IndexChildren::new(), now());
    let gone: Vec<&str> =
        judged.iter().filter(|j| j.verdict.taken().is_some()).map(|j| j.image.digest.as_str()).collect();
    assert_eq!(gone, ["0"]);
}

/// "If an image was archived and then restored at any point in the past, the image's
/// `last_activated_at` is used": it can push a newer one out.
#[test]
fn a_restored_image_counts_as_new_and_as_pulled_but_not_as_pushed() {
    let restored =
        PushedImage { last_activated_at: Some(ago(1)), last_pulled_at: Some(ago(80)), ..image("restored", "v1", 90) };
    let images = [restored, image("b", "v2", 5)];
    let going = |rule: Rule| {
        let judged = evaluate(&policy(vec![rule]), &images, &IndexChildren::new(), now());
        let going: Vec<String> =
            judged.iter().filter(|j| j.verdict.taken().is_some()).map(|j| j.image.digest.clone()).collect();
        going
    };
    assert_eq!(going(newest(1, Tags::Any, 1)), ["b"]);
    assert_eq!(going(days(1, Tags::Any, 30)), ["restored"]);
    let by_pull = |days| to_archive(rule(1, Tags::Any, LimitKind::SincePull, days));
    assert_eq!(going(by_pull(3)), ["b"]);
    assert_eq!(going(by_pull(30)), Vec::<String>::new());
}
