//! The plugin as kubectl runs it: flags, completion, credentials, logs, warnings.

use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use e2e::admission::Policy;
use e2e::run::{Ended, admin, bluegreen, bluegreen_as, said};
use e2e::written::record;
use e2e::{active, blue_green, namespace};
use k8s_openapi::api::core::v1::Service;
use lab::{Namespace, Running, identity};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{ChildStdin, ChildStdout};

const SHIMS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../completions");

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

/// What `kubectl __complete bluegreen …` offers for the last word.
async fn offered(ns: &Namespace, words: &[&str]) -> Result<Vec<String>> {
    let lab = ns.lab();
    let kubectl = lab.kubectl(lab.kubeconfig());
    let mut args = vec!["__complete", "bluegreen", "-n", ns.name()];
    args.extend(words);
    let mut command = kubectl.command(&args);
    let path =
        command.as_std().get_envs().find_map(|(name, value)| value.filter(|_| name == "PATH")).context("no PATH")?;
    let path = format!("{SHIMS}:{}", path.to_string_lossy());
    command.env("PATH", path);
    let output = Running::start(command)?.wait(e2e::LIMIT).await?.ends(0)?;
    let mut lines: Vec<String> = output.stdout.lines().map(str::to_owned).collect();
    let directive = lines.pop();
    // 4: no file names (cobra's ShellCompDirectiveNoFileComp).
    ensure!(directive.as_deref() == Some(":4"), "{}", said(&output));
    Ok(lines.iter().map(|line| line.split('\t').next().unwrap_or_default().to_owned()).collect())
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

/// Runs it on a terminal of its own, with this typed into it.
async fn on_terminal(ns: &Namespace, words: &str, typed: &str, no_color: bool) -> Result<lab::Output> {
    let kubectl = ns.lab().kubectl(ns.lab().kubeconfig());
    let line = format!("exec kubectl bluegreen {words} -n {}", ns.name());
    let mut command = kubectl.plugin(Path::new("script"), &["-qec", &line, "/dev/null"]);
    command.env("TERM", "xterm").env_remove("NO_COLOR").stdin(Stdio::piped());
    if no_color {
        command.env("NO_COLOR", "1");
    }
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let began = std::time::Instant::now();
    let mut child = command.spawn().context("script (of util-linux) gives tests a terminal")?;
    let (mut keys, mut screen) = (child.stdin.take().context("no stdin")?, child.stdout.take().context("no stdout")?);
    let shown = tokio::time::timeout(e2e::LIMIT, answer(&mut keys, &mut screen, typed)).await??;
    let code = u8::try_from(child.wait().await?.code().unwrap_or(255))?;
    Ok(lab::Output { code, stdout: shown, stderr: String::new(), elapsed: began.elapsed() })
}

/// Types once the question is there; gives all that was on the screen.
async fn answer(keys: &mut ChildStdin, screen: &mut ChildStdout, typed: &str) -> Result<String> {
    let (mut shown, mut chunk, mut asked) = (Vec::new(), [0; 4096], false);
    loop {
        let read = screen.read(&mut chunk).await?;
        if read == 0 {
            return Ok(String::from_utf8_lossy(&shown).into_owned());
        }
        shown.extend(&chunk[..read]);
        if !asked && String::from_utf8_lossy(&shown).contains("[y/N]") {
            asked = true;
            keys.write_all(typed.as_bytes()).await?;
        }
    }
}

/// Enter on a question, or a no, would switch production.
#[tokio::test]
async fn on_a_terminal_a_person_is_asked() -> Result<()> {
    let ns = namespace("asked").await?;
    blue_green(&ns, 1).await?;
    for (typed, code, color) in [("n", 1, "blue"), ("\r", 1, "blue"), ("\u{3}", 130, "blue"), ("y", 0, "green")] {
        let output = on_terminal(&ns, "switch api --verify-for=0", typed, true).await?.ends(code)?;
        ensure!(output.stdout.contains("blue -> green"), "the plan is not shown\n{}", said(&output));
        assert_eq!(active(&ns, "api").await?, color, "{typed:?}");
        let cursor = (output.stdout.rfind("\u{1b}[?25l"), output.stdout.rfind("\u{1b}[?25h"));
        ensure!(cursor.0 < cursor.1, "the cursor stays hidden after {typed:?}");
    }
    on_terminal(&ns, "rollback api", "y", true).await?.ends(0)?;
    assert_eq!(active(&ns, "api").await?, "blue");
    Ok(())
}

/// Logs of people who asked for no color would be full of codes.
#[tokio::test]
async fn color_is_for_terminals_and_no_color_ends_it() -> Result<()> {
    let ns = namespace("color").await?;
    blue_green(&ns, 2).await?;
    let words = "switch api --to green --dry-run=client";
    let colored = on_terminal(&ns, words, "", false).await?.ends(0)?;
    ensure!(colored.stdout.contains("\u{1b}["), "no color on a terminal\n{}", said(&colored));
    let plain = on_terminal(&ns, words, "", true).await?.ends(0)?;
    ensure!(!plain.stdout.contains("\u{1b}["), "{:?}", plain.stdout);
    let piped = admin(&ns).run(&["bluegreen", "switch", "api", "--to=green", "--dry-run=client"]).await?.ends(0)?;
    ensure!(!piped.stderr.contains('\u{1b}') && !piped.stdout.contains('\u{1b}'), "{}", said(&piped));
    Ok(())
}
