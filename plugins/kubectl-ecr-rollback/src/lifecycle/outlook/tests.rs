use release_core::registry::lifecycle_policy::{Keep, build};

use super::*;
use crate::lifecycle::samples::{digest, image, index, keep_five, now, outlook, releases, running};

#[test]
fn an_unused_release_goes_and_nothing_is_threatened() {
    let found = outlook(releases(), Some(('5', running())), &keep_five());
    assert_eq!((found.staying(), found.count(Action::Expire), found.threatened().count()), (5, 1, 0));
    assert_eq!(found.protection, None);
    assert!(!found.is_unchanged());
}

#[test]
fn what_runs_and_would_go_is_threatened_and_can_be_spared() {
    let found = outlook(releases(), Some(('0', running())), &keep_five());
    let threatened: Vec<&str> = found.threatened().map(|row| row.digest.as_str()).collect();
    assert_eq!(threatened, [digest('0')]);
    let protection = found.protection.unwrap();
    assert_eq!(protection.policy.rules[0].limit.number, 6);
    assert_eq!(protection.policy.rules[1], keep_five().rules[1]);
}

/// ECR has the last word: what only its preview takes is gone all the same.
#[test]
fn what_only_ecr_would_take_is_threatened_too() {
    let mut found = outlook(releases(), Some(('5', running())), &keep_five());
    let theirs = |digit| Theirs { digest: digest(digit), rule: 1, action: Action::Expire };
    found.compare_with(Answer::Listed(vec![theirs('0'), theirs('5')]));
    let threatened: Vec<&str> = found.threatened().map(|row| row.digest.as_str()).collect();
    assert_eq!(threatened, [digest('5')]);
    assert_eq!(found.count(Action::Expire), 2);
    assert!(matches!(found.comparison, Comparison::Differs(_)));
}

/// Reading what an index is made of counts as a pull of it, so it is done only where it matters.
#[test]
fn indexes_are_read_only_where_something_would_go() {
    let policy = |untagged| build(&Keep { untagged: Some(untagged), ..Keep::default() });
    let multi = [index('a', "v1", 3), image('b', "", 3), image('c', "", 3)];
    assert!(needs_children(&policy(1), &multi, now()));
    assert!(!needs_children(&policy(5), &multi, now()));
    assert!(!needs_children(&policy(1), &[image('b', "", 3), image('c', "", 2)], now()));
    let signature = PushedImage { subject: Some(digest('a')), ..image('d', "", 9) };
    let signed = [index('a', "v1", 3), signature, image('b', "", 3)];
    assert!(!needs_children(&policy(1), &signed, now()));
}

/// Reading manifests is a pull, so it is done for a signature only where that may be of a part.
#[test]
fn what_is_about_a_part_may_need_the_index_read() {
    let about = |digit| PushedImage { subject: Some(digest(digit)), ..image('d', "", 9) };
    let keep = build(&Keep { untagged: Some(2), ..Keep::default() });
    let of_part = [index('a', "v1", 3), image('b', "", 1), image('c', "", 2), about('b')];
    let of_whole = [index('a', "v1", 3), image('b', "", 1), image('c', "", 2), about('a')];
    assert!(needs_children(&keep, &of_part, now()));
    assert!(!needs_children(&keep, &of_whole, now()));
}

/// Where a scanner pulls everything, the policy that is written would keep everything.
#[test]
fn for_what_is_given_up_no_number_is_raised() {
    let images: Vec<_> = releases().into_iter().map(|i| PushedImage { last_pulled_at: Some(now()), ..i }).collect();
    let by_digest = images.iter().map(|i| (i.digest.clone(), vec![Use::Pulled { at: now() }])).collect();
    let mut uses = Uses { by_digest, ..Uses::default() };
    let raised = |uses: &Uses, forced: &[&str]| {
        let contents = Contents {
            images: images.clone(),
            children: IndexChildren::new(),
            contents: ManifestContents::new(),
            children_unread: None,
            in_force: InForce::None,
            uses: uses.clone(),
            now: now(),
        };
        let forced = Forced::new(forced.iter().map(ToString::to_string).collect());
        let one = build(&Keep { tagged: Some(1), ..Keep::default() });
        Outlook::new("api", &contents, &one, &forced).protection.map(|p| p.policy.rules[0].limit.number)
    };
    assert_eq!(raised(&uses, &[]), Some(6));
    assert_eq!(raised(&uses, &["pulled-lately"]), None);
    uses.by_digest.insert(digest('3'), vec![running(), Use::Pulled { at: now() }]);
    assert_eq!(raised(&uses, &["pulled-lately"]), Some(3));
    assert_eq!(raised(&uses, &["pulled-lately", "running"]), None);
}

/// A person would paste a command that is refused for the same, because only ECR knows why.
#[test]
fn a_way_is_open_only_where_ecr_says_so_of_its_own_policy() {
    let theirs = |digits: &str| {
        let theirs = |digit| Theirs { digest: digest(digit), rule: 1, action: Action::Expire };
        Answer::Listed(digits.chars().map(theirs).collect())
    };
    let open = |outlook: &Outlook, answer: &Answer| outlook.ways[0].is_open(answer, &outlook.rows, &Forced::default());
    let taken = outlook(releases(), Some(('0', running())), &keep_five());
    assert_eq!((taken.ways.len(), taken.ways[0].policy.rules[0].limit.number), (1, 6));
    assert!(open(&taken, &theirs("")) && open(&taken, &Answer::None("AccessDenied".into())));
    assert!(open(&taken, &theirs("12")), "nobody uses these");
    assert!(!open(&taken, &theirs("0")), "it goes whatever is raised");
    let only_theirs = outlook(releases(), Some(('5', running())), &keep_five());
    assert_eq!(only_theirs.ways[0].policy, keep_five(), "nothing to raise by our reckoning");
    assert!(!open(&only_theirs, &theirs("5")));
    let pulled = outlook(releases(), Some(('0', Use::Pulled { at: now() })), &keep_five());
    assert_eq!((pulled.ways.len(), &pulled.ways[1].policy), (2, &keep_five()));
    assert!(pulled.ways[1].is_open(&theirs("0"), &pulled.rows, &Forced::default()), "given up");
}
