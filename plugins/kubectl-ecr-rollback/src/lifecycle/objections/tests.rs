use release_core::checks::finding::Severity;
use release_core::checks::weighing::blocking;
use release_core::registry::lifecycle_policy::{Keep, build};

use super::*;
use crate::lifecycle::compare::Answer;
use crate::lifecycle::row::Theirs;
use crate::lifecycle::samples::{ago, digest, image, keep_five, outlook, releases, running};
use crate::lifecycle::usage::Use;

fn found_ids(findings: &[Finding]) -> Vec<CheckId> {
    findings.iter().map(|finding| finding.id).collect()
}

fn none() -> Forced {
    Forced::default()
}

#[test]
fn each_use_of_an_image_that_goes_blocks_under_its_name() {
    let (cluster, by) = ("prod".to_owned(), "shop/deploy/api".to_owned());
    let uses = [
        (running(), ids::RUNNING),
        (Use::RollbackTarget { cluster: cluster.clone(), by: by.clone() }, ids::ROLLBACK_TARGET),
        (Use::Revision { cluster, by, number: 4 }, ids::IN_HISTORY),
        (Use::Pulled { at: ago(3) }, ids::PULLED_LATELY),
    ];
    for (used, id) in uses {
        let found = objections(&outlook(releases(), Some(('0', used.clone())), &keep_five()), &none());
        let blocks: Vec<&Finding> = blocking(&found).collect();
        assert_eq!(blocks.len(), 1, "{found:?}");
        assert_eq!(blocks[0].id, id);
        assert!(blocks[0].message.contains("latest-release-1.0.0") && blocks[0].message.contains(&used.who()));
        let forced = Forced::new(vec![id.to_string()]);
        let allowed = objections(&outlook(releases(), Some(('0', used)), &keep_five()), &forced);
        assert_eq!(blocking(&allowed).count(), 0);
        assert!(allowed.iter().any(|finding| finding.id == id && finding.overridden));
    }
}

#[test]
fn an_image_of_ecrs_list_and_one_in_a_tie_block_too() {
    let mut theirs = outlook(releases(), Some(('5', running())), &keep_five());
    theirs.compare_with(Answer::Listed(vec![Theirs { digest: digest('5'), rule: 1, action: Action::Expire }]));
    let found = objections(&theirs, &none());
    assert_eq!(blocking(&found).map(|f| f.id).collect::<Vec<_>>(), [ids::RUNNING]);
    assert!(found_ids(&found).contains(&ids::ECR_DIFFERS));
    let tie = vec![image('1', "", 3), image('2', "", 3)];
    let one = build(&Keep { untagged: Some(1), ..Keep::default() });
    for digit in ['1', '2'] {
        let found = objections(&outlook(tie.clone(), Some((digit, running())), &one), &none());
        assert_eq!(blocking(&found).count(), 1, "{digit}");
    }
}

#[test]
fn hundreds_of_images_are_summed_up() {
    let images: Vec<_> =
        ('0'..='9').chain('a'..='f').map(|digit| image(digit, &format!("latest-{digit}"), 9)).collect();
    let mut found = outlook(images, None, &build(&Keep { tagged: Some(1), ..Keep::default() }));
    found.rows.iter_mut().for_each(|row| row.uses = vec![running()]);
    let found = objections(&found, &none());
    assert_eq!(blocking(&found).count(), NAMED + 1);
    assert!(found.iter().any(|finding| finding.message.contains("6 images more")));
}

#[test]
fn a_policy_without_objections_has_only_what_was_not_checked() {
    let found = objections(&outlook(releases(), Some(('5', running())), &keep_five()), &none());
    assert_eq!(found_ids(&found), [ids::ECR_PREVIEW]);
    assert_eq!(found[0].severity, Severity::NotChecked);
}

/// One name typed for a scanner's pulls must not give up what a workload would go back to.
#[test]
fn what_several_objections_are_about_goes_only_when_all_are_overridden() {
    let mut found = outlook(releases(), Some(('0', running())), &keep_five());
    let target = Use::RollbackTarget { cluster: "test".into(), by: "shop/deploy/web".into() };
    found.rows.iter_mut().filter(|row| !row.uses.is_empty()).for_each(|row| row.uses.push(target.clone()));
    let blocked_by = |forced: &[&str]| {
        let forced = Forced::new(forced.iter().map(ToString::to_string).collect());
        blocking(&objections(&found, &forced)).map(|finding| finding.id).collect::<Vec<_>>()
    };
    assert_eq!(blocked_by(&[]), [ids::RUNNING]);
    assert_eq!(blocked_by(&["pulled-lately"]), [ids::RUNNING]);
    assert_eq!(blocked_by(&["running"]), [ids::ROLLBACK_TARGET]);
    assert!(blocked_by(&["running", "rollback-target"]).is_empty());
    let told = objections(&found, &none());
    assert!(told.iter().any(|finding| finding.message.contains("rollback-target")), "{told:?}");
}

/// A line of seventy characters of a digest tells nobody whose signature goes.
#[test]
fn a_signature_is_named_with_the_image_that_it_is_about() {
    let signature = image('s', &format!("sha256-{}.sig", &digest('0')[7..]), 90);
    let images: Vec<_> = releases().into_iter().chain([signature]).collect();
    let any = build(&Keep { tagged: Some(6), ..Keep::default() });
    let found = objections(&outlook(images, Some(('s', running())), &any), &none());
    let message = &blocking(&found).next().unwrap().message;
    assert!(message.starts_with("sha256-000000000000.sig, about latest-release-1.0.0, expires: shop"), "{message}");
}
