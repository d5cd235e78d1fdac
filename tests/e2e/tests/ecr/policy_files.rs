//! Policy files as people have them.

use anyhow::{Result, ensure};
use e2e::common::run::Ended;
use e2e::ecr::case::Case;
use e2e::ecr::policy_file::PolicyFile;
use lab::Running;
use lab::registry::ACCOUNT;
use serde_json::{Value, json};

const POLICY: &str = r#"{"rules":[{"rulePriority":1,"selection":{"tagStatus":"untagged","countType":"imageCountMoreThan","countNumber":2},"action":{"type":"expire"}}]}"#;

/// What one tool prints another would not take, and a person would edit JSON by hand.
#[tokio::test]
async fn a_policy_is_taken_in_the_form_in_which_tools_give_it() -> Result<()> {
    let case = Case::new("policy-forms").await?;
    let envelope = json!({"registryId": ACCOUNT, "repositoryName": "other", "lifecyclePolicyText": POLICY});
    let quoted = POLICY.replace("\"countNumber\":2", "\"countNumber\":\"2\"").replace(":1,", ":\"1\",");
    let utf_16: Vec<u8> =
        [0xff, 0xfe].into_iter().chain(envelope.to_string().encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let wanted: Value = serde_json::from_str(POLICY)?;
    for (name, bytes) in [
        ("mark", format!("\u{feff}{POLICY}").into_bytes()),
        ("envelope", envelope.to_string().into_bytes()),
        ("quoted", quoted.into_bytes()),
        ("powershell", utf_16),
    ] {
        let repository = case.ns.repository(name).await?;
        let file = PolicyFile::new(&case.ns, name, &bytes)?;
        case.ecr(&format!("lifecycle apply {} -f {} --yes", repository.name(), file.0.display())).await?.ends(0)?;
        assert_eq!(repository.lifecycle_policy().await?.as_ref(), Some(&wanted), "{name}");
    }
    Ok(())
}

/// Of two numbers one would count, and nobody could say which.
#[tokio::test]
async fn what_stands_twice_is_refused_with_its_place() -> Result<()> {
    let case = Case::new("policy-twice").await?;
    let key = POLICY.replace("\"countNumber\":2", "\"countNumber\":200,\"countNumber\":2");
    let rule = &POLICY[10..POLICY.len() - 2];
    let priority = format!("{{\"rules\":[{rule},{}]}}", rule.replace("untagged", "any"));
    for (name, text, told) in [
        ("key", key, "rule 1: selection.countNumber stands twice"),
        ("rules", format!("{{\"rules\":[],{}", &POLICY[1..]), "rules stands twice"),
        ("priority", priority, "rule 2 (priority 1): rule 1 has that priority too: give each its own"),
        ("text", "five".into(), "not JSON"),
        ("nothing", String::new(), "the file is empty"),
    ] {
        let file = PolicyFile::new(&case.ns, name, text.as_bytes())?;
        let words = format!("lifecycle apply {} -f {} --yes", case.repository.name(), file.0.display());
        case.ecr(&words).await?.ends(1)?.tells(told)?;
    }
    ensure!(case.repository.calls().await?.is_empty(), "nothing may be sent");
    Ok(())
}

/// The command to paste would fail, or wait for a file that is gone.
#[tokio::test]
async fn only_what_can_be_repeated_is_printed_to_be_pasted() -> Result<()> {
    let case = Case::new("policy-again").await?;
    let (there, missing) = (case.repository.name().to_owned(), format!("{}/nothing", case.ns.name()));
    for repositories in [missing.clone(), format!("{there} {missing}")] {
        let preview = case.ecr(&format!("lifecycle preview {repositories} --keep-tagged 5")).await?.ends(1)?;
        ensure!(!preview.stdout.contains("Apply:"), "{}", preview.stdout);
    }
    let file = PolicyFile::new(&case.ns, "again", POLICY.as_bytes())?;
    let by_file = format!("lifecycle preview {there} -f {}", file.0.display());
    ensure!(case.ecr(&by_file).await?.ends(0)?.stdout.contains("Apply: kubectl ecr-rollback lifecycle apply"), "file");
    let piped = format!("lifecycle preview {there} -f /dev/stdin");
    let kubectl = case.ns.kubectl_as(case.ns.lab().kubeconfig());
    let words: Vec<&str> = ["ecr-rollback"].into_iter().chain(piped.split_whitespace()).collect();
    let mut command = kubectl.command(&words);
    command.stdin(std::fs::File::open(&file.0)?);
    let output = Running::start(command)?.wait(e2e::LIMIT).await?.ends(0)?;
    ensure!(!output.stdout.contains("-f /dev/stdin"), "{}", output.stdout);
    Ok(())
}

/// A command that waits for a pipe that is over, or that only looks once more, is no next step.
#[tokio::test]
async fn what_is_printed_after_a_refusal_would_go_through() -> Result<()> {
    let case = Case::released("policy-next").await?;
    let there = case.repository.name().to_owned();
    let one = POLICY.replace("untagged", "any").replace(":2}", ":1}");
    let file = PolicyFile::new(&case.ns, "next", one.as_bytes())?;
    let kubectl = case.ns.kubectl_as(case.ns.lab().kubeconfig());
    for path in ["-", "/dev/stdin"] {
        let words = format!("ecr-rollback lifecycle apply {there} -f {path} --yes");
        let mut command = kubectl.command(&words.split_whitespace().collect::<Vec<_>>());
        command.stdin(std::fs::File::open(&file.0)?);
        let output = Running::start(command)?.wait(e2e::LIMIT).await?.ends(1)?;
        ensure!(!output.stderr.contains(&format!("-f {path}")), "{}", output.stderr);
        ensure!(output.stderr.contains("the policy once more"), "{}", output.stderr);
    }
    let dry = case.ecr(&format!("lifecycle apply {there} -f {} --dry-run=client", file.0.display())).await?.ends(1)?;
    let tried = dry.stderr.lines().find(|line| line.starts_with("Try:")).unwrap_or_default();
    ensure!(tried.contains("lifecycle apply") && !tried.contains("--dry-run"), "{}", dry.stderr);
    Ok(())
}

/// Pods would be counted twice, and a count be doubted.
#[tokio::test]
async fn a_cluster_that_is_named_twice_is_asked_once() -> Result<()> {
    let case = Case::new("named-twice").await?;
    case.push(&["1.0.0", "1.0.1"]).await?;
    case.deploy(&["1.0.0"]).await?;
    let context = case.kubectl(&["config", "current-context"]).await?;
    let context = context.trim();
    let words = format!("lifecycle preview {} --keep-tagged 1 -ojson", case.repository.name());
    let document = case.ecr(&format!("{words} --contexts {context},{context}")).await?.ends(0)?.json()?;
    let repository = &document["repositories"][0];
    assert_eq!(repository["clusters"].as_array().map(Vec::len), Some(1), "{repository:#}");
    let images = repository["images"].as_array().into_iter().flatten();
    let uses = images.filter_map(|image| image["inUse"].as_array()).flatten();
    assert_eq!(uses.filter(|used| used["reason"] == "running").count(), 1);
    Ok(())
}
