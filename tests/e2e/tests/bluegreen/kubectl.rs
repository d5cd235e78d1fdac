//! The plugin as kubectl runs it: flags, completion, credentials, logs, warnings.

use anyhow::{Result, ensure};
use e2e::bluegreen::admission::Policy;
use e2e::bluegreen::run::{bluegreen, bluegreen_as};
use e2e::bluegreen::written::record;
use e2e::bluegreen::{active, blue_green};
use e2e::common::completion;
use e2e::common::run::{Ended, admin, said};
use e2e::common::terminal::{cursor_is_shown, on_terminal};
use e2e::namespace;
use k8s_openapi::api::core::v1::Service;
use lab::{Namespace, identity};
use serde_json::{Value, json};

/// People would have to know another program's name, or hear of a broken plugin.
#[tokio::test]
async fn kubectl_finds_and_runs_it() -> Result<()> {
    let ns = namespace("found").await?;
    blue_green(&ns, 1).await?;
    bluegreen(&ns, "status api").await?.ends(0)?.tells("api-green")?;
    let anywhere = ns.lab().kubectl(ns.lab().kubeconfig());
    let listed = anywhere.run(&["plugin", "list"]).await?;
    ensure!(listed.stdout.contains("kubectl-bluegreen"), "{}", said(&listed));
    anywhere.run(&["bluegreen", "--version"]).await?.ends(0)?.tells(env!("CARGO_PKG_VERSION"))?;
    anywhere.run(&["bluegreen"]).await?.ends(2)?.tells("rollback")?;
    Ok(())
}

/// A namespace flag in the wrong place would be ignored, and another namespace switched.
#[tokio::test]
async fn flags_go_after_the_plugins_name() -> Result<()> {
    let ns = namespace("flag-order").await?;
    blue_green(&ns, 1).await?;
    let anywhere = ns.lab().kubectl(ns.lab().kubeconfig());
    for words in [
        ["bluegreen", "-n", ns.name(), "status", "api"],
        ["bluegreen", "status", "-n", ns.name(), "api"],
        ["bluegreen", "status", "api", "--namespace", ns.name()],
    ] {
        anywhere.run(&words).await?.ends(0)?;
    }
    // kubectl itself says so; the plugin is never run.
    let early = anywhere.run(&["-n", ns.name(), "bluegreen", "status", "api"]).await?.ends(1)?;
    ensure!(early.stderr.contains("flags cannot be placed before plugin name"), "{}", said(&early));
    Ok(())
}

/// What Tab offers after `kubectl bluegreen …`.
async fn offered(ns: &Namespace, words: &[&str]) -> Result<Vec<String>> {
    completion::offered(ns, "bluegreen", words).await
}

/// At three in the morning, colors and Services would have to be typed from memory.
#[tokio::test]
async fn tab_knows_verbs_flags_services_colors_and_namespaces() -> Result<()> {
    let ns = namespace("tab").await?;
    blue_green(&ns, 1).await?;
    for (words, wanted) in [
        (vec![""], "rollback"),
        (vec!["sw"], "switch"),
        (vec!["switch", "--verify"], "--verify-for"),
        (vec!["switch", ""], "api"),
        (vec!["rollback", "a"], "api"),
        (vec!["switch", "api", "--to", ""], "green"),
        (vec!["switch", "svc/api", "--to", "g"], "green"),
        (vec!["switch", "--verify-for", "5s", "api", "--to", ""], "green"),
        (vec!["switch", "--to", "green", "--reason", "x", ""], "api"),
        (vec!["status", "api", "-o", ""], "jsonl"),
        (vec!["status", "--context", ""], "lab"),
    ] {
        let found = offered(&ns, &words).await?;
        ensure!(found.iter().any(|word| word == wanted), "{words:?}: {found:?}");
    }
    let found = offered(&ns, &["status", "-n", ""]).await?;
    ensure!(found.iter().any(|word| word == ns.name()), "{found:?}");
    let colors = offered(&ns, &["switch", "api", "--to", ""]).await?;
    ensure!(!colors.iter().any(|word| word == "api"), "a Service among the colors: {colors:?}");
    Ok(())
}

/// An unreachable cluster would freeze the shell, or fill it with errors.
#[tokio::test]
async fn tab_without_a_cluster_offers_nothing_and_is_quick() -> Result<()> {
    let ns = namespace("tab-offline").await?;
    let began = std::time::Instant::now();
    let found = offered(&ns, &["--server", "https://127.0.0.1:1", "switch", ""]).await?;
    ensure!(!found.iter().any(|word| word == "api"), "{found:?}");
    ensure!(began.elapsed().as_secs() < 5, "{:?}", began.elapsed());
    Ok(())
}

fn kubeconfig_with(ns: &Namespace, user: &Value) -> Result<std::path::PathBuf> {
    let plain = identity::kubeconfig_with_token(ns.lab().api(), ns.lab().authority().certificate(), "someone", "none");
    let mut config: Value = serde_json::from_str(&plain)?;
    config["users"][0]["user"] = user.clone();
    ns.lab().write_kubeconfig(&config.to_string())
}

fn exec_credential(script: &str, token: &str) -> Value {
    json!({"exec": {
        "apiVersion": "client.authentication.k8s.io/v1", "interactiveMode": "Never",
        "command": "/bin/sh", "args": ["-c", script], "env": [{"name": "LAB_TEST_TOKEN", "value": token}],
    }})
}

/// Nobody on EKS, GKE or AKS could use it: they all log in through a credential plugin.
#[tokio::test]
async fn credential_plugins_work() -> Result<()> {
    let ns = namespace("exec").await?;
    blue_green(&ns, 1).await?;
    let token = ns.lab().token()?;
    let print = r#"printf '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"%s"}}' "$LAB_TEST_TOKEN""#;
    let user = ns.kubectl_as(kubeconfig_with(&ns, &exec_credential(print, token.trim()))?);
    bluegreen_as(&user, "switch api --to green --yes --verify-for=0").await?.ends(0)?;
    assert_eq!(active(&ns, "api").await?, "green");
    let broken = exec_credential(r#"echo "$LAB_TEST_TOKEN"; echo "$LAB_TEST_TOKEN" >&2; exit 3"#, "s3cret-in-output");
    let user = ns.kubectl_as(kubeconfig_with(&ns, &broken)?);
    let failed = bluegreen_as(&user, "status api").await?.ends(1)?.tells("credential")?;
    ensure!(!failed.stdout.contains("s3cret"), "{}", said(&failed));
    Ok(())
}

/// A token would end in a CI log that many people can read.
#[tokio::test]
async fn requests_are_logged_and_tokens_never() -> Result<()> {
    let ns = namespace("verbose").await?;
    blue_green(&ns, 1).await?;
    let token = ns.lab().token()?.trim().to_owned();
    let user = ns.kubectl_as(kubeconfig_with(&ns, &json!({"token": token}))?);
    let switch = "switch api --to green --yes --verify-for=0";
    for words in
        [format!("{switch} -v=6"), format!("status api -v 9 --token {token}"), "rollback api --yes --v=8".to_owned()]
    {
        let output = bluegreen_as(&user, &words).await?.ends(0)?;
        ensure!(output.stderr.contains("GET ") && output.stderr.contains("/services/api"), "{}", said(&output));
        ensure!(!output.stderr.contains(&token) && !output.stdout.contains(&token), "{words}: the token is printed");
        ensure!(!output.stderr.to_lowercase().contains("authorization:"), "{}", said(&output));
    }
    let quiet = bluegreen_as(&user, "status api").await?.ends(0)?;
    ensure!(!quiet.stderr.contains("GET "), "{}", said(&quiet));
    Ok(())
}

/// What administrators tell people through the API server would be lost.
#[tokio::test]
async fn warnings_of_the_api_server_are_shown() -> Result<()> {
    let ns = namespace("warned").await?;
    blue_green(&ns, 1).await?;
    let frozen = "releases are frozen until Monday";
    let policy = Policy::warn(&ns, "api", "object.spec.selector.version == 'blue'", frozen).await?;
    let switched = bluegreen(&ns, "switch api --to green --yes --verify-for=0").await?.ends(0)?;
    let warnings =
        switched.stderr.lines().filter(|line| line.starts_with("Warning: ") && line.contains(frozen)).count();
    ensure!(warnings == 1, "{warnings} warnings\n{}", said(&switched));
    policy.remove().await
}

/// The record would name the wrong person, or the wrong rights be used.
#[tokio::test]
async fn impersonation_and_field_manager_are_kubectls() -> Result<()> {
    let ns = namespace("as").await?;
    blue_green(&ns, 1).await?;
    bluegreen(&ns, "status api --as nobody").await?.ends(1)?.tells("nobody")?;
    let flags = "--as deploy-bot --as-group system:masters --field-manager our-ci";
    bluegreen(&ns, &format!("switch api --to green --yes --verify-for=0 {flags}")).await?.ends(0)?;
    assert_eq!(record(&ns, "api").await?["by"], "deploy-bot");
    let service = ns.api::<Service>().get("api").await?;
    let managers: Vec<_> = service.metadata.managed_fields.iter().flatten().filter_map(|f| f.manager.clone()).collect();
    ensure!(managers.contains(&"our-ci".to_owned()), "{managers:?}");
    Ok(())
}

/// Enter on a question, or a no, would switch production.
#[tokio::test]
async fn on_a_terminal_a_person_is_asked() -> Result<()> {
    let ns = namespace("asked").await?;
    blue_green(&ns, 1).await?;
    for (typed, code, color) in [("n", 1, "blue"), ("\r", 1, "blue"), ("\u{3}", 130, "blue"), ("y", 0, "green")] {
        let output =
            on_terminal(&ns, "bluegreen switch api --verify-for=0", &[("[y/N]", typed)], true).await?.ends(code)?;
        ensure!(output.stdout.contains("blue -> green"), "the plan is not shown\n{}", said(&output));
        assert_eq!(active(&ns, "api").await?, color, "{typed:?}");
        ensure!(cursor_is_shown(&output.stdout), "the cursor stays hidden after {typed:?}");
    }
    on_terminal(&ns, "bluegreen rollback api", &[("[y/N]", "y")], true).await?.ends(0)?;
    assert_eq!(active(&ns, "api").await?, "blue");
    Ok(())
}

/// Logs of people who asked for no color would be full of codes.
#[tokio::test]
async fn color_is_for_terminals_and_no_color_ends_it() -> Result<()> {
    let ns = namespace("color").await?;
    blue_green(&ns, 2).await?;
    let words = "bluegreen switch api --to green --dry-run=client";
    let colored = on_terminal(&ns, words, &[], false).await?.ends(0)?;
    ensure!(colored.stdout.contains("\u{1b}["), "no color on a terminal\n{}", said(&colored));
    let plain = on_terminal(&ns, words, &[], true).await?.ends(0)?;
    ensure!(!plain.stdout.contains("\u{1b}["), "{:?}", plain.stdout);
    let piped = admin(&ns).run(&["bluegreen", "switch", "api", "--to=green", "--dry-run=client"]).await?.ends(0)?;
    ensure!(!piped.stderr.contains('\u{1b}') && !piped.stdout.contains('\u{1b}'), "{}", said(&piped));
    Ok(())
}
