//! The plugin as kubectl runs it: its name, completion, documents, words of errors.

use anyhow::{Result, ensure};
use e2e::common::completion::offered;
use e2e::common::run::{Ended, said};
use e2e::ecr::case::{Case, RELEASES};
use lab::registry::SECRET_KEY;
use serde_json::Value;

/// People would have to know another program's name, or hear of a broken plugin.
#[tokio::test]
async fn kubectl_finds_and_runs_it() -> Result<()> {
    let case = Case::released("found").await?;
    let lab = case.ns.lab();
    let anywhere = lab.kubectl(lab.kubeconfig());
    let listed = anywhere.run(&["plugin", "list"]).await?;
    ensure!(listed.stdout.contains("kubectl-ecr_rollback"), "{}", said(&listed));
    anywhere.run(&["ecr-rollback", "--version"]).await?.ends(0)?.tells(env!("CARGO_PKG_VERSION"))?;
    anywhere.run(&["ecr-rollback"]).await?.ends(2)?.tells("history")?;
    let namespace = case.ns.name();
    for words in [
        ["ecr-rollback", "-n", namespace, "deploy/api", "--dry-run"],
        ["ecr-rollback", "deploy/api", "-n", namespace, "--dry-run"],
        ["ecr-rollback", "history", "deploy/api", "--namespace", namespace],
        ["ecr-rollback", "history", "-n", namespace, "deploy/api"],
    ] {
        anywhere.run(&words).await?.ends(0)?.tells(RELEASES[4])?;
    }
    // kubectl itself says so; the plugin is never run.
    let early = anywhere.run(&["-n", namespace, "ecr-rollback", "deploy/api"]).await?.ends(1)?;
    ensure!(early.stderr.contains("flags cannot be placed before plugin name"), "{}", said(&early));
    Ok(())
}

/// At three in the morning, workloads, tags and repositories would have to be typed from memory.
#[tokio::test]
async fn tab_knows_verbs_workloads_containers_tags_and_repositories() -> Result<()> {
    let case = Case::new("tab").await?;
    case.push(&RELEASES).await?;
    case.apply(&case.app(RELEASES[5]).container("side", "registry.example.com/side:1")).await?;
    for (words, wanted) in [
        (vec![""], "deploy/api"),
        (vec!["hi"], "history"),
        (vec!["deploy/"], "deploy/api"),
        (vec!["history", ""], "deploy/api"),
        (vec!["unpin", "d"], "deploy/api"),
        (vec!["deploy/api", "-c", ""], "side"),
        (vec!["deploy/api", "--to-tag", ""], RELEASES[2]),
        (vec!["deployment/api", "--reason", "x", "--to-tag", "latest-release-1.0.3"], RELEASES[3]),
        (vec!["deploy/api", "--from", ""], "rollout-history"),
        (vec!["deploy/api", "--max"], "--max-severity"),
    ] {
        let found = offered(&case.ns, "ecr-rollback", &words).await?;
        ensure!(found.iter().any(|word| word == wanted), "{words:?}: {found:?}");
    }
    let repositories = offered(&case.ns, "ecr-rollback", &["lifecycle", "show", ""]).await?;
    ensure!(repositories.iter().any(|word| word == case.repository.name()), "{repositories:?}");
    let tags = offered(&case.ns, "ecr-rollback", &["deploy/api", "--to-tag", ""]).await?;
    ensure!(!tags.iter().any(|word| word == "deploy/api"), "a workload among the tags: {tags:?}");
    let none = offered(&case.ns, "ecr-rollback", &["deploy/none", "--to-tag", ""]).await?;
    assert_eq!(none, Vec::<String>::new(), "tags of a workload that isn't there");
    Ok(())
}

/// Scripts would have to read tables.
#[tokio::test]
async fn every_output_is_a_document_in_good_and_bad_times() -> Result<()> {
    let case = Case::released("documents").await?;
    let plan = case.ecr("deploy/api --dry-run=client -oyaml").await?.ends(0)?;
    let yaml: Value = serde_saphyr::from_str(&plan.stdout)?;
    assert_eq!((&yaml["kind"], &yaml["dryRun"]), (&"ImageRollback".into(), &"client".into()));
    let name = case.ecr("deploy/api --dry-run=client -oname").await?.ends(0)?;
    assert_eq!((name.stdout.trim(), name.stderr.as_str()), ("deployment.apps/api", ""));
    let history = case.ecr("history deploy/api -ojson").await?.ends(0)?.json()?;
    assert_eq!(history["workloads"][0]["images"].as_array().map(Vec::len), Some(RELEASES.len()));

    let done = case.back("-ojsonl").await?.ends(0)?;
    let lines: Vec<Value> = done.stdout.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let last = lines.last().cloned().unwrap_or_default();
    assert_eq!((&last["exitCode"], &last["workloads"][0]["changed"]), (&0.into(), &true.into()), "{}", said(&done));
    ensure!(lines.len() > 1, "no progress\n{}", said(&done));
    assert_eq!(last["workloads"][0]["state"], "done", "{}", said(&done));
    let nothing = case.back("-ojson").await?.ends(0)?.json()?;
    let unchanged = &nothing["workloads"][0];
    assert_eq!((&unchanged["changed"], &unchanged["state"]), (&false.into(), &"unchanged".into()));
    assert_eq!(unchanged["to"], case.repository.image(RELEASES[4]));
    let further = unchanged["next"].as_str().unwrap_or_default().trim_start_matches("kubectl ecr-rollback ");
    let further = further.replace(&format!(" -n {}", case.ns.name()), "");
    case.ecr(&format!("{further} --dry-run=client")).await?.ends(0)?.tells(RELEASES[3])?;

    for (words, code, reason) in [
        ("deploy/none -ojson", 1, "NotFound"),
        ("deploy/api --to-tag zzz -ojson", 1, "NoSuchImage"),
        ("deploy/api --if-running zzz -ojson", 3, "Changed"),
        ("svc/api -ojson", 2, "BadUsage"),
        ("deploy/api --nonsense -ojson", 2, "BadUsage"),
        ("-o json", 2, "BadUsage"),
        ("deploy/api --output=json --steps 0", 2, "BadUsage"),
        ("deploy/api -yojson --force=pasued", 2, "BadUsage"),
        ("histroy deploy/api --limit many --output json", 2, "BadUsage"),
        ("lifecycle shwo -ojsonl", 2, "BadUsage"),
    ] {
        let document = case.ecr(words).await?.ends(code)?.json()?;
        assert_eq!((&document["exitCode"], &document["reason"]), (&code.into(), &reason.into()), "{words}");
        ensure!(document["message"].is_string(), "{document}");
    }
    Ok(())
}

/// A mistyped command would do something else than was meant, or end in a riddle.
#[tokio::test]
async fn bad_words_are_refused_before_anything_is_asked() -> Result<()> {
    let case = Case::released("bad-words").await?;
    let before = case.written().await?;
    for (words, code, told) in [
        ("svc/api --yes", 2, "deployment/NAME"),
        ("--yes", 2, "TYPE/NAME"),
        ("api --yes", 2, "is no workload"),
        ("deploy/ --yes", 2, "is no workload"),
        ("deploy/api/x --yes", 2, "is no workload"),
        ("deploy/api deploy/web --yes", 2, "is no workload"),
        ("histroy deploy/api", 2, "is no workload"),
        ("deploy/api --to-tag a/b --yes", 2, "is no tag"),
        ("deploy/api --to-tag x --to-digest y --yes", 2, "cannot be used with"),
        ("deploy/api --to-tag x --again --yes", 2, "cannot be used with"),
        ("deploy/api --from rollout-history --to-tag x --yes", 2, "--from rollout-history"),
        ("deploy/api --from rollout-history --max-severity high --yes", 2, "--max-severity"),
        ("deploy/api --steps=-1 --yes", 2, "--steps"),
        ("deploy/api --nonsense --yes", 2, "--nonsense"),
        ("deploy/none --yes", 1, "Error from server (NotFound): deployments.apps \"none\" not found"),
        ("sts/api --yes", 1, "Error from server (NotFound): statefulsets.apps \"api\" not found"),
        ("deploy/api --yes --server https://127.0.0.1:1", 1, "Unable to connect to the server"),
        ("deploy/api --yes --as nobody", 1, "Error from server (Forbidden)"),
    ] {
        case.ecr(words).await?.ends(code)?.tells(told)?;
    }
    assert_eq!(case.written().await?, before);
    let calls = case.repository.calls().await?;
    ensure!(calls.is_empty(), "the registry was asked: {calls:?}");
    Ok(())
}

/// A key would end in a CI log that many people can read.
#[tokio::test]
async fn calls_are_logged_and_keys_never() -> Result<()> {
    let case = Case::released("verbose").await?;
    for words in ["history deploy/api -v 9", "deploy/api --yes -v=9", "deploy/api --yes -v=6 --again"] {
        let output = case.ecr(words).await?.ends(0)?;
        ensure!(output.stderr.contains("GET ") && output.stderr.contains("/deployments/api"), "{}", said(&output));
        ensure!(output.stderr.contains("DescribeImages"), "{}", said(&output));
        let all = said(&output);
        ensure!(!all.contains(SECRET_KEY) && !all.contains("Signature="), "{words}: a secret is printed");
    }
    Ok(())
}
