//! Telling a person, line by line on stderr, what happens while it happens.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::clock::clock;
use crate::output::{data_line, talk};

/// Where progress goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sink {
    /// Time-stamped lines on stderr.
    Lines,
    /// One JSON document a line on stdout.
    JsonLines,
    /// Nowhere: the result is one document, or a dry run.
    Silent,
}

/// Reports steps as they are done; a line that says the same as the last one is left out.
#[derive(Debug)]
pub struct Progress {
    sink: Sink,
    last: std::cell::RefCell<String>,
}

impl Progress {
    #[must_use]
    pub fn new(sink: Sink) -> Self {
        Self { sink, last: std::cell::RefCell::default() }
    }

    /// One step: a short word (`switched`, `converged`, `failed`) and what there is to say.
    pub fn step(&self, word: &str, text: &str) {
        let line = format!("{word:<12} {text}");
        if *self.last.borrow() == line {
            return;
        }
        match self.sink {
            Sink::Lines => talk(format_args!("{}  {}", clock(Timestamp::now()), line.trim_end())),
            Sink::JsonLines => data_line(step_document(word, text, Timestamp::now())),
            Sink::Silent => {}
        }
        self.last.replace(line);
    }
}

fn step_document(word: &str, text: &str, at: Timestamp) -> Value {
    json!({"kind": "Step", "at": format!("{at:.3}"), "step": word, "message": text})
}
