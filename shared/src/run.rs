//! What one run of a verb carries along: the cluster, the clock, and where to talk.

use std::cell::RefCell;
use std::hash::{BuildHasher, Hasher};
use std::io::IsTerminal;
use std::rc::Rc;
use std::time::Duration;

use crate::change::shell_quote;
use crate::cluster::Cluster;
use crate::cluster::apply::DryRun;
use crate::error::{Exit, Failure, Outcome};
use crate::flags::{ConnectionFlags, DryRunFlag, Output};
use crate::progress::{Progress, Sink};
use crate::report::{Report, Subject};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::Instant;

use crate::finding::Look;

/// What is so in the cluster at this instant, for the last line of an interrupted run.
pub type Standing = Rc<RefCell<String>>;

/// One run of a verb.
#[derive(Debug)]
pub struct Run {
    pub cluster: Cluster,
    pub progress: Progress,
    pub output: Output,
    pub dry_run: DryRunFlag,
    pub started: Instant,
    /// When waiting ends.
    pub deadline: Instant,
    /// `-n NS` and connection flags for printed commands, with a leading space.
    pub suffix: String,
    /// Tells what this run wrote from anything else.
    pub id: String,
    standing: Standing,
}

impl Run {
    /// Prepares a run; nothing is sent yet.
    ///
    /// # Errors
    /// Where the kubeconfig can't be used.
    pub fn new(
        flags: &ConnectionFlags,
        output: Output,
        dry_run: DryRunFlag,
        timeout: Duration,
        standing: Standing,
    ) -> Outcome<Self> {
        let cluster = crate::cluster::connect::connect(flags)?;
        if !is_namespace(&cluster.namespace) {
            return Err(Failure::usage(format!("\"{}\" is no namespace name", cluster.namespace.escape_debug())));
        }
        let started = Instant::now();
        let sink = match output {
            Output::Table | Output::Wide => Sink::Lines,
            Output::Jsonl => Sink::JsonLines,
            Output::Json | Output::Yaml | Output::Name => Sink::Silent,
        };
        Ok(Self {
            suffix: format!(" -n {}{}", shell_quote(&cluster.namespace), cluster.flags),
            cluster,
            progress: Progress::new(sink),
            output,
            dry_run,
            started,
            deadline: started + timeout,
            id: run_id(),
            standing,
        })
    }

    /// Talk for people: stderr, unless stdout is for programs.
    pub fn say(&self, text: &str) {
        if !self.output.is_machine() && !text.is_empty() {
            eprintln!("{text}");
        }
    }

    /// How findings of so many subjects are shown. Color is for terminals, and `NO_COLOR` by its
    /// mere presence turns it off (<https://no-color.org>).
    #[must_use]
    pub fn look(&self, subjects: usize) -> Look {
        let colored = std::env::var_os("NO_COLOR").is_none() && std::io::stderr().is_terminal();
        Look { wide: self.output == Output::Wide, several: subjects > 1, colored }
    }

    /// Remembers what is so, for the case that the run is interrupted now.
    pub fn stands(&self, text: impl Into<String>) {
        self.standing.replace(text.into());
    }

    /// How writes are sent.
    #[must_use]
    pub fn write_mode(&self) -> DryRun {
        if self.dry_run == DryRunFlag::Server { DryRun::Server } else { DryRun::None }
    }

    /// kubectl's `-v`.
    #[must_use]
    pub fn verbosity(&self) -> u8 {
        self.cluster.verbosity()
    }

    /// Milliseconds since the command started.
    #[must_use]
    pub fn millis(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Time left for waiting.
    #[must_use]
    pub fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }
}

fn is_namespace(name: &str) -> bool {
    let ok = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !name.is_empty() && name.len() <= 63 && name.chars().all(ok)
}

/// Sixteen hexadecimal digits from the process's random hash seed: unique, not secret.
fn run_id() -> String {
    let mut hasher = std::hash::RandomState::new().build_hasher();
    hasher.write_u32(std::process::id());
    format!("{:016x}", hasher.finish())
}

/// What a verb needs before it starts.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// The `kind` of its report.
    pub kind: &'static str,
    pub subject: Subject,
    pub output: Output,
    pub dry_run: DryRunFlag,
    /// How long it may wait.
    pub timeout: Duration,
    /// How commands begin that change something, as `kubectl bluegreen switch`.
    pub acts: &'static [&'static str],
}

/// Runs a verb until it ends or is interrupted, and prints its report.
pub async fn to_the_end(
    connection: &ConnectionFlags,
    setting: Setting,
    verb: impl AsyncFnOnce(&Run, &mut Report) -> Outcome<()>,
) -> Exit {
    let Setting { kind, subject, output, dry_run, timeout, acts } = setting;
    let mut report = Report { kind, subject, dry_run: dry_run.word(), ..Report::default() };
    let standing = Standing::new("interrupted; nothing was written".to_owned().into());
    let outcome = match Run::new(connection, output, dry_run, timeout, Rc::clone(&standing)) {
        Err(failure) => Err(failure),
        Ok(run) => {
            report.context.clone_from(&run.cluster.context);
            report.namespace.clone_from(&run.cluster.namespace);
            tokio::select! {
                outcome = verb(&run, &mut report) => outcome,
                () = interrupted() => Err(Failure::new(Exit::Interrupted, "Interrupted", standing.borrow().clone())),
            }
        }
    };
    crate::print::report(&report, output, outcome.as_ref().err(), acts);
    outcome.err().map_or(Exit::Done, |failure| failure.exit)
}

/// Ctrl-C, or being told to stop.
pub async fn interrupted() {
    let (Ok(mut int), Ok(mut term)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate())) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = int.recv() => {}
        _ = term.recv() => {}
    }
}
