//! A person at a terminal: what is on the screen, and what is typed once a question is there.

use std::path::Path;
use std::process::Stdio;
use std::time::Instant;

use anyhow::{Context, Result};
use lab::ended_run::Ran;
use lab::{Namespace, Output};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{ChildStdin, ChildStdout};

use super::printed;
use crate::LIMIT;

/// Wide enough for tables, as people have it.
const SIZE: &str = "stty rows 40 columns 140";

/// Runs `kubectl WORDS` on a terminal of its own. Of each answer, the second is typed once the
/// first is on the screen, one after the other. The screen is the output's `stdout`.
///
/// # Errors
/// Where it can't be run, or hangs.
pub async fn on_terminal(ns: &Namespace, words: &str, answers: &[(&str, &str)], no_color: bool) -> Result<Output> {
    let kubectl = ns.lab().kubectl(ns.lab().kubeconfig());
    let line = format!("{SIZE}; exec kubectl {words} -n {}", ns.name());
    let mut command = kubectl.plugin(Path::new("script"), &["-qec", &line, "/dev/null"]);
    command.env("TERM", "xterm").env_remove("NO_COLOR").stdin(Stdio::piped());
    if no_color {
        command.env("NO_COLOR", "1");
    }
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let began = Instant::now();
    let mut child = command.spawn().context("script (of util-linux) gives tests a terminal")?;
    let (mut keys, mut screen) = (child.stdin.take().context("no stdin")?, child.stdout.take().context("no stdout")?);
    let shown = tokio::time::timeout(LIMIT, answer(&mut keys, &mut screen, answers)).await??;
    let code = u8::try_from(child.wait().await?.code().unwrap_or(255))?;
    let output = Output { code, stdout: shown, stderr: String::new(), elapsed: began.elapsed() };
    let typed: Vec<&str> = words.split_whitespace().chain(["-n", ns.name()]).collect();
    printed::work(Ran::of(&kubectl.command(&typed)), read_by_eye(&output)).await?;
    Ok(output)
}

/// What a person reads on the screen: no colors, no carriage returns.
fn read_by_eye(output: &Output) -> Output {
    let mut text = String::new();
    let mut letters = output.stdout.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\u{1b}' => drop(letters.by_ref().find(|c| c.is_ascii_alphabetic())),
            '\r' => {}
            _ => text.push(letter),
        }
    }
    Output { stdout: text, ..output.clone() }
}

/// True where the cursor was not left hidden.
#[must_use]
pub fn cursor_is_shown(screen: &str) -> bool {
    screen.rfind("\u{1b}[?25l") <= screen.rfind("\u{1b}[?25h")
}

/// Types what is to be typed; gives all that was on the screen.
async fn answer(keys: &mut ChildStdin, screen: &mut ChildStdout, answers: &[(&str, &str)]) -> Result<String> {
    let (mut shown, mut chunk, mut answers, mut from) = (Vec::new(), [0; 4096], answers.iter().peekable(), 0);
    loop {
        let read = screen.read(&mut chunk).await?;
        if read == 0 {
            return Ok(String::from_utf8_lossy(&shown).into_owned());
        }
        shown.extend(&chunk[..read]);
        let is_there = |question: &str| String::from_utf8_lossy(&shown[from..]).contains(question);
        if let Some((_, typed)) = answers.next_if(|(question, _)| is_there(question)) {
            from = shown.len();
            keys.write_all(typed.as_bytes()).await?;
        }
    }
}
