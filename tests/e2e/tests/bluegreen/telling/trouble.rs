//! Receivers that fail: the release is what it would be without them, in about the time that it would take.

use std::time::Duration;

use anyhow::{Result, ensure};
use e2e::LIMIT;
use e2e::common::run::{Ended, said};
use lab::Running;
use lab::mailbox::{Mailbox, Reply};
use rustix::process::Signal;

use super::{HOOKED, SECRET, hooked, secret, stages, switch};

/// What the end of a run waits at most, and a margin for a busy machine.
const BOUND: Duration = Duration::from_secs(5 + 15);

/// A chat that is down would keep a version in service that breaks; one that sends its words back would have the
/// secret in the log.
#[tokio::test]
async fn whoever_does_not_take_it_is_named_in_one_line_and_changes_nothing() -> Result<()> {
    let echo = format!("no such hook: /services/{SECRET} {}", "x".repeat(1 << 20));
    let replies: [(&str, Reply); 4] = [
        ("answered 500", Reply::status(500)),
        ("answered 404", Reply::With(404, Vec::new(), echo)),
        ("answered 429", Reply::With(429, vec![("retry-after", "86400".to_owned())], String::new())),
        ("no answer in time", Reply::Hang),
    ];
    for (index, (why, reply)) in replies.into_iter().enumerate() {
        let hook = Mailbox::answering(move |_| reply.clone()).await?;
        let setup = hooked(&format!("untold-{index}"), &hook).await?;
        let words: Vec<&str> = HOOKED.iter().copied().chain(["-v=9"]).collect();
        let output = switch(&setup, "green", &words).await?.ends(0)?.tells(why)?;
        let notes: Vec<&str> = output.stderr.lines().filter(|line| line.starts_with("note:")).collect();
        ensure!(notes.len() == 1 && notes[0].contains("webhook=secret/ops/hook was not told of"), "{}", said(&output));
        ensure!(output.elapsed < BOUND, "{:?}", output.elapsed);
        assert_eq!(setup.colors().await?, ["green"]);
    }
    Ok(())
}

/// Slack asks for patience where several jobs end at once.
#[tokio::test]
async fn whoever_asks_for_patience_is_told_a_little_later() -> Result<()> {
    let patience = || Reply::With(429, vec![("retry-after", "1".to_owned())], String::new());
    let hook = Mailbox::answering(move |before| if before == 0 { patience() } else { Reply::status(200) }).await?;
    let setup = hooked("untold-later", &hook).await?;
    let output = switch(&setup, "green", &HOOKED).await?.ends(0)?;
    assert_eq!(stages(&hook), ["started", "started", "checked", "switched", "verified"], "{}", said(&output));
    let ids: Vec<_> = hook.posted().iter().map(|letter| letter.body["id"].clone()).collect();
    assert_eq!(ids[0], ids[1], "who gets it twice can't know");
    ensure!(!output.stderr.contains("note:"), "{}", said(&output));
    Ok(())
}

/// A redirect would carry what is told to whoever the first host names.
#[tokio::test]
async fn a_redirect_is_not_followed() -> Result<()> {
    let elsewhere = Mailbox::open().await?;
    let to = format!("http://127.0.0.1:{}/", elsewhere.port());
    let hook = Mailbox::answering(move |_| Reply::With(307, vec![("location", to.clone())], String::new())).await?;
    let setup = hooked("untold-redirect", &hook).await?;
    switch(&setup, "green", &HOOKED)
        .await?
        .ends(0)?
        .tells("answered 307, which leads elsewhere and is not followed")?;
    assert!(elsewhere.posted().is_empty());
    Ok(())
}

/// `ps` and `/proc` show every user of the machine how a process was called; and whoever stops a run in the middle
/// of it leaves others without a word.
#[tokio::test]
async fn a_run_that_is_stopped_says_so_and_never_had_the_secret_in_its_process_list() -> Result<()> {
    let hook = Mailbox::open().await?;
    let setup = hooked("untold-stopped", &hook).await?;
    let words = ["switch", "api", "--to", "green", "--yes", "--verify-for=80s", "--notify=webhook=secret/ops/hook"];
    let running: Running = setup.start(&setup.ns.lab().kubeconfig(), &words)?;
    hook.has(3).await?;
    let id = running.id().unwrap_or_default();
    for of_process in ["cmdline", "environ"] {
        let shown = std::fs::read(format!("/proc/{id}/{of_process}"))?;
        ensure!(!String::from_utf8_lossy(&shown).contains(SECRET), "{of_process}");
    }
    running.signal(Signal::TERM)?;
    running.wait(LIMIT).await?.ends(130)?;
    let last = hook.posted().pop().map(|letter| letter.body).unwrap_or_default();
    assert_eq!((last["stage"].as_str(), last["exitCode"].as_i64()), (Some("failed"), Some(130)), "{last:#}");
    Ok(())
}

/// By TLS as everything else: whose certificate the machine does not trust is not told.
#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_told_nothing() -> Result<()> {
    let hook = Mailbox::open().await?;
    let setup = hooked("untold-tls", &hook).await?;
    let tls = Mailbox::tls(setup.ns.lab()).await?;
    let url = format!("https://127.0.0.1:{}/services/{SECRET}", tls.port());
    secret(&setup.ns, "ops", &serde_json::json!({"hook": url})).await?;
    switch(&setup, "green", &HOOKED).await?.ends(0)?.tells("no connection")?;
    assert!(tls.posted().is_empty());
    let roots = setup.ns.lab().dir().join(format!("roots-{}.pem", setup.ns.name()));
    std::fs::write(&roots, setup.ns.lab().authority().certificate())?;
    let words: Vec<&str> = ["switch", "api", "--to", "blue"].into_iter().chain(HOOKED).collect();
    let plugin = setup.ns.lab().plugins().join("kubectl-bluegreen");
    let mut command = setup.ns.kubectl_as(setup.ns.lab().kubeconfig()).plugin(&plugin, &words);
    command.env("SSL_CERT_FILE", &roots);
    let output = Running::start(command)?.wait(LIMIT).await?.ends(0)?;
    assert_eq!(stages(&tls), ["started", "checked", "switched", "verified"], "{}", said(&output));
    Ok(())
}

/// In many companies nothing outside is reached but through the proxy; kubectl finds it in the environment.
#[tokio::test]
async fn the_proxy_of_the_environment_is_gone_through() -> Result<()> {
    let tunnel = lab::recorder::Tunnel::start().await?;
    let hook = Mailbox::open().await?;
    let setup = hooked("untold-proxy", &hook).await?;
    secret(&setup.ns, "ops", &serde_json::json!({"hook": format!("https://hooks.example.test/{SECRET}")})).await?;
    let words: Vec<&str> = ["switch", "api", "--to", "green"].into_iter().chain(HOOKED).collect();
    let plugin = setup.ns.lab().plugins().join("kubectl-bluegreen");
    let mut command = setup.ns.kubectl_as(setup.ns.lab().kubeconfig()).plugin(&plugin, &words);
    command
        .env("HTTPS_PROXY", format!("http://127.0.0.1:{}", tunnel.port()))
        .env("NO_PROXY", "10.0.0.0/8,kubernetes.lab");
    let output = Running::start(command)?.wait(LIMIT).await?.ends(0)?;
    let asked = tunnel.take();
    ensure!(asked.iter().any(|target| target.starts_with("hooks.example.test:443")), "{asked:?} {}", said(&output));
    ensure!(!said(&output).contains(SECRET), "{}", said(&output));
    Ok(())
}
