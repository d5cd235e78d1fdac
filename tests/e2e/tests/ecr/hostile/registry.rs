//! Words in what ECR answers: whoever may push, or stands in for ECR, is no more than anybody else.

use anyhow::{Result, ensure};
use e2e::common::hostile::{HOSTILE, harmless};
use e2e::ecr::case::Case;
use lab::api_proxy::ApiProxy;
use lab::registry::{Fault, Repository};
use serde_json::{Value, json};

const ALWAYS: usize = 1000;

const VERBS: [&str; 9] = [
    "WORKLOAD --dry-run=client",
    "WORKLOAD --dry-run=client -o json",
    "WORKLOAD --to-tag 1.0.1 --dry-run=client -o yaml",
    "WORKLOAD --yes --max-severity low",
    "history WORKLOAD -o wide",
    "history WORKLOAD -o json",
    "lifecycle show REPOSITORY",
    "lifecycle preview REPOSITORY --keep-tagged 1 -o wide",
    "lifecycle apply REPOSITORY --keep-tagged 1 --dry-run=client -o json",
];

/// What ECR says of an image, with words in all that somebody may have chosen.
fn image(day: u32, tags: &[String]) -> Value {
    let counts = json!({format!("CRITICAL{HOSTILE}"): 1, "HIGH": 2});
    json!({
        "imageDigest": format!("sha256:{day:064}"), "imageTags": tags, "imageSizeInBytes": 7,
        "imagePushedAt": 1_767_225_600 + day * 86_400, "imageManifestMediaType": format!("application/x{HOSTILE}"),
        "artifactMediaType": format!("application/vnd.oci.image.config.v1+json{HOSTILE}"),
        "imageScanStatus": {"status": format!("FAILED{HOSTILE}"), "description": HOSTILE},
        "imageScanFindingsSummary": {"findingSeverityCounts": counts},
    })
}

/// Operations, and how each is answered.
fn answers() -> Vec<(&'static str, Fault)> {
    let tag = |n: u32| vec![format!("1.0.{n}{HOSTILE}"), HOSTILE.to_owned(), format!("1.0.{n}")];
    let images: Vec<Value> = (1..4).map(|n| image(n, &tag(n))).collect();
    let rule = json!({"rulePriority": 1, "description": HOSTILE, "action": {"type": "expire"}, "selection": {
        "tagStatus": "tagged", "tagPatternList": ["*"], "countType": "imageCountMoreThan", "countNumber": 5}});
    let policy = |text: String| Fault::Answer { body: json!({"lifecyclePolicyText": text}) };
    vec![
        ("DescribeImages", Fault::Answer { body: json!({"imageDetails": images}) }),
        ("DescribeImages", Fault::error("AccessDeniedException", HOSTILE)),
        ("DescribeImages", Fault::error(HOSTILE, HOSTILE)),
        ("GetLifecyclePolicy", policy(json!({"rules": [rule]}).to_string())),
        ("GetLifecyclePolicy", policy(format!("{{\"rules\": {HOSTILE}"))),
        ("GetLifecyclePolicy", Fault::error("ServerException", HOSTILE)),
        ("DescribeRepositories", Fault::error("RepositoryNotFoundException", HOSTILE)),
        ("DescribeImageScanFindings", Fault::error("ScanNotFoundException", HOSTILE)),
        ("BatchGetImage", Fault::error("AccessDeniedException", HOSTILE)),
    ]
}

async fn bad_words(case: &Case, repository: &Repository, proxy: &ApiProxy, what: &str) -> Vec<String> {
    let plugin = case.ns.lab().plugins().join("kubectl-ecr_rollback");
    let mut bad = Vec::new();
    for words in VERBS {
        let words = words.replace("WORKLOAD", &case.resource()).replace("REPOSITORY", repository.name());
        let said = harmless(&plugin, proxy, case.ns.name(), &words).await;
        bad.extend(said.err().map(|why| format!("{what}: {words}\n{why:#}")));
    }
    bad
}

/// A tag, an error or a policy's description would clear the screen, or run once a line is pasted.
#[tokio::test]
async fn what_a_registry_says_is_shown_and_never_obeyed() -> Result<()> {
    let mut bad = Vec::new();
    for (n, (operation, fault)) in answers().into_iter().enumerate() {
        let case = Case::new(&format!("hostile-ecr-{n}")).await?;
        case.push(&["1.0.1", "1.0.2"]).await?;
        case.deploy(&["1.0.1", "1.0.2"]).await?;
        let proxy = ApiProxy::start(case.ns.lab()).await?;
        case.repository.interceptor().fail(operation, ALWAYS, fault.clone()).await?;
        bad.extend(bad_words(&case, &case.repository, &proxy, &format!("{operation} {n}")).await);
    }
    ensure!(bad.is_empty(), "{}", bad.join("\n\n"));
    Ok(())
}
