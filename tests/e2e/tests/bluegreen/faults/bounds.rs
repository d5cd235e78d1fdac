//! Answers that are larger than any cluster's, and that never end: what is read of them is bounded, in bytes
//! and in time, and the last word says what is so.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use e2e::bluegreen::calls::{is_optional_read, is_read_of_service};
use e2e::bluegreen::trial::{SWITCH, Trial};
use e2e::common::calls::is_read;
use e2e::common::faults::{Fault, fault, refused};
use e2e::common::peak;
use lab::api_proxy::{Action, Answer, ApiProxy, Call};
use serde_json::{Value, json};

const MIB: usize = 1 << 20;

fn blanks() -> Bytes {
    vec![b' '; MIB].into()
}

/// A list that goes on for 600 MiB.
fn huge() -> Action {
    Action::Pour(Answer { body: r#"{"kind":"List","metadata":{},"items":["#.into(), ..ok() }, blanks(), 600)
}

fn ok() -> Answer {
    Answer::document(&json!({}))
}

fn list(token: &str) -> Value {
    json!({"kind": "List", "apiVersion": "v1", "metadata": {"resourceVersion": "1", "continue": token}, "items": []})
}

fn is_about_pods(call: &Call) -> bool {
    is_read(call) && call.is_about("/pods")
}

fn goes_on(call: &Call) -> bool {
    call.query.contains("continue=")
}

/// The same page over and over, or always another one.
fn endless(proxy: &ApiProxy, matches: fn(&Call) -> bool, fresh: bool) {
    let token = move |call: &Call| if fresh { format!("t{}", call.index) } else { "t".to_owned() };
    proxy.on(matches, Action::compose(move |call| Answer::document(&list(&token(call)))));
}

/// Every page but the first has expired.
fn expiring(proxy: &ApiProxy, matches: fn(&Call) -> bool) {
    proxy.on(move |call| matches(call) && goes_on(call), refused(410));
    proxy.on(matches, Action::Respond(Answer::document(&list("t"))));
}

/// 100,000 brackets: what parses by calling itself runs out of stack, and no word is said any more.
fn nested() -> String {
    format!("{}{}", "[".repeat(100_000), "]".repeat(100_000))
}

/// An answer that is deep instead of long would end the program without a word, in the middle of a switch.
#[tokio::test]
async fn an_answer_that_is_nested_without_measure_is_an_error_and_no_crash() -> Result<()> {
    fn deep(proxy: &ApiProxy, matches: fn(&Call) -> bool) {
        proxy.on(matches, Action::Respond(Answer { body: nested().into(), ..ok() }));
    }
    fn within(proxy: &ApiProxy, matches: fn(&Call) -> bool) {
        let body = format!(r#"{{"kind":"List","metadata":{{}},"items":[{{"spec":{}}}]}}"#, nested());
        proxy.on(matches, Action::Respond(Answer { body: body.into(), ..ok() }));
    }
    const FAULTS: [Fault; 4] = [
        fault("the Service is nested", |p| deep(p, is_read_of_service), 1, "blue"),
        fault("pods are nested", |p| deep(p, is_about_pods), 1, "blue"),
        fault("a pod's field is nested", |p| within(p, is_about_pods), 1, "blue"),
        fault("what is optional is nested", |p| deep(p, is_optional_read), 0, "green"),
    ];
    Trial::on_blue("bounds-nested").await?.with_each(SWITCH, &FAULTS).await
}

/// A user's pipeline would hang, or take all memory of its machine, in the middle of an outage.
#[tokio::test]
async fn an_answer_without_an_end_ends_the_run_before_anything_is_written() -> Result<()> {
    const FAULTS: [Fault; 9] = [
        fault("pods go on with the same page", |p| endless(p, is_about_pods, false), 1, "blue"),
        fault("pods go on with another page", |p| endless(p, is_about_pods, true), 1, "blue"),
        fault("pods have expired each time", |p| expiring(p, is_about_pods), 1, "blue"),
        fault("600 MiB of pods", |p| p.on(is_about_pods, huge()), 1, "blue"),
        fault("600 MiB of a Service", |p| p.on(is_read_of_service, huge()), 1, "blue"),
        fault("600 MiB of everything", |p| p.on(is_read, huge()), 1, "blue"),
        fault("pods without an end", |p| p.on(is_about_pods, Action::Pour(ok(), blanks(), usize::MAX)), 1, "blue"),
        fault(
            "a refusal of 600 MiB",
            |p| p.on(is_read_of_service, Action::Pour(Answer::status(403, "Forbidden", "no"), blanks(), 600)),
            1,
            "blue",
        ),
        fault("zipped, though nobody asked for that", |p| p.on(is_about_pods, Action::Respond(zipped())), 1, "blue"),
    ];
    Trial::on_blue("bounds-read").await?.with_each(SWITCH, &FAULTS).await
}

/// Few bytes that would be many: nothing here unpacks them.
fn zipped() -> Answer {
    Answer { body: b"\x1f\x8b\x08\0\0\0\0\0\0\x03".as_slice().into(), ..ok() }.header("content-encoding", "gzip")
}

/// A rollback must not fail for what it can do without.
#[tokio::test]
async fn a_check_whose_answer_has_no_end_is_not_made() -> Result<()> {
    const FAULTS: [Fault; 4] = [
        fault("the same page", |p| endless(p, is_optional_read, false), 0, "green"),
        fault("another page", |p| endless(p, is_optional_read, true), 0, "green"),
        fault("expired", |p| expiring(p, is_optional_read), 0, "green"),
        fault("600 MiB", |p| p.on(is_optional_read, huge()), 0, "green"),
    ];
    let trial = Trial::on_blue("bounds-optional").await?;
    for optional in FAULTS {
        let ended = trial.with(SWITCH, &optional).await?;
        let findings = ended.said["findings"].as_array().cloned().unwrap_or_default();
        let skipped = findings.iter().filter(|finding| finding["severity"] == "notChecked").count();
        ensure!(skipped >= 3, "{}: {skipped} checks are said not to have been made: {findings:?}", optional.name);
    }
    Ok(())
}

/// A move that was made would be called unknown, or the run would hang with traffic on the new color.
#[tokio::test]
async fn after_the_write_nothing_without_an_end_keeps_a_run_from_its_end() -> Result<()> {
    const FAULTS: [Fault; 4] = [
        fault(
            "the write is answered by 600 MiB",
            |p| p.once(|call| call.method == "PATCH", Action::ForwardThenPour(ok(), blanks(), 600)),
            0,
            "green",
        ),
        fault(
            "a watch of one endless line",
            |p| p.on(Call::is_watch, Action::Pour(ok(), blanks(), usize::MAX)),
            0,
            "green",
        ),
        fault("a watch of bookmarks", |p| p.on(Call::is_watch, bookmarks()), 0, "green"),
        fault(
            "a watch of blank lines",
            |p| p.on(Call::is_watch, Action::Pour(ok(), "\n".into(), usize::MAX)),
            0,
            "green",
        ),
    ];
    Trial::on_blue("bounds-written").await?.with_each(SWITCH, &FAULTS).await
}

fn bookmarks() -> Action {
    let object =
        json!({"kind": "EndpointSlice", "apiVersion": "discovery.k8s.io/v1", "metadata": {"resourceVersion": "1"}});
    let line = format!("{}\n", json!({"type": "BOOKMARK", "object": object}));
    Action::Pour(Answer { body: Bytes::new(), ..ok() }, line.into(), usize::MAX)
}

/// A cluster with objects of the greatest size that etcd takes could not be switched at all.
#[tokio::test]
async fn a_page_that_is_too_large_is_asked_for_again_in_smaller_ones() -> Result<()> {
    let trial = Trial::on_blue("bounds-large").await?;
    let large = |proxy: &ApiProxy| proxy.on(|call| is_read(call) && call.query.contains("limit=500"), huge());
    let ended = trial.with(SWITCH, &Fault { inject: large, ..fault("large pages", |_| (), 0, "green") }).await?;
    ensure!(ended.proxy.calls().iter().any(|call| call.query.contains("limit=50&")), "no smaller page was asked for");
    let larger = |proxy: &ApiProxy| {
        proxy.on(|call| is_read(call) && ["limit=500", "limit=50&"].iter().any(|of| call.query.contains(of)), huge());
    };
    trial.with(SWITCH, &Fault { inject: larger, ..fault("larger pages", |_| (), 0, "green") }).await.map(drop)
}

/// So many pods are nothing unusual, and all of them count.
#[tokio::test]
async fn five_thousand_heavy_pods_are_read_to_the_last() -> Result<()> {
    let trial = Trial::on_blue("bounds-many").await?;
    let (proxy, running) = trial.start(&["status", "api", "-ojson"], &fault("many", many_pods, 0, "blue")).await?;
    let output = running.wait(e2e::common::faults::BOUND).await?;
    ensure!(output.code == 0, "{}", output.stderr);
    let pages = proxy.calls().iter().filter(|call| call.is_about("/pods")).count();
    ensure!(pages == 10, "{pages} pages");
    let status: Value = serde_json::from_str(&output.stdout)?;
    ensure!(status.to_string().contains("5000"), "{status:#}");
    Ok(())
}

/// Pages as they are asked for, of pods of 14 KiB.
fn many_pods(proxy: &ApiProxy) {
    const ALL: usize = 5000;
    let padding = "x".repeat(13 * 1024);
    let pod = move |index: usize| {
        json!({
            "metadata": {"name": format!("api-blue-{index}"), "namespace": "x", "uid": format!("{index}"),
                "labels": {"app": "api", "version": "blue"}, "annotations": {"example.com/padding": padding}},
            "spec": {"containers": [{"name": "api", "image": "api:1"}]},
            "status": {"phase": "Running", "podIP": "10.0.0.1", "conditions": [{"type": "Ready", "status": "True"}]},
        })
    };
    let page = move |call: &Call| {
        let value = |name: &str| call.query.split('&').find_map(|part| part.strip_prefix(name)?.parse::<usize>().ok());
        let (limit, from) = (value("limit=").unwrap_or(ALL), value("continue=").unwrap_or(0));
        let until = (from + limit).min(ALL);
        let mut list = list(&if until < ALL { until.to_string() } else { String::new() });
        list["items"] = (from..until).map(&pod).collect();
        Answer::document(&list)
    };
    proxy.on(is_about_pods, Action::compose(page));
}

type Inject = fn(&ApiProxy);

/// One answer took 1.8 GB once.
#[tokio::test]
async fn whatever_a_server_sends_little_memory_is_taken() -> Result<()> {
    const MOST: u64 = 200;
    let trial = Trial::on_blue("bounds-memory").await?;
    let faults: [(&str, Inject); 4] = [
        ("nothing", |_| ()),
        ("600 MiB of pods", |p| p.on(is_about_pods, huge())),
        ("600 MiB of all lists", |p| p.on(|call| is_read(call) && call.query.contains("limit="), huge())),
        ("5,000 pods of 14 KiB", many_pods),
    ];
    for (name, inject) in faults {
        let proxy = Fault { inject, ..fault("", |_| (), 0, "blue") }.proxy(&trial.setup.ns).await?;
        let plugin = trial.setup.ns.lab().plugins().join("kubectl-bluegreen");
        let command = trial.setup.ns.kubectl_as(proxy.kubeconfig()).plugin(&plugin, &["status", "api"]);
        let mib = peak::of(command, Duration::from_secs(60)).await.context(name)? / MIB as u64;
        println!("{name}: {mib} MiB at most");
        ensure!(mib < MOST, "{name}: {mib} MiB");
    }
    Ok(())
}

/// Whoever allows a request any time still said how long the run may take.
#[tokio::test]
async fn reading_is_a_part_of_the_time_that_a_run_may_take() -> Result<()> {
    let verb = &["switch", "api", "--to", "green", "--yes", "--timeout=2s", "--request-timeout=1s", "-ojson"];
    let trial = Trial::on_blue("bounds-time").await?;
    // Each page comes in time, and there is always another one.
    let slow = |proxy: &ApiProxy| {
        proxy.on(
            is_about_pods,
            Action::compose(|call| {
                std::thread::sleep(Duration::from_millis(300));
                Answer::document(&list(&format!("t{}", call.index)))
            }),
        );
    };
    let ended = trial.with(verb, &Fault { inject: slow, ..fault("slow pages", |_| (), 4, "blue") }).await?;
    ensure!(ended.output.elapsed < Duration::from_secs(15), "{:?}", ended.output.elapsed);
    ensure!(ended.said.to_string().contains("nothing was written"), "{:#}", ended.said);
    Ok(())
}
