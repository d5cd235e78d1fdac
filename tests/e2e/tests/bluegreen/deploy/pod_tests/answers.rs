//! What answers are taken for: expectations, servers that hang, flood or speak something else, TLS and gRPC.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use e2e::bluegreen::app::color;
use e2e::bluegreen::run::bluegreen;
use e2e::common::run::{Ended, said};
use e2e::namespace;
use lab::annotations;
use lab::fixtures::{Answer, Behavior};
use serde_json::{Value, json};

use super::{fails, passes, release, results, with_answers, with_green};

/// Why a smoke test failed.
fn why<'d>(document: &'d Value, name: &str) -> &'d str {
    results(document, "smoke", name)[0]["why"].as_str().unwrap_or_default()
}

const WRONG: &str = "
smokeTests:
- {name: status, endpoint: /closed, retries: 0}
- {name: text, endpoint: /text, expect: {body: broken}, retries: 0}
- {name: value, endpoint: /json, expect: {json: {db: {up: false}}}, retries: 0}
- {name: missing, endpoint: /json, expect: {json: {cache: {up: true}}}, retries: 0}
- {name: list, endpoint: /json, expect: {json: {nodes: [1]}}, retries: 0}
- {name: none, endpoint: /text, expect: {json: {}}, retries: 0}
- {name: moved, endpoint: /moved, retries: 0}";

const RIGHT: &str = "
healthCheck: {httpGet: {path: /moved}}
smokeTests:
- {name: status, endpoint: /closed, expect: {status: 401}}
- {name: text, endpoint: /text, expect: {status: 200, body: is well}}
- {name: value, endpoint: /json, expect: {json: {status: UP, db: {up: true}, nodes: [1, 2]}}}
- name: sent
  endpoint: /echo?page=2
  method: PUT
  headers: {Authorization: Bearer abc, Content-Type: application/json}
  body: '{\"name\": \"x\"}'
  expect:
    json:
      method: PUT
      path: /echo?page=2
      headers: {authorization: Bearer abc, content-type: application/json}
      body: '{\"name\": \"x\"}'";

/// A wrong answer would be taken for a right one, or a right one for a wrong one.
#[tokio::test]
async fn status_text_and_json_decide() -> Result<()> {
    let ns = namespace("tests-expect").await?;
    let answers = [
        ("/closed", Answer::status(401)),
        ("/text", Answer::status(200).body("all is well today")),
        ("/json", Answer::status(200).body(json!({"status": "UP", "db": {"up": true, "ms": 3}, "nodes": [1, 2]}))),
        ("/echo", Answer::echo()),
        ("/moved", Answer::status(302).header("location", "http://elsewhere.example/")),
    ];
    with_answers(&ns, 1, &answers).await?;
    let document = fails(&ns, &release("expect-wrong", WRONG)?, &["and 6 more"]).await?;
    for (name, told) in [
        ("status", "answered 401, expected 200 to 299"),
        ("text", "answered 200 without \"broken\": all is well today"),
        ("value", "$.db.up is true, expected false"),
        ("missing", "$.cache is not there"),
        ("list", "$.nodes is [1,2], expected [1]"),
        ("none", "without JSON: all is well today"),
        ("moved", "answered 302"),
    ] {
        ensure!(why(&document, name).contains(told), "{name}: {document:#}");
    }
    passes(&ns, &release("expect-right", RIGHT)?).await?;
    Ok(())
}

/// A release would wait for ever, and its pipeline with it.
#[tokio::test]
async fn a_server_that_hangs_fails_in_time() -> Result<()> {
    let ns = namespace("tests-hang").await?;
    with_answers(&ns, 1, &[("/hangs", Answer::status(200).latency(Duration::from_secs(600)))]).await?;
    let began = Instant::now();
    let one = "smokeTests: [{name: a, endpoint: /hangs, timeout: 1s, retries: 1}]";
    let document = fails(&ns, &release("hang", one)?, &["no answer within 1 s (2 times in a row)"]).await?;
    assert_eq!(results(&document, "smoke", "a")[0]["tries"], 2);
    // All together have their time, too.
    let all = "smokeTests: [{name: a, endpoint: /hangs, timeout: 2s, retries: 100}]\ntestsWithin: 3s";
    fails(&ns, &release("hang-all", all)?, &["not passed within 3 s of all tests"]).await?;
    ensure!(began.elapsed() < Duration::from_secs(300), "{:?}", began.elapsed());
    // And the run has its own.
    let run = release("hang-run", "smokeTests: [{name: a, endpoint: /hangs, timeout: 60s}]\ntestsWithin: 2m")?;
    bluegreen(&ns, &run.words("--yes --timeout=15s")).await?.ends(4)?.tells("while its pods were tested")?;
    Ok(())
}

/// The machine that releases would run out of memory.
#[tokio::test]
async fn a_flood_is_read_in_part() -> Result<()> {
    let ns = namespace("tests-flood").await?;
    let kilobyte = "x".repeat(1024);
    with_answers(&ns, 1, &[("/flood", Answer::status(200).body(kilobyte).times(600 * 1024))]).await?;
    let text = "smokeTests: [{name: a, endpoint: /flood, expect: {body: ok}, retries: 0}]";
    let began = Instant::now();
    fails(&ns, &release("flood", text)?, &["more than is read of a body (1024 KiB)"]).await?;
    ensure!(began.elapsed() < Duration::from_secs(120), "{:?}", began.elapsed());
    // Where the status decides, nobody waits for the rest.
    passes(&ns, &release("flood-status", "smokeTests: [{name: a, endpoint: /flood, retries: 0}]")?).await?;
    Ok(())
}

/// What is no HTTP, and nobody at all, would be an error that nobody understands.
#[tokio::test]
async fn what_is_no_answer_is_told_as_that() -> Result<()> {
    let ns = namespace("tests-garbage").await?;
    with_answers(&ns, 1, &[]).await?;
    // A server of TLS says so in its own bytes.
    let garbage = "smokeTests: [{name: a, endpoint: /, port: 8443, timeout: 2s, retries: 0}]";
    let document = fails(&ns, &release("garbage", garbage)?, &["smoke: a: "]).await?;
    ensure!(why(&document, "a").contains("no HTTP") || why(&document, "a").contains("closed"), "{document:#}");
    let nobody = "smokeTests: [{name: a, endpoint: /, port: 5432, timeout: 2s, retries: 0}]";
    let document = fails(&ns, &release("nobody", nobody)?, &["smoke: a: "]).await?;
    assert_eq!(results(&document, "smoke", "a")[0]["status"], Value::Null);
    let no_tls = "smokeTests: [{name: a, endpoint: /, scheme: HTTPS, timeout: 2s, retries: 0}]";
    fails(&ns, &release("no-tls", no_tls)?, &["no TLS"]).await?;
    let no_grpc = "healthCheck: {grpc: {port: 8080}, timeoutSeconds: 2, failureThreshold: 1}";
    fails(&ns, &release("no-grpc", no_grpc)?, &["health: gRPC health: "]).await?;
    Ok(())
}

/// Pods whose certificate nobody signed, as the kubelet takes them.
#[tokio::test]
async fn https_is_spoken_without_asking_who_signed() -> Result<()> {
    let ns = namespace("tests-https").await?;
    with_answers(&ns, 1, &[("/health", Answer::status(204))]).await?;
    let file = release(
        "https",
        "healthCheck: {httpGet: {path: /health, port: 8443, scheme: HTTPS}}\nsmokeTests: [{name: a, endpoint: /, expect: {json: {color: green}}}]",
    )?;
    let document = passes(&ns, &file).await?;
    assert_eq!(results(&document, "health", "GET /health by HTTPS")[0]["status"], "204");
    Ok(())
}

/// Services without HTTP could not be released.
#[tokio::test]
async fn grpc_servers_are_asked_for_their_health() -> Result<()> {
    let ns = namespace("tests-grpc").await?;
    let green = color("green", 2, Behavior::Ready).annotation(annotations::GRPC_HEALTH, "SERVING,db=NOT_SERVING");
    with_green(&ns, green).await?;
    let bad = "healthCheck: {grpc: {port: 8080, service: db}, periodSeconds: 1}";
    let document = fails(&ns, &release("grpc-bad", bad)?, &["answered NOT_SERVING, expected SERVING"]).await?;
    assert_eq!(results(&document, "health", "gRPC health of db").len(), 2);
    let unknown = "healthCheck: {grpc: {port: 8080, service: cart}, failureThreshold: 1}";
    fails(&ns, &release("grpc-unknown", unknown)?, &["answered NOT_FOUND"]).await?;
    let document = passes(&ns, &release("grpc", "healthCheck: {grpc: {port: http}}")?).await?;
    assert_eq!(results(&document, "health", "gRPC health")[0]["status"], "SERVING");
    Ok(())
}

/// A pod would write on somebody's terminal whatever it likes.
#[tokio::test]
async fn what_a_pod_says_is_shown_and_obeyed_by_nobody() -> Result<()> {
    let ns = namespace("tests-hostile").await?;
    let body = "\u{1b}]0;gone\u{7}\u{1b}[2Jpassed\r\nsmoke   b   pod   passed\u{202e}";
    with_answers(&ns, 1, &[("/", Answer::status(500).body(body))]).await?;
    let file = release("hostile", "smokeTests: [{name: a, endpoint: /, retries: 0}]")?;
    let output = bluegreen(&ns, &file.words("--yes")).await?.ends(1)?;
    let text = said(&output);
    ensure!(!text.contains('\u{1b}') && !text.contains('\u{7}') && !text.contains('\u{202e}'), "{text}");
    ensure!(!text.lines().any(|line| line.starts_with("smoke   b")), "{text}");
    ensure!(text.contains("answered 500"), "{text}");
    Ok(())
}
