use release_core::workload::revisions::Revision;

use super::*;
use crate::lifecycle::samples::{ago, digest, image, index, now, releases, repository, running};

fn need(tag: Option<&str>, digit: Option<char>) -> Need {
    Need { repository: repository(), tag: tag.map(str::to_owned), digest: digit.map(digest), used: running() }
}

fn demand(needs: &[Need]) -> Demand {
    Demand { needs: needs.to_vec(), containers: Vec::new() }
}

fn used(needs: &[Need], images: &[PushedImage], children: &IndexChildren) -> Vec<String> {
    uses(&repository(), &demand(needs), images, children, now()).by_digest.into_keys().collect()
}

#[test]
fn a_digest_counts_before_a_tag_and_a_tag_is_looked_up() {
    let (images, none) = (releases(), IndexChildren::new());
    assert_eq!(used(&[need(Some("latest-release-1.0.2"), None)], &images, &none), [digest('2')]);
    assert_eq!(used(&[need(Some("latest-release-1.0.2"), Some('1'))], &images, &none), [digest('1')]);
    let elsewhere =
        Need { repository: EcrRepository { name: "other".into(), ..repository() }, ..need(None, Some('1')) };
    assert_eq!(used(&[elsewhere], &images, &none), Vec::<String>::new());
}

#[test]
fn what_is_no_longer_in_the_repository_is_said() {
    let found = uses(
        &repository(),
        &demand(&[need(Some("gone"), None), need(Some("x"), Some('9'))]),
        &releases(),
        &IndexChildren::new(),
        now(),
    );
    let missing: Vec<&str> = found.missing.iter().map(|(image, _)| image.as_str()).collect();
    assert_eq!(missing, ["gone", digest('9').as_str()]);
    assert!(found.by_digest.is_empty());
}

/// Pods may report the digest of one platform: the image that goes is the whole.
#[test]
fn a_part_in_use_puts_its_index_in_use() {
    let images = [index('a', "v1", 3), image('b', "", 3), image('c', "", 3)];
    let children = IndexChildren::from([(digest('a'), vec![digest('b'), digest('c')])]);
    assert_eq!(used(&[need(Some("v1"), Some('b'))], &images, &children), [digest('a'), digest('b')]);
}

#[test]
fn pulled_within_thirty_days_is_in_use() {
    let pulled = |digit, days| PushedImage { last_pulled_at: Some(ago(days)), ..image(digit, "x", 100) };
    let images = [pulled('1', 30), pulled('2', 31), image('3', "y", 1)];
    assert_eq!(used(&[], &images, &IndexChildren::new()), [digest('1')]);
}

/// Otherwise one preview would put every index in use for a month.
#[test]
fn our_own_reading_of_an_index_is_no_pull() {
    let read_by_us = PushedImage { last_pulled_at: Some(ago(0)), ..index('a', "v1", 90) };
    let children = IndexChildren::from([(digest('a'), vec![digest('b')])]);
    let idle = [read_by_us.clone(), image('b', "", 90)];
    assert_eq!(used(&[], &idle, &children), Vec::<String>::new());
    let pulled = [read_by_us, PushedImage { last_pulled_at: Some(ago(1)), ..image('b', "", 90) }];
    assert_eq!(used(&[], &pulled, &children), [digest('a'), digest('b')]);
}

/// The registry's order and the workload's own may differ; a rollback may take either.
#[test]
fn what_was_pushed_before_and_what_was_deployed_before_are_both_targets() {
    let asked = |tag: &str| format!("{}:{tag}", repository().uri());
    let revision = |number: i64, tag: &str| {
        let object = serde_json::json!({
            "metadata": {"name": format!("api-{number}"),
                "annotations": {"deployment.kubernetes.io/revision": number.to_string()}},
            "spec": {"template": {"spec": {"containers": [{"name": "api", "image": asked(tag)}]}}},
        });
        serde_json::from_value::<Revision>(object).unwrap()
    };
    let current = Revision { current: true, ..revision(2, "latest-release-1.0.5") };
    let container = |revisions| RollbackContainer {
        repository: repository(),
        cluster: "prod".into(),
        by: "shop/deploy/api".into(),
        container: "api".into(),
        asked: asked("latest-release-1.0.5"),
        pods: Vec::new(),
        revisions,
    };
    let targets = |revisions| {
        let demand = Demand { needs: Vec::new(), containers: vec![container(revisions)] };
        uses(&repository(), &demand, &releases(), &IndexChildren::new(), now())
            .by_digest
            .into_keys()
            .collect::<Vec<_>>()
    };
    assert_eq!(targets(vec![]), [digest('4')]);
    assert_eq!(targets(vec![current, revision(1, "latest-release-1.0.2")]), [digest('2'), digest('4')]);
}
