//! A person at a terminal: what is on the screen, and what is typed once a question is there.

use std::path::Path;
use std::process::Stdio;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use lab::ended_run::Ran;
use lab::{Namespace, Output};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin, ChildStdout};

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
    let mut terminal = Terminal::start(ns, words, no_color)?;
    tokio::time::timeout(LIMIT, answer(&mut terminal, answers)).await??;
    terminal.ended(ns, words).await
}

/// The same with one question. While it stands open something else happens; then the answer is typed.
///
/// # Errors
/// Where it can't be run, or hangs, or what happens meanwhile goes wrong.
pub async fn while_asked(
    ns: &Namespace,
    words: &str,
    (question, typed): (&str, &str),
    meanwhile: impl AsyncFnOnce() -> Result<()>,
) -> Result<Output> {
    let mut terminal = Terminal::start(ns, words, true)?;
    tokio::time::timeout(LIMIT, terminal.until(question)).await??;
    meanwhile().await?;
    terminal.keys.write_all(typed.as_bytes()).await?;
    tokio::time::timeout(LIMIT, answer(&mut terminal, &[])).await??;
    terminal.ended(ns, words).await
}

/// A run on a terminal, and what was on the screen so far.
struct Terminal {
    child: Child,
    keys: ChildStdin,
    screen: ChildStdout,
    shown: Vec<u8>,
    began: Instant,
}

impl Terminal {
    fn start(ns: &Namespace, words: &str, no_color: bool) -> Result<Self> {
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
        let (keys, screen) = (child.stdin.take().context("no stdin")?, child.stdout.take().context("no stdout")?);
        Ok(Self { child, keys, screen, shown: Vec::new(), began })
    }

    /// Reads on; false at the end.
    async fn more(&mut self) -> Result<bool> {
        let mut chunk = [0; 4096];
        let read = self.screen.read(&mut chunk).await?;
        self.shown.extend(&chunk[..read]);
        Ok(read > 0)
    }

    async fn until(&mut self, text: &str) -> Result<()> {
        while !String::from_utf8_lossy(&self.shown).contains(text) {
            let so_far = String::from_utf8_lossy(&self.shown).into_owned();
            ensure!(self.more().await?, "it ended without asking {text:?}\n{so_far}");
        }
        Ok(())
    }

    async fn ended(mut self, ns: &Namespace, words: &str) -> Result<Output> {
        let code = u8::try_from(self.child.wait().await?.code().unwrap_or(255))?;
        let stdout = String::from_utf8_lossy(&self.shown).into_owned();
        let output = Output { code, stdout, stderr: String::new(), elapsed: self.began.elapsed() };
        let typed: Vec<&str> = words.split_whitespace().chain(["-n", ns.name()]).collect();
        let kubectl = ns.lab().kubectl(ns.lab().kubeconfig());
        printed::work(Ran::of(&kubectl.command(&typed)), read_by_eye(&output)).await?;
        Ok(output)
    }
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

/// Types what is to be typed, and reads to the end.
async fn answer(terminal: &mut Terminal, answers: &[(&str, &str)]) -> Result<()> {
    let (mut answers, mut from) = (answers.iter().peekable(), 0);
    while terminal.more().await? {
        let is_there = |question: &str| String::from_utf8_lossy(&terminal.shown[from..]).contains(question);
        if let Some((_, typed)) = answers.next_if(|(question, _)| is_there(question)) {
            from = terminal.shown.len();
            terminal.keys.write_all(typed.as_bytes()).await?;
        }
    }
    Ok(())
}
