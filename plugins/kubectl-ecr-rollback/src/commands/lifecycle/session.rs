//! What one run carries along: flags, and where to talk.

use std::io::IsTerminal;

use kubectl_release::finding::Look;
use kubectl_release::flags::{ConnectionFlags, Output};
use kubectl_release::progress::{Progress, Sink};
use kubectl_release::run::Standing;

/// One run. Unlike a rollback's it is of no cluster: several may be asked, or none.
#[derive(Debug)]
pub struct Session<'c> {
    pub connection: &'c ConnectionFlags,
    pub output: Output,
    pub progress: Progress,
    standing: Standing,
}

impl<'c> Session<'c> {
    /// Prepares a run; nothing is sent yet.
    pub fn new(connection: &'c ConnectionFlags, output: Output, standing: Standing) -> Self {
        let sink = match output {
            Output::Table | Output::Wide => Sink::Lines,
            Output::Jsonl => Sink::JsonLines,
            Output::Json | Output::Yaml | Output::Name => Sink::Silent,
        };
        Self { connection, output, progress: Progress::new(sink), standing }
    }

    /// Talk for people: stderr, unless stdout is for programs.
    pub fn say(&self, text: &str) {
        if !self.output.is_machine() && !text.is_empty() {
            eprintln!("{text}");
        }
    }

    /// How findings are shown on stderr.
    pub fn look(&self, repositories: usize) -> Look {
        let colored = std::env::var_os("NO_COLOR").is_none() && std::io::stderr().is_terminal();
        Look { wide: self.wide(), several: repositories > 1, colored }
    }

    /// Every column and note.
    pub fn wide(&self) -> bool {
        self.output == Output::Wide
    }

    /// Remembers what is so, for the case that the run is interrupted now.
    pub fn stands(&self, text: impl Into<String>) {
        self.standing.replace(text.into());
    }
}
