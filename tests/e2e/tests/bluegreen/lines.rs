//! What is printed while a run goes on: news, and a sign of life; and which times count.

use anyhow::{Context, Result, ensure};
use e2e::bluegreen::app::with_green;
use e2e::bluegreen::blue_green;
use e2e::bluegreen::run::bluegreen;
use e2e::bluegreen::written::record;
use e2e::common::run::{Ended, said};
use e2e::common::terminal::on_terminal;
use e2e::{LIMIT, namespace};
use lab::fixtures::Behavior;
use lab::{Namespace, Output, Running};
use serde_json::Value;

/// The lines that begin with a time and this word.
fn lines_of<'o>(output: &'o Output, word: &str) -> Vec<&'o str> {
    let is_it = |line: &&str| line.get(10..).is_some_and(|rest| rest.trim_start().starts_with(word));
    output.stderr.lines().filter(is_it).collect()
}

/// Two lines took turns four times a second, and the log of the job was of no use.
#[tokio::test]
async fn waiting_in_vain_is_told_with_what_for_and_until_when() -> Result<()> {
    let ns = namespace("wait-lines").await?;
    with_green(&ns, 3, Behavior::NeverReady).await?;
    let ended = bluegreen(&ns, "switch api --to green --scale --yes --timeout=8s").await?.ends(4)?;
    let lines = lines_of(&ended, "waiting");
    ensure!((1..=6).contains(&lines.len()), "{} lines\n{}", lines.len(), said(&ended));
    ensure!(lines.iter().all(|line| line.contains("until ")), "{}", said(&ended));
    let mut texts: Vec<&str> = lines.iter().filter_map(|line| line.get(10..)).collect();
    texts.sort_unstable();
    texts.dedup();
    assert_eq!(texts.len(), lines.len(), "a line says nothing new\n{}", said(&ended));
    Ok(())
}

/// Half a minute of silence looks like a hang.
#[tokio::test]
async fn verifying_says_how_it_stands_and_until_when() -> Result<()> {
    let ns = namespace("verify-lines").await?;
    blue_green(&ns, 2).await?;
    let ended = bluegreen(&ns, "switch api --to green --yes --verify-for=3s").await?.ends(0)?;
    let lines = lines_of(&ended, "verifying");
    ensure!(lines.len() == 1 && lines[0].contains("green 2/2") && lines[0].contains("until "), "{}", said(&ended));
    let stream = bluegreen(&ns, "rollback api --yes --verify-for=2s -ojsonl").await?.ends(0)?;
    let steps = stream.stdout.lines().map(serde_json::from_str::<Value>).collect::<Result<Vec<_>, _>>()?;
    let verifying = steps.iter().find(|step| step["step"] == "verifying").context("no step")?;
    ensure!(verifying["until"].is_string() && verifying["message"] == "blue 2/2", "{verifying:#}");
    Ok(())
}

/// On a terminal, the lines of a wait would push what matters out of sight.
#[tokio::test]
async fn on_a_terminal_one_line_lives() -> Result<()> {
    let ns = namespace("living-line").await?;
    blue_green(&ns, 1).await?;
    let words = "bluegreen switch api --to green --yes --verify-for=3s";
    let screen = on_terminal(&ns, words, &[], true).await?.ends(0)?.stdout;
    let living: Vec<&str> = screen.split("\r\u{1b}[2K").filter(|part| part.contains("verifying")).collect();
    ensure!(living.len() > 1, "{screen:?}");
    ensure!(living.iter().all(|part| !part.contains('\n')), "a line stays: {screen:?}");
    ensure!(living[0].contains("Ctrl-C leaves it on green"), "{screen:?}");
    // What is left is what was done.
    let last = screen.lines().last().unwrap_or_default();
    ensure!(last.contains("service/api switched to green") && !last.contains("verifying"), "{screen:?}");
    Ok(())
}

fn shell(ns: &Namespace, line: &str) -> Result<Running> {
    let kubectl = ns.lab().kubectl(ns.lab().kubeconfig());
    Running::start(kubectl.plugin("/bin/sh".as_ref(), &["-c", line]))
}

/// A person thought for twenty seconds: the switch did not take them, and is not out of time.
#[tokio::test]
async fn time_to_think_is_not_counted() -> Result<()> {
    let ns = namespace("thinking").await?;
    blue_green(&ns, 1).await?;
    let switch = format!("kubectl bluegreen switch api --to green --verify-for=0 --timeout=20s -n {}", ns.name());
    let line = format!("(sleep 21; printf y; sleep 30) | TERM=xterm script -qec '{switch}' /dev/null");
    shell(&ns, &line)?.wait(LIMIT).await?.ends(0)?.tells("switched to green")?;
    let millis = record(&ns, "api").await?["millis"].as_u64().context("no time")?;
    ensure!(millis < 20_000, "{millis} ms");
    Ok(())
}

/// The log of a person in Tokyo had another city's times.
#[tokio::test]
async fn a_time_zone_by_name_is_honoured() -> Result<()> {
    let ns = namespace("zone-name").await?;
    blue_green(&ns, 1).await?;
    for (zone, to) in [("Asia/Tokyo", "green"), ("America/New_York", "blue")] {
        let switch = format!("kubectl bluegreen switch api --to {to} --yes --verify-for=0 -n {}", ns.name());
        let ended = shell(&ns, &format!("export TZ={zone}; date +%H:%M:; {switch}; date +%H:%M:"))?.wait(LIMIT).await?;
        let times: Vec<&str> = ended.stdout.lines().filter(|line| line.len() == 6).collect();
        let line = lines_of(&ended, "switched").first().copied().with_context(|| said(&ended))?.to_owned();
        ensure!(times.len() == 2 && times.iter().any(|time| line.starts_with(time)), "{zone}\n{}", said(&ended));
    }
    Ok(())
}
