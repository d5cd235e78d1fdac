use jiff::SignedDuration;
use release_core::registry::index_manifest::IndexChild;
use release_core::registry::push_history::PodImage;
use release_core::workload::revisions::Revision;

use release_core::checks::ids;

use super::*;
use crate::lifecycle::needs;
use crate::lifecycle::samples::{ago, digest, image, index, now, releases, repository, running};
use crate::lifecycle::usage::{Need, RollbackContainer, Unnamed};

const HOUR: SignedDuration = SignedDuration::from_hours(1);

fn need(tag: Option<&str>, digit: Option<char>) -> Need {
    Need {
        repository: Some(repository()),
        tag: tag.map(str::to_owned),
        digest: digit.map(digest),
        elsewhere: None,
        unnamed: None,
        used: running(),
    }
}

fn part(digit: char) -> IndexChild {
    IndexChild::image(digest(digit))
}

fn demand(needs: &[Need]) -> Demand {
    Demand { needs: needs.to_vec(), containers: Vec::new() }
}

fn used(needs: &[Need], images: &[PushedImage], children: &IndexChildren) -> Vec<String> {
    uses(&repository(), &demand(needs), images, (children, &ManifestContents::new()), now())
        .by_digest
        .into_keys()
        .collect()
}

#[test]
fn a_digest_counts_before_a_tag_and_a_tag_is_looked_up() {
    let (images, none) = (releases(), IndexChildren::new());
    assert_eq!(used(&[need(Some("latest-release-1.0.2"), None)], &images, &none), [digest('2')]);
    assert_eq!(used(&[need(Some("latest-release-1.0.2"), Some('1'))], &images, &none), [digest('1')]);
}

/// An image that was loaded onto its node has a digest without a repository (containerd#8408, kubernetes#115199), and would
/// be taken for none.
#[test]
fn a_digest_without_a_repository_counts_where_it_is_found() {
    let (images, none) = (releases(), IndexChildren::new());
    let runs = |digit: char, since: Timestamp| Need {
        unnamed: Some(Unnamed { digest: Some(digest(digit)), since: Some(since) }),
        ..need(Some("latest-release-1.0.2"), None)
    };
    let tagged = images.iter().find(|image| image.tags.iter().any(|tag| tag == "latest-release-1.0.2")).unwrap();
    let (before, after) = (tagged.pushed_at - HOUR, tagged.pushed_at + HOUR);
    assert_eq!(used(&[runs('1', before)], &images, &none), [digest('1')]);
    let unknown = |need: Need| {
        uses(&repository(), &demand(&[need]), &images, (&none, &ManifestContents::new()), now()).unknown.len()
    };
    assert_eq!(unknown(runs('1', before)), 0);
    // A configuration's, of which no registry knows: the tag says it, unless it was pushed again since.
    assert_eq!(used(&[runs('f', after)], &images, &none), [digest('2')]);
    assert_eq!((unknown(runs('f', after)), unknown(runs('f', before))), (0, 1));
}

/// A pod may pull through another host, or through another repository that has the same image.
#[test]
fn a_digest_is_in_use_wherever_it_is_found_and_says_nothing_elsewhere() {
    let (images, none) = (releases(), IndexChildren::new());
    let named = |repository| Need { repository, ..need(Some("latest-release-1.0.2"), Some('1')) };
    let other = EcrRepository { name: "other".into(), ..repository() };
    for elsewhere in [None, Some(other.clone()), Some(EcrRepository { region: "eu-west-1".into(), ..repository() })] {
        assert_eq!(used(&[named(elsewhere)], &images, &none), [digest('1')]);
    }
    // Neither is a tag of another repository one of this, nor is a digest of a mirror's own.
    let tag_only = Need { repository: Some(other), ..need(Some("latest-release-1.0.2"), None) };
    assert_eq!(used(&[tag_only], &images, &none), Vec::<String>::new());
    assert_eq!(used(&[need(Some("latest-release-1.0.2"), Some('9'))], &images, &none), [digest('2')]);
    // Of a platform that was never pulled through, the index that lists it is in use.
    let cached = [index('a', "v1", 3)];
    let children = IndexChildren::from([(digest('a'), vec![part('b')])]);
    let uses = used(&[Need { repository: None, ..need(None, Some('b')) }], &cached, &children);
    assert!(uses.contains(&digest('a')), "{uses:?}");
}

/// Whoever may not read manifests would lose the image that a rollback goes to.
#[test]
fn where_manifests_are_unread_whatever_may_be_the_target_is_one() {
    let images = [index('a', "latest", 1), image('b', "", 2), index('c', "", 3)];
    let container = RollbackContainer {
        repository: repository(),
        cluster: "prod".into(),
        by: "shop/deploy/api".into(),
        container: "api".into(),
        asked: format!("{}:latest", repository().uri()),
        pods: vec![PodImage {
            image: format!("{}:latest", repository().uri()),
            digest: Some(digest('a')),
            pulled_from: Some(repository().uri()),
            updated: true,
            ready: true,
            kept: false,
        }],
        revisions: Vec::new(),
    };
    let demand = Demand { needs: Vec::new(), containers: vec![container] };
    let targets = |children: &IndexChildren| {
        uses(&repository(), &demand, &images, (children, &ManifestContents::new()), now())
            .by_digest
            .into_keys()
            .collect::<Vec<_>>()
    };
    assert_eq!(targets(&IndexChildren::new()), [digest('b'), digest('c')]);
    assert_eq!(
        targets(&IndexChildren::from([(digest('a'), vec![part('b')]), (digest('c'), vec![part('e')])])),
        [digest('c')]
    );
}

/// The host of a team's own that leads to the repository would have its image taken away.
#[test]
fn a_tag_under_another_host_may_be_of_the_repository() {
    let asked = |image: &str, digit: Option<char>| {
        let need = needs::need(image, Use::Template { cluster: "prod".into(), by: "shop/cronjob/ld".into() });
        Need { digest: digit.map(digest).or(need.digest.clone()), ..need }
    };
    let tag = "latest-release-1.0.2";
    let of = |need: Need| {
        let found = uses(
            &repository(),
            &demand(&[need]),
            &releases(),
            (&IndexChildren::new(), &ManifestContents::new()),
            now(),
        );
        found.by_digest.into_iter().map(|(digest, uses)| (digest, uses[0].id())).collect::<Vec<_>>()
    };
    let may = vec![(digest('2'), ids::OTHER_HOST)];
    assert_eq!(of(asked(&format!("registry.corp.example/ms-account-management:{tag}"), None)), may);
    // A mirror may have a digest of its own.
    assert_eq!(of(asked(&format!("registry.corp.example/x/ms-account-management:{tag}"), Some('9'))), may);
    assert_eq!(of(asked(&format!("registry.corp.example/ms-account-management:{tag}"), Some('1')))[0].0, digest('1'));
    for other in ["registry.corp.example/ms-account:", "ms-account-management:", "ghcr.io/acme/ms-account-management:"]
    {
        assert_eq!(of(asked(&format!("{other}{tag}"), None)), [], "{other}");
    }
    assert_eq!(of(asked("registry.corp.example/ms-account-management:9.9.9", None)), []);
    let pinned = format!("registry.corp.example/ms-account-management:{tag}@{}", digest('9'));
    assert_eq!(of(asked(&pinned, None)), []);
}

/// Every Deployment of a public image that is cached here would stand in the way, for good.
#[test]
fn a_public_image_that_runs_something_else_is_another() {
    let cached = EcrRepository { name: "docker-hub/library/nginx".into(), ..repository() };
    let images = [image('1', "1.27", 3)];
    let of = |digit: Option<char>| {
        let template =
            needs::need("nginx:1.27", Use::Template { cluster: "prod".into(), by: "shop/deploy/web".into() });
        let pods = Need { digest: digit.map(digest), ..needs::need("nginx:1.27", running()) };
        uses(&cached, &demand(&[template, pods]), &images, (&IndexChildren::new(), &ManifestContents::new()), now())
            .by_digest
            .len()
    };
    assert_eq!((of(None), of(Some('1')), of(Some('9'))), (1, 1, 0));
}

#[test]
fn what_is_no_longer_in_the_repository_is_said() {
    let found = uses(
        &repository(),
        &demand(&[need(Some("gone"), None), need(Some("x"), Some('9'))]),
        &releases(),
        (&IndexChildren::new(), &ManifestContents::new()),
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
    let children = IndexChildren::from([(digest('a'), vec![part('b'), part('c')])]);
    assert_eq!(used(&[need(Some("v1"), Some('b'))], &images, &children), [digest('a'), digest('b')]);
}

fn signed(digit: char, subject: char, kind: &str) -> PushedImage {
    image(digit, &format!("sha256-{}{kind}", &digest(subject)[7..]), 3)
}

fn about(digit: char, subject: char) -> PushedImage {
    PushedImage { subject: Some(digest(subject)), ..image(digit, "", 3) }
}

/// An admission policy that wants signatures would refuse the pods of an image that is still there.
#[test]
fn what_is_about_an_image_in_use_is_in_use_too() {
    let images = [
        image('1', "v1", 9),
        image('2', "v2", 9),
        signed('3', '1', ".sig"),
        signed('4', '1', ".att"),
        signed('5', '1', ".sbom"),
        signed('6', '1', ""),
        signed('7', '2', ".sig"),
        about('8', '1'),
        about('9', '8'),
        about('e', '2'),
    ];
    let found = uses(
        &repository(),
        &demand(&[need(Some("v1"), None)]),
        &images,
        (&IndexChildren::new(), &ManifestContents::new()),
        now(),
    );
    let in_use: Vec<&String> = found.by_digest.keys().collect();
    assert_eq!(in_use, ['1', '3', '4', '5', '6', '8', '9'].map(digest).iter().collect::<Vec<_>>());
    assert_eq!(found.of(&digest('9')), [running()]);
    // A verifier pulls signatures: that alone puts no image in use.
    let pulled = PushedImage { last_pulled_at: Some(now()), ..signed('7', '2', ".sig") };
    assert_eq!(used(&[], &[image('2', "v2", 9), pulled], &IndexChildren::new()), [digest('7')]);
}

/// `cosign sign --recursive` signs each platform's image.
#[test]
fn signatures_of_the_parts_of_an_index_in_use_are_in_use() {
    let images = [index('a', "v1", 3), image('b', "", 3), signed('c', 'b', ".sig"), about('d', 'b'), about('e', 'f')];
    let children = IndexChildren::from([(digest('a'), vec![part('b')])]);
    assert_eq!(used(&[need(Some("v1"), None)], &images, &children), ['a', 'c', 'd'].map(digest));
}

/// With `COSIGN_REPOSITORY` they are in another repository than the image that runs.
#[test]
fn signatures_of_what_runs_are_in_use_in_whatever_repository() {
    let images = [signed('3', '1', ".sig"), signed('4', '2', ".sig")];
    let elsewhere = Need { repository: None, ..need(Some("v1"), Some('1')) };
    let found =
        uses(&repository(), &demand(&[elsewhere]), &images, (&IndexChildren::new(), &ManifestContents::new()), now());
    assert_eq!((found.of(&digest('3')), found.of(&digest('4'))), ([running()].as_slice(), [].as_slice()));
    // The signature is no image: what is asked for here and gone is still missing.
    let found = uses(
        &repository(),
        &demand(&[need(None, Some('1'))]),
        &images,
        (&IndexChildren::new(), &ManifestContents::new()),
        now(),
    );
    assert_eq!(found.missing, [(digest('1'), running())]);
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
    let children = IndexChildren::from([(digest('a'), vec![part('b')])]);
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
        uses(&repository(), &demand, &releases(), (&IndexChildren::new(), &ManifestContents::new()), now())
            .by_digest
            .into_keys()
            .collect::<Vec<_>>()
    };
    assert_eq!(targets(vec![]), [digest('4')]);
    assert_eq!(targets(vec![current, revision(1, "latest-release-1.0.2")]), [digest('2'), digest('4')]);
}
