//! Everything that needs an image, whether a pod shows it or not.

use anyhow::{Context, Result, ensure};
use e2e::common::run::{Ended, admin, finding, said};
use e2e::{LIMIT, namespace};
use lab::registry::{Image, Repository};
use lab::{Identity, Namespace};
use serde_json::{Value, json};

use super::{days_ago, item, lifecycle, puts, runs};

const CRD: &str = "apiextensions.k8s.io/v1";

/// `1.0.0` to `1.0.(n-1)`, a day apart, the last one pushed a hundred days ago.
pub(super) async fn releases(repository: &Repository, count: i64) -> Result<Vec<String>> {
    let mut digests = Vec::new();
    for n in 0..count {
        let image = Image::new(&format!("1.0.{n}")).pushed_at(days_ago(100 + count - n));
        digests.push(repository.push(image).await?);
    }
    Ok(digests)
}

pub(super) async fn preview(ns: &Namespace, repository: &Repository, policy: &str) -> Result<Value> {
    lifecycle(ns, &format!("preview {} {policy} -o json", repository.name())).await?.ends(0)?.json()
}

/// `running shop/pod/once` for each use of an image.
pub(super) fn uses_of(preview: &Value, repository: &Repository, digest: &str) -> Vec<String> {
    let images = item(preview, repository)["images"].as_array().into_iter().flatten();
    let uses = images.filter(|image| image["digest"] == digest).filter_map(|image| image["inUse"].as_array()).flatten();
    let text = |used: &Value, key: &str| used[key].as_str().unwrap_or_default().to_owned();
    uses.map(|used| format!("{} {}", text(used, "reason"), text(used, "by"))).collect()
}

fn pod_template(image: &str) -> Value {
    json!({"metadata": {"labels": {"app": "x"}},
        "spec": {"restartPolicy": "Always", "containers": [{"name": "x", "image": image}]}})
}

pub(super) fn once(image: &str) -> Value {
    json!({"spec": {"restartPolicy": "Never", "containers": [{"name": "x", "image": image}]}})
}

/// Objects that need an image while no pod shows it, but for the last one; each with the use that is
/// to be seen.
fn needing(image: impl Fn(usize) -> String) -> Vec<(Value, &'static str)> {
    let meta = |name: &str| json!({"name": name});
    let selected = |image: String| json!({"replicas": 0, "selector": {"matchLabels": {"app": "x"}}, "template": pod_template(&image)});
    let mut mounts = selected("docker.io/library/nginx:1".to_owned());
    mounts["template"]["spec"]["volumes"] = json!([{"name": "model", "image": {"reference": image(5)}}]);
    vec![
        (
            json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": meta("bare"), "spec": selected(image(0))}),
            "template rs/bare",
        ),
        (
            json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": meta("queued"), "spec": {"suspend": true, "template": once(&image(1))}}),
            "template job/queued",
        ),
        (
            json!({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": meta("nightly"),
            "spec": {"schedule": "0 3 * * *", "suspend": true, "jobTemplate": {"spec": {"template": once(&image(2))}}}}),
            "template cronjob/nightly",
        ),
        (
            json!({"apiVersion": "v1", "kind": "PodTemplate", "metadata": meta("runner"), "template": pod_template(&image(3))}),
            "template podtemplate/runner",
        ),
        (
            json!({"apiVersion": "v1", "kind": "ReplicationController", "metadata": meta("old"),
            "spec": {"replicas": 0, "selector": {"app": "x"}, "template": pod_template(&image(4))}}),
            "template rc/old",
        ),
        (
            json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta("llm"), "spec": mounts}),
            "template deploy/llm",
        ),
        (
            json!({"apiVersion": "apps/v1", "kind": "ControllerRevision", "metadata": meta("kept"), "revision": 4,
            "data": {"spec": {"template": {"$patch": "replace", "spec": {"initContainers": [{"name": "i", "image": image(6)}]}}}}}),
            "template controllerrevision/kept",
        ),
        (
            json!({"apiVersion": "v1", "kind": "Pod", "metadata": meta("once"),
            "spec": {"containers": [{"name": "x", "image": image(7)}]}}),
            "running pod/once",
        ),
    ]
}

/// The next run, the next scale-up, the next undo would find its image gone.
#[tokio::test]
async fn every_object_with_a_pod_spec_keeps_its_image() -> Result<()> {
    let ns = namespace("lifecycle-needing").await?;
    let repository = ns.repository("api").await?;
    let digests = releases(&repository, 10).await?;
    let needing = needing(|n| repository.image(&format!("1.0.{n}")));
    for (object, _) in &needing {
        ns.apply(object).await.with_context(|| object.to_string())?;
    }
    let found = preview(&ns, &repository, "--keep-tagged 1").await?;
    for (digest, (_, expected)) in digests.iter().zip(&needing) {
        let (reason, by) = expected.split_once(' ').context("two words")?;
        let expected = format!("{reason} {}/{by}", ns.name());
        let uses = uses_of(&found, &repository, digest);
        ensure!(uses.contains(&expected), "{expected} is not in {uses:?}");
    }
    assert_eq!(uses_of(&found, &repository, &digests[8]), Vec::<String>::new());
    lifecycle(&ns, &format!("apply {} --keep-tagged 1 --yes", repository.name())).await?.ends(1)?;
    assert_eq!(puts(&repository).await?, 0);
    Ok(())
}

fn rule(selection: &Value) -> Value {
    json!({"rules": [{"rulePriority": 1, "selection": selection, "action": {"type": "expire"}}]})
}

/// An admission policy that wants signatures would refuse the pods of an image that is still there.
#[tokio::test]
async fn signatures_and_lists_of_contents_stay_as_long_as_their_image_is_in_use() -> Result<()> {
    let ns = namespace("lifecycle-signed").await?;
    let repository = ns.repository("ms-account-management").await?;
    // 1.0.2 runs and 1.0.1 is what it goes back to.
    let digests = releases(&repository, 3).await?;
    let about = |digest: &str| {
        let sbom = Image::untagged().tag(&format!("{}.sbom", digest.replace(':', "-")));
        [Image::signature_of(digest), Image::attestation_of(digest), sbom]
    };
    let mut expected = Vec::new();
    for (digest, in_use) in digests.iter().zip([false, true, true]) {
        for image in about(digest) {
            expected.push((repository.push(image.pushed_at(days_ago(90))).await?, in_use));
        }
        let spdx = Image::referrer_of(digest, "application/spdx+json").pushed_at(days_ago(90));
        expected.push((repository.push(spdx).await?, in_use));
    }
    runs(&ns, &repository.image("1.0.2")).await?;
    let file = std::env::temp_dir().join(format!("{}.json", ns.name()));
    // The images stay, and everything about them goes: `sha256-…` is a prefix like any other.
    let only_about = json!({"tagStatus": "tagged", "tagPrefixList": ["sha256-"], "countType": "sinceImagePushed",
        "countUnit": "days", "countNumber": 30});
    std::fs::write(&file, rule(&only_about).to_string())?;
    let policy = format!("-f {}", file.display());
    let found = preview(&ns, &repository, &policy).await?;
    for (digest, in_use) in &expected {
        assert_eq!(!uses_of(&found, &repository, digest).is_empty(), *in_use, "{digest}");
    }
    let refused = lifecycle(&ns, &format!("apply {} {policy} --yes", repository.name())).await?.ends(1)?;
    refused.tells("about 1.0.2")?.tells("deploy/ms-account-management")?;
    assert_eq!(puts(&repository).await?, 0);
    lifecycle(&ns, &format!("apply {} {policy} --keep-rollback-target --yes", repository.name())).await?.ends(0)?;
    std::fs::remove_file(&file)?;
    let days =
        repository.lifecycle_policy().await?.context("a policy")?["rules"][0]["selection"]["countNumber"].clone();
    ensure!(days.as_u64().is_some_and(|days| days > 90), "{days}");
    Ok(())
}

async fn custom_kind(ns: &Namespace, group: &str, kind: &str) -> Result<String> {
    let plural = format!("{}s", kind.to_lowercase());
    let name = format!("{plural}.{group}");
    let anything = json!({"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}});
    let versions = json!([{"name": "v1alpha1", "served": true, "storage": true, "schema": anything}]);
    let names = json!({"kind": kind, "plural": plural});
    let spec = json!({"group": group, "scope": "Namespaced", "names": names, "versions": versions});
    let meta = json!({"name": name});
    let crd = json!({"apiVersion": CRD, "kind": "CustomResourceDefinition", "metadata": meta, "spec": spec});
    ns.apply(&crd).await?;
    let established = ["wait", "--for=condition=Established", "--timeout=30s", &format!("crd/{name}")];
    admin(ns).must(&established).await?;
    Ok(name)
}

async fn custom_object(ns: &Namespace, group: &str, kind: &str, image: &str) -> Result<()> {
    let spec = json!({"jobTargetRef": {"template": once(image)}});
    let version = format!("{group}/v1alpha1");
    let object = json!({"apiVersion": version, "kind": kind, "metadata": {"name": "report"}, "spec": spec});
    lab::eventually(kind, LIMIT, || async { Ok(ns.apply(&object).await.ok()) }).await.map(drop)
}

/// "Nothing in use goes" would be a promise about kinds that nobody looked at.
#[tokio::test]
async fn kinds_that_are_not_read_are_named_where_there_are_objects_of_them() -> Result<()> {
    let ns = namespace("lifecycle-kinds").await?;
    let repository = ns.repository("api").await?;
    releases(&repository, 2).await?;
    let own_group = format!("{}.example.com", ns.name());
    let mut kinds = Vec::new();
    for (group, kind) in [("keda.sh", "ScaledJob"), (own_group.as_str(), "CronWorkflow")] {
        kinds.push(custom_kind(&ns, group, kind).await?);
        custom_object(&ns, group, kind, &repository.image("1.0.0")).await?;
    }
    let empty = custom_kind(&ns, &own_group, "PodTemplate").await?;
    let found = preview(&ns, &repository, "--keep-tagged 1").await?;
    let told = finding(&found, "kinds-unread").context("no finding")?["message"].to_string();
    ensure!(kinds.iter().all(|kind| told.contains(kind)) && !told.contains(&empty), "{told}");
    let not_read = item(&found, &repository)["clusters"][0]["notRead"].clone();
    let counted =
        |kind: &str| not_read.as_array().into_iter().flatten().any(|one| one["kind"] == kind && one["objects"] == 1);
    ensure!(counted(&kinds[1]), "{not_read}");
    let words = format!("apply {} --keep-tagged 1 --yes", repository.name());
    let strict = lifecycle(&ns, &format!("{words} --strict --force=ecr-preview")).await?.ends(1)?;
    strict.tells("kinds-unread")?;
    assert_eq!(puts(&repository).await?, 0);
    let applied = lifecycle(&ns, &words).await?.ends(0)?;
    ensure!(!applied.stderr.contains("nothing in use goes"), "{}", said(&applied));
    applied.tells(&kinds[0])?;
    Ok(())
}

/// The rules that the document has: what is needed, and what is optional.
fn documented_rules() -> Result<[String; 2]> {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/lifecycle.md"))?;
    let blocks = text.split("```yaml\n").skip(1).filter_map(|block| Some(block.split_once("```")?.0.to_owned()));
    let blocks: Vec<String> = blocks.filter(|block| block.contains("apiGroups")).collect();
    blocks.try_into().map_err(|found| anyhow::anyhow!("{found:?}"))
}

async fn bound(ns: &Namespace, suffix: &str, rules: &str) -> Result<Identity> {
    let (role, user) = (format!("{}-{suffix}", ns.name()), format!("{suffix}@{}", ns.name()));
    let head = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata:\n  name: ";
    ns.apply_yaml(&format!("{head}{role}\n{rules}")).await?;
    let binding = [&format!("--clusterrole={role}"), &format!("--user={user}")];
    admin(ns).must(&["create", "clusterrolebinding", &role, binding[0], binding[1]]).await?;
    let identity = ns.lab().identity(&user, &[])?;
    let kubectl = ns.kubectl_as(&identity.kubeconfig);
    let may_list = || async { Ok((kubectl.run(&["get", "pods", "-A"]).await?.code == 0).then_some(())) };
    lab::eventually("the rights", LIMIT, may_list).await?;
    Ok(identity)
}

/// A pipeline whose ClusterRole is of last year can't know what needs the images that it would expire.
#[tokio::test]
async fn with_fewer_rights_nothing_is_expired_unless_what_is_not_seen_is_given_up() -> Result<()> {
    let ns = namespace("lifecycle-rights").await?;
    let repository = ns.repository("api").await?;
    releases(&repository, 2).await?;
    let [needed, optional] = documented_rules()?;
    let kinds = ["jobs.batch", "replicationcontrollers", "podtemplates"];
    for (suffix, rules, named) in [("less", needed.clone(), true), ("all", format!("{needed}{optional}"), false)] {
        let user = bound(&ns, suffix, &rules).await?;
        let run = async |words: &str| {
            let words = format!("ecr-rollback lifecycle apply {} --keep-tagged 1 -o json {words}", repository.name());
            ns.kubectl_as(&user.kubeconfig).run(&words.split_whitespace().collect::<Vec<_>>()).await
        };
        let document = run("--dry-run=client").await?.ends(u8::from(named))?.json()?;
        let told = finding(&document, "kinds-unread").map(|found| found["message"].to_string()).unwrap_or_default();
        let is_named = |kind: &&str| told.contains(&format!("{kind} (forbidden)"));
        assert_eq!(kinds.iter().filter(|kind| is_named(kind)).count(), if named { 3 } else { 0 }, "{suffix}: {told}");
        if named {
            run("--yes").await?.ends(1)?;
            assert_eq!(puts(&repository).await?, 0);
            run("--yes --force=kinds-unread").await?.ends(0)?;
        }
    }
    assert_eq!(puts(&repository).await?, 1);
    Ok(())
}
