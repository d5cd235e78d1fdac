//! Telling a person, line by line on stderr, what happens while it happens.

use std::cell::RefCell;
use std::io::IsTerminal;
use std::time::Duration;

use dialoguer::console::{Term, truncate_str};
use jiff::Timestamp;
use release_core::text::one_line;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::clock::clock;
use crate::output::{json as print_json, live, talk};
use crate::told::Told;

/// Where progress goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sink {
    /// Time-stamped lines on stderr.
    Lines,
    /// The same on a terminal, where waiting is one line that lives.
    Terminal,
    /// One JSON document a line on stdout.
    JsonLines,
    /// Nowhere: the result is one document, or a dry run.
    Silent,
}

impl Sink {
    /// Lines for a person: on a terminal, if stderr is one that can take a line back.
    #[must_use]
    pub fn of_stderr() -> Self {
        let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
        if std::io::stderr().is_terminal() && !dumb { Self::Terminal } else { Self::Lines }
    }
}

/// What is waited for.
#[derive(Debug, Clone, Copy)]
pub struct Waiting<'w> {
    /// A short word: `waiting`, `verifying`.
    pub word: &'w str,
    /// How far it has come.
    pub text: &'w str,
    /// When the waiting ends at the latest.
    pub until: Instant,
    /// What else a person may want to know, on a terminal.
    pub hint: &'w str,
}

/// Reports steps as they are done, and waiting where it has something new to say.
#[derive(Debug)]
pub struct Progress {
    sink: Sink,
    last: RefCell<String>,
    told: RefCell<Told>,
}

impl Progress {
    #[must_use]
    pub fn new(sink: Sink) -> Self {
        Self { sink, last: RefCell::default(), told: RefCell::default() }
    }

    /// One step: a short word (`switched`, `converged`, `failed`) and what there is to say. A step that
    /// says the same as the last one is left out.
    pub fn step(&self, word: &str, text: &str) {
        let text = &one_line(text);
        let line = format!("{word:<12} {text}");
        if *self.last.borrow() == line {
            return;
        }
        match self.sink {
            Sink::Lines | Sink::Terminal => talk(stamped(&line)),
            Sink::JsonLines => print_json(&step_document(word, text, Timestamp::now()), false),
            Sink::Silent => {}
        }
        self.last.replace(line);
    }

    /// How far a waiting has come, as often as one likes: it is told where it is new, and again after a
    /// while. On a terminal it is one line that lives.
    pub fn waiting(&self, waiting: Waiting<'_>) {
        let Waiting { word, text, until, hint } = waiting;
        let text = &one_line(text);
        let now = Instant::now();
        let until = at(until.saturating_duration_since(now));
        let line = format!("{word:<12} {text}");
        match self.sink {
            Sink::Silent => {}
            Sink::Terminal => {
                let hint = if hint.is_empty() { String::new() } else { format!("   {hint}") };
                let line = stamped(&format!("{line}   until {}{hint}", clock(until)));
                let width = Term::stderr().size().1;
                // One column is left for the cursor, or the line would wrap and stay.
                live(truncate_str(&line, usize::from(width).saturating_sub(1), "…"));
            }
            Sink::Lines | Sink::JsonLines if !self.told.borrow_mut().is_news(&line, now) => {}
            Sink::Lines => talk(stamped(&format!("{line}   until {}", clock(until)))),
            Sink::JsonLines => {
                let mut document = step_document(word, text, Timestamp::now());
                document["until"] = json!(format!("{until:.3}"));
                print_json(&document, false);
            }
        }
    }
}

fn at(left: Duration) -> Timestamp {
    Timestamp::now().checked_add(left).unwrap_or(Timestamp::MAX)
}

fn stamped(line: &str) -> String {
    format!("{}  {}", clock(Timestamp::now()), line.trim_end())
}

fn step_document(word: &str, text: &str, at: Timestamp) -> Value {
    json!({"kind": "Step", "at": format!("{at:.3}"), "step": word, "message": text})
}
