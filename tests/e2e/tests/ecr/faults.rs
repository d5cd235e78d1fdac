//! ECR that throttles, refuses, breaks off or can't be reached: exit 1 with what to check, the way
//! back that needs no ECR, and nothing written.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use e2e::common::calls::stores;
use e2e::common::run::{Ended, said};
use e2e::ecr::releases::{NEWEST, PREVIOUS, Releases, finished, without_credentials};
use lab::api_proxy::ApiProxy;
use lab::registry::{AccessKey, Fault};
use lab::{Output, Running};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::process::Command;

const WORDS: &str = "deploy/api --yes --timeout=40s --request-timeout=5s -ojson -v=9";
const FOR_EVER: usize = 1000;

/// What goes wrong with every call to ECR, the reason that scripts see, and what is named to check.
struct Trouble {
    name: &'static str,
    fault: Fault,
    reason: &'static str,
    check: &'static str,
}

fn troubles() -> Vec<Trouble> {
    let trouble = |name, fault, reason, check| Trouble { name, fault, reason, check };
    // Real ones repeat the request that was signed, with its token.
    let signed = "The request signature we calculated does not match. The Canonical String should have been \
                  'POST / x-amz-security-token:IQoJb3JpZ2luX2VjEXAMPLETOKENofthetest' AWS4-HMAC-SHA256";
    vec![
        trouble("throttled", Fault::throttling(), "Throttled", "try again"),
        trouble("denied", Fault::access_denied("DescribeImages"), "AccessDenied", "ecr:DescribeImages"),
        trouble("expired", Fault::expired_token(), "ExpiredCredentials", "aws sts get-caller-identity"),
        trouble("no repository", Fault::no_repository(), "NoSuchRepository", "--region ap-southeast-2"),
        trouble("500", Fault::server_error(), "RegistryError", "try again"),
        trouble("reset", Fault::Reset, "NoAnswer", "try again"),
        trouble("unknown key", Fault::error("UnrecognizedClientException", signed), "BadCredentials", "aws sts"),
        trouble("wrong secret", Fault::error("InvalidSignatureException", signed), "BadCredentials", "aws sts"),
    ]
}

/// The run ended with this reason and both next steps, and tried no write.
fn refused(output: Output, proxy: &ApiProxy, reason: &str, check: &str) -> Result<()> {
    let output = output.ends(1)?;
    let document = output.json()?;
    ensure!(document["reason"] == reason, "wanted {reason}\n{}", said(&output));
    let next = document["next"].as_str().unwrap_or_default();
    let hint = document["hint"].as_str().unwrap_or_default();
    ensure!(next.contains(check) || hint.contains(check), "{check} is not named\n{}", said(&output));
    ensure!(
        next.contains("kubectl ecr-rollback deploy/api --from rollout-history --timeout=40s -n "),
        "{}",
        said(&output)
    );
    ensure!(proxy.calls().iter().all(|call| !stores(call)), "something was written");
    Ok(())
}

/// An engineer whose login ran out, or a job that is throttled, would get a riddle or a stack
/// trace in the middle of an outage, or half a rollback.
#[tokio::test]
async fn trouble_with_ecr_is_named_and_nothing_is_written() -> Result<()> {
    let releases = Releases::pushed("ecr-trouble").await?;
    releases.deploy_after_previous("api").await?;
    let before = releases.written("api").await?;
    let runs = troubles().into_iter().map(async |trouble| {
        let proxy = ApiProxy::start(releases.ns.lab()).await?;
        let key = AccessKey::fresh();
        key.interceptor().fail("*", FOR_EVER, trouble.fault).await?;
        let mut command = releases.command(proxy.kubeconfig(), WORDS);
        command.envs(key.environment());
        let output = finished(Running::start(command)?).await?;
        refused(output, &proxy, trouble.reason, trouble.check).context(trouble.name)
    });
    futures::future::try_join_all(runs).await?;
    assert_eq!(releases.written("api").await?, before);
    Ok(())
}

/// A busy account, where DescribeImages is throttled every day, would make rollbacks a lottery.
#[tokio::test]
async fn passing_trouble_with_ecr_is_sat_out() -> Result<()> {
    let releases = Releases::pushed("ecr-passing").await?;
    let faults = [
        ("throttled", 3, Fault::throttling()),
        ("broken", 2, Fault::server_error()),
        ("reset", 2, Fault::Reset),
        ("slow", 1, Fault::delay(Duration::from_millis(700))),
    ];
    let runs = faults.into_iter().map(async |(name, times, fault)| {
        releases.deploy(&releases.app(name)).await?;
        let key = AccessKey::fresh();
        key.interceptor().fail("DescribeImages", times, fault).await?;
        let mut command = releases.command(&releases.admin(), &format!("deploy/{name} --yes --timeout=40s -v=9"));
        command.envs(key.environment());
        finished(Running::start(command)?).await?.ends(0).context(name)?;
        ensure!(releases.image(name).await? == PREVIOUS, "{name}");
        Ok(())
    });
    futures::future::try_join_all(runs).await.map(drop)
}

/// A role that may read images and not their scans would not be able to roll back at all.
#[tokio::test]
async fn scans_that_may_not_be_read_stop_nothing_but_the_gate() -> Result<()> {
    let releases = Releases::pushed("ecr-scans").await?;
    releases.deploy(&releases.app("api")).await?;
    let key = AccessKey::fresh();
    for operation in ["DescribeImageScanFindings", "GetLifecyclePolicy"] {
        key.interceptor().fail(operation, FOR_EVER, Fault::access_denied(operation)).await?;
    }
    let run = async |words: &str| {
        let mut command = releases.command(&releases.admin(), words);
        command.envs(key.environment());
        finished(Running::start(command)?).await
    };
    run("deploy/api --yes --max-severity=high").await?.ends(1)?;
    assert_eq!(releases.image("api").await?, NEWEST);
    run("deploy/api --yes").await?.ends(0)?;
    assert_eq!(releases.image("api").await?, PREVIOUS);
    Ok(())
}

/// On a fresh laptop the command would hang on metadata that isn't there, or speak of IMDS.
#[tokio::test]
async fn without_credentials_the_answer_is_the_login() -> Result<()> {
    let releases = Releases::pushed("ecr-login").await?;
    releases.deploy_after_previous("api").await?;
    let before = releases.written("api").await?;
    let proxy = ApiProxy::start(releases.ns.lab()).await?;
    let mut command = releases.command(proxy.kubeconfig(), WORDS);
    without_credentials(&mut command);
    let output = finished(Running::start(command)?).await?;
    ensure!(output.elapsed < Duration::from_secs(15), "it took {:?}", output.elapsed);
    refused(output, &proxy, "NoCredentials", "aws sso login")?;
    let mut command = releases.command(proxy.kubeconfig(), WORDS);
    without_credentials(&mut command);
    command.env("AWS_PROFILE", "nobody-has-this");
    let output = finished(Running::start(command)?).await?.ends(1)?;
    let document = output.json()?;
    ensure!(document["next"].as_str().is_some_and(|n| n.contains("--from rollout-history")), "{}", said(&output));
    ensure!(proxy.calls().iter().all(|call| !stores(call)), "something was written");
    assert_eq!(releases.written("api").await?, before);
    Ok(())
}

/// Behind a captive portal, a dead VPN or with a mistyped endpoint, the command would retry for
/// ever or take an HTML page for an empty repository.
#[tokio::test]
async fn an_endpoint_that_is_no_ecr_is_named() -> Result<()> {
    let releases = Releases::pushed("ecr-endpoint").await?;
    releases.deploy_after_previous("api").await?;
    let closed = TcpListener::bind("127.0.0.1:0").await?.local_addr()?;
    let page = TcpListener::bind("127.0.0.1:0").await?;
    let portal = page.local_addr()?;
    let serving = tokio::spawn(serve_a_page(page));
    let silent = TcpListener::bind("127.0.0.1:0").await?;
    let cases = [
        (closed, "Unreachable", "AWS_ENDPOINT_URL"),
        (portal, "BadAnswer", "AWS_ENDPOINT_URL"),
        (silent.local_addr()?, "NoAnswer", "try again"),
    ];
    for (address, reason, check) in cases {
        let proxy = ApiProxy::start(releases.ns.lab()).await?;
        let words = WORDS.replace("--request-timeout=5s", "--request-timeout=1s");
        let mut command = releases.command(proxy.kubeconfig(), &words);
        command.env("AWS_ENDPOINT_URL", format!("http://someone:secret-of-the-url@{address}"));
        let output = finished(Running::start(command)?).await?;
        ensure!(!output.stderr.contains("secret-of-the-url"), "{}", said(&output));
        ensure!(!output.stdout.contains("secret-of-the-url"), "{}", said(&output));
        refused(output, &proxy, reason, check)?;
    }
    assert_eq!(releases.image("api").await?, NEWEST);
    serving.abort();
    Ok(())
}

/// A hotel's login page in the place of every answer.
async fn serve_a_page(listener: TcpListener) -> Result<()> {
    loop {
        let (mut stream, _) = listener.accept().await?;
        let mut request = [0; 4096];
        let _ = stream.read(&mut request).await?;
        let page = "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 18\r\nconnection: close\r\n\r\n<html>login</html>";
        stream.write_all(page.as_bytes()).await?;
    }
}

/// An image copied from another account or region would be looked for in the wrong place, and the
/// person not be told which place that was.
#[tokio::test]
async fn a_wrong_region_or_account_is_named() -> Result<()> {
    let releases = Releases::pushed("ecr-elsewhere").await?;
    let here = releases.repository.image(NEWEST);
    let elsewhere = [
        ("region", here.replace("ap-southeast-2", "eu-west-1"), "eu-west-1"),
        ("account", other_account(&here), "999999999999"),
    ];
    for (name, image, place) in elsewhere {
        let app = lab::fixtures::Workload::new(name, &image).replicas(1);
        releases.ns.apply(&app.object()).await?;
        let before = releases.written(name).await?;
        let output = releases.run(&format!("deploy/{name} --yes -ojson -v=9")).await?.ends(1)?;
        let document = output.json()?;
        ensure!(document["reason"] == "NoSuchRepository", "{}", said(&output));
        ensure!(document["message"].as_str().is_some_and(|m| m.contains(place)), "{}", said(&output));
        ensure!(document["hint"].as_str().is_some_and(|hint| hint.contains(place)), "{}", said(&output));
        assert_eq!(releases.written(name).await?, before);
    }
    Ok(())
}

fn other_account(image: &str) -> String {
    image.split_once('.').map_or_else(String::new, |(_, rest)| format!("999999999999.{rest}"))
}

/// With AWS down, nobody could go back to what ran an hour ago, although the cluster knows it.
#[tokio::test]
async fn the_rollout_history_needs_no_ecr() -> Result<()> {
    let releases = Releases::pushed("ecr-offline").await?;
    releases.deploy(&releases.app("api")).await?;
    releases.set_image("api", "1.0.3").await?;
    releases.ns.rolled_out("deployment/api", e2e::LIMIT).await?;
    let key = AccessKey::fresh();
    let offline = |words: &str| -> Command {
        let mut command = releases.command(&releases.admin(), words);
        without_credentials(&mut command);
        command.envs(key.environment()).env("AWS_ENDPOINT_URL", "http://127.0.0.1:9");
        command
    };
    finished(Running::start(offline("deploy/api --yes"))?).await?.ends(1)?.tells("--from rollout-history")?;
    finished(Running::start(offline("deploy/api --yes --from rollout-history"))?).await?.ends(0)?;
    assert_eq!(releases.image("api").await?, NEWEST);
    assert!(key.interceptor().calls().await?.is_empty());
    Ok(())
}

/// Takes connections and never says a word, as a firewall that drops what it has let in.
async fn silent() -> Result<(u16, tokio::task::JoinHandle<()>)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let port = listener.local_addr()?.port();
    let held = tokio::spawn(async move {
        let mut connections = Vec::new();
        while let Ok((connection, _)) = listener.accept().await {
            connections.push(connection);
        }
    });
    Ok((port, held))
}

/// A job with five minutes would sit there for half an hour, and write when nobody watches any more.
#[tokio::test]
async fn a_silent_ecr_is_waited_for_no_longer_than_was_said() -> Result<()> {
    let releases = Releases::pushed("ecr-silent").await?;
    releases.deploy_after_previous("api").await?;
    let (port, held) = silent().await?;
    let run = async |words: &str| {
        let mut command = releases.command(&releases.admin(), words);
        command.envs(AccessKey::fresh().environment()).env("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{port}"));
        finished(Running::start(command)?).await
    };
    let before = releases.written("api").await?;
    for words in [
        "deploy/api --yes",
        "deploy/api --yes --to-tag 1.0.1",
        "lifecycle show api",
        "lifecycle preview api --keep-tagged 1",
        "lifecycle apply api --keep-tagged 1 --yes",
    ] {
        let output = run(&format!("{words} --timeout=4s")).await?.ends(4).context(words)?;
        ensure!(output.elapsed < Duration::from_secs(15), "{words}: {:?}", output.elapsed);
    }
    assert_eq!(releases.written("api").await?, before);
    // What needs no registry doesn't wait for it.
    let output = run("deploy/api --yes --from rollout-history --timeout=40s").await?.ends(0)?;
    ensure!(output.elapsed < Duration::from_secs(30), "{:?}", output.elapsed);
    let pinned = format!("{}:{NEWEST}@sha256:{}", releases.repository.uri(), "a".repeat(64));
    releases.ns.apply(&lab::fixtures::Workload::new("pinned", &pinned).replicas(0).object()).await?;
    let output = run("unpin deploy/pinned --yes --timeout=4s").await?.ends(4)?;
    ensure!(output.elapsed < Duration::from_secs(15), "{:?}", output.elapsed);
    held.abort();
    Ok(())
}
