//! Talking to a person while a run goes on, and remembering what to say if it is interrupted.

use std::cell::RefCell;
use std::rc::Rc;

use release_core::checks::finding::Look;
use release_core::command::Command;
use release_core::failure::Next;

use crate::flags::Output;
use crate::output;
use crate::progress::{Progress, Sink};

/// What is so in the cluster at this instant, for the last line of an interrupted run.
pub type Standing = Rc<RefCell<Stand>>;

/// What is so, and the way on from there.
#[derive(Debug, Clone, Default)]
pub struct Stand {
    pub text: String,
    pub next: Option<Next>,
}

impl From<String> for Stand {
    fn from(text: String) -> Self {
        Self { text, next: None }
    }
}

impl From<&str> for Stand {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

/// Where a run talks.
#[derive(Debug)]
pub struct Talk {
    pub output: Output,
    pub progress: Progress,
    standing: Standing,
}

impl Talk {
    /// Talks as the output format wants it.
    #[must_use]
    pub fn new(output: Output, standing: Standing) -> Self {
        let sink = match output {
            Output::Table | Output::Wide => Sink::of_stderr(),
            Output::Jsonl => Sink::JsonLines,
            Output::Json | Output::Yaml | Output::Name => Sink::Silent,
        };
        Self { output, progress: Progress::new(sink), standing }
    }

    /// Talk for people: stderr, unless stdout is for programs.
    pub fn say(&self, text: &str) {
        if !self.output.is_machine() && !text.is_empty() {
            output::talk(text);
        }
    }

    /// Every column and note.
    #[must_use]
    pub fn wide(&self) -> bool {
        self.output == Output::Wide
    }

    /// How findings of so many subjects are shown.
    #[must_use]
    pub fn look(&self, subjects: usize) -> Look {
        Look { wide: self.wide(), several: subjects > 1, colored: output::is_colored() }
    }

    /// What is so now, as it was last remembered.
    #[must_use]
    pub fn standing_text(&self) -> String {
        let text = &self.standing.borrow().text;
        let what = ["interrupted; ", "interrupted: "].iter().find_map(|word| text.strip_prefix(word));
        what.unwrap_or(text).to_owned()
    }

    /// Remembers what is so, for the case that the run is interrupted now.
    pub fn stands(&self, stand: impl Into<Stand>) {
        self.standing.replace(stand.into());
    }

    /// The same with commands, each with what it is for: lines for people, `next` for programs.
    pub fn stands_with(&self, text: &str, commands: [(&str, Command); 2]) {
        let stand = if self.output.is_machine() {
            let next = Next::Try(commands.into_iter().map(|(_, command)| command).collect(), None);
            Stand { text: text.to_owned(), next: Some(next) }
        } else {
            let lines: Vec<String> = commands.iter().map(|(what, command)| format!("{what}: {command}")).collect();
            Stand { text: format!("{text}\n{}", lines.join("\n")), next: None }
        };
        self.standing.replace(stand);
    }
}
