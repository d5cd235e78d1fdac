//! What a pod's process wrote: the present run's lines, and those of the run before.

use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use tokio::sync::watch;

/// Lines kept of one run; older ones go.
const KEPT: usize = 1000;

/// One line and when it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub at: Timestamp,
    pub text: String,
}

/// One run of the process.
#[derive(Debug, Clone, Default)]
struct Run {
    /// How many lines went before the first one kept.
    dropped: usize,
    lines: Vec<Line>,
    ended: bool,
}

#[derive(Debug, Default)]
struct Runs {
    /// How many there were; 0 when the process has not started yet.
    count: usize,
    previous: Option<Run>,
    current: Run,
}

/// The log of one pod.
#[derive(Debug, Default)]
pub(super) struct Log {
    runs: Mutex<Runs>,
    changed: watch::Sender<()>,
}

/// What a reader gets next.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Part {
    pub lines: Vec<Line>,
    /// Where to read on.
    pub next: usize,
    /// Nothing will follow.
    pub ended: bool,
}

impl Log {
    /// A new run of the process begins.
    pub fn begin(&self) {
        {
            let mut runs = self.runs();
            let before = std::mem::take(&mut runs.current);
            if runs.count > 0 {
                runs.previous = Some(Run { ended: true, ..before });
            }
            runs.count += 1;
        }
        self.changed.send_replace(());
    }

    /// Writes a text, line by line, into the present run.
    pub fn write(&self, text: &str) {
        {
            let mut runs = self.runs();
            let at = Timestamp::now();
            let run = &mut runs.current;
            run.lines.extend(text.lines().map(|text| Line { at, text: text.to_owned() }));
            let surplus = run.lines.len().saturating_sub(KEPT);
            run.lines.drain(..surplus);
            run.dropped += surplus;
        }
        self.changed.send_replace(());
    }

    /// The present run is over.
    pub fn end(&self) {
        self.runs().current.ended = true;
        self.changed.send_replace(());
    }

    /// How many runs there were.
    pub fn runs_so_far(&self) -> usize {
        self.runs().count
    }

    /// Lines of the present run from the number `from` on, with the number of the run: a reader
    /// that began with another run has come to the end.
    pub fn read(&self, run: usize, from: usize) -> Part {
        let runs = self.runs();
        if runs.count != run {
            return Part { ended: true, ..Part::default() };
        }
        runs.current.part(from)
    }

    /// Lines of the run before; `None` when there was none.
    pub fn previous(&self) -> Option<Part> {
        self.runs().previous.as_ref().map(|run| run.part(0))
    }

    /// Told of every change.
    pub fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    fn runs(&self) -> MutexGuard<'_, Runs> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Run {
    fn part(&self, from: usize) -> Part {
        let skipped = from.saturating_sub(self.dropped).min(self.lines.len());
        Part { lines: self.lines[skipped..].to_vec(), next: self.dropped + self.lines.len(), ended: self.ended }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(part: &Part) -> Vec<&str> {
        part.lines.iter().map(|line| line.text.as_str()).collect()
    }

    #[test]
    fn a_reader_gets_each_line_once_and_the_end_of_its_run() {
        let log = Log::default();
        log.begin();
        log.write("one\ntwo");
        let first = log.read(1, 0);
        assert_eq!((texts(&first), first.ended), (vec!["one", "two"], false));
        log.write("three");
        assert_eq!(texts(&log.read(1, first.next)), ["three"]);
        log.end();
        assert!(log.read(1, 3).ended);
        log.begin();
        assert_eq!(log.read(1, 3), Part { ended: true, ..Part::default() });
        assert_eq!(texts(&log.previous().unwrap()), ["one", "two", "three"]);
        assert_eq!(log.read(2, 0).lines, []);
    }

    #[test]
    fn old_lines_go_and_no_reader_gets_one_twice() {
        let log = Log::default();
        log.begin();
        (0..KEPT + 5).for_each(|number| log.write(&number.to_string()));
        let part = log.read(1, 3);
        assert_eq!((part.lines.len(), part.lines[0].text.as_str(), part.next), (KEPT, "5", KEPT + 5));
        assert_eq!(log.read(1, part.next).lines, []);
    }
}
