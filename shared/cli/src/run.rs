//! What one run of a verb carries along: the cluster, the clock, and where to talk.

use std::cell::RefCell;
use std::hash::{BuildHasher, Hasher};
use std::pin::pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use release_cluster::Cluster;
use release_cluster::apply::DryRun;
use release_cluster::exchange::{UNAUTHORIZED, UNREACHABLE};
use release_cluster::kubeconfig::who_am_i;
use release_cluster::wait::after;
use release_core::command::{Command, Scope};
use release_core::duration::short_duration;
use release_core::failure::{Exit, Failure, Next, Outcome};
use release_core::log::Log;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{Instant, timeout};

use crate::caught::caught;
use crate::confirm;
use crate::flags::{ConnectionFlags, DryRunFlag, Output};
use crate::news::{News, Telling};
use crate::progress::Waiting;
use crate::report::{Members, Origin, Report};
use crate::talk::{Stand, Standing, Talk};

/// So long a verb may take to let go what it holds once it is interrupted.
const LETTING_GO: Duration = Duration::from_secs(2);
/// Whether it holds something, such as a Lease.
static HOLDS: AtomicBool = AtomicBool::new(false);

/// One run of a verb.
#[derive(Debug)]
pub struct Run {
    pub cluster: Cluster,
    pub talk: Rc<Talk>,
    pub dry_run: DryRunFlag,
    started: Instant,
    /// How long it may wait.
    pub timeout: Duration,
    /// Tells what this run wrote from anything else.
    pub id: String,
    /// Those who don't watch it.
    pub news: Rc<News>,
}

impl std::ops::Deref for Run {
    type Target = Talk;

    fn deref(&self) -> &Talk {
        &self.talk
    }
}

impl Run {
    /// Prepares a run; nothing is sent yet.
    ///
    /// # Errors
    /// Where the kubeconfig can't be used.
    pub fn new(flags: &ConnectionFlags, setting: Setting, standing: Standing, news: Rc<News>) -> Outcome<Self> {
        let Setting { output, dry_run, timeout } = setting;
        let cluster = release_cluster::connect::connect(&flags.into())?;
        if !is_namespace(&cluster.namespace) {
            return Err(Failure::usage(format!("\"{}\" is no namespace name", cluster.namespace.escape_debug())));
        }
        let (talk, id) = (Rc::new(Talk::new(output, standing)), run_id());
        if dry_run == DryRunFlag::None {
            news.open(&cluster, &id);
        }
        Ok(Self { cluster, talk, dry_run, started: Instant::now(), timeout, id, news })
    }

    /// The same run in another namespace.
    #[must_use]
    pub fn in_namespace(&self, namespace: &str) -> Self {
        Self {
            cluster: self.cluster.in_namespace(namespace),
            talk: Rc::clone(&self.talk),
            dry_run: self.dry_run,
            started: self.started,
            timeout: self.timeout,
            id: self.id.clone(),
            news: Rc::clone(&self.news),
        }
    }

    /// What a printed command must repeat to reach our namespace of this cluster.
    #[must_use]
    pub fn scope(&self) -> &Scope {
        self.cluster.scope()
    }

    /// Where this run looks, for its document.
    #[must_use]
    pub fn origin(&self) -> Origin {
        let (context, namespace) = (self.cluster.context.clone(), self.cluster.namespace.clone());
        Origin { context, namespace, dry_run: self.dry_run }
    }

    /// How writes are sent.
    #[must_use]
    pub fn write_mode(&self) -> DryRun {
        if self.dry_run == DryRunFlag::Server { DryRun::Server } else { DryRun::None }
    }

    /// Where connections to other systems log what they ask.
    #[must_use]
    pub fn log(&self) -> Log {
        self.cluster.log()
    }

    /// Since the command started, without the time that people took to answer.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed().saturating_sub(confirm::time_to_think())
    }

    /// The same in milliseconds.
    #[must_use]
    pub fn millis(&self) -> u64 {
        u64::try_from(self.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// When waiting ends; people may take their time to answer.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        after(self.started, self.timeout.saturating_add(confirm::time_to_think()))
    }

    /// Time left for waiting.
    #[must_use]
    pub fn left(&self) -> Duration {
        self.deadline().saturating_duration_since(Instant::now())
    }

    /// Reads before anything is written, which is a part of what the run may take; the one request that is
    /// under way when that is over may still be answered.
    ///
    /// # Errors
    /// Those of the reading; exit 4 where it takes longer.
    pub async fn within<T>(&self, reading: impl Future<Output = Outcome<T>>) -> Outcome<T> {
        let limit = self.left().saturating_add(self.cluster.request_timeout());
        let late = || {
            let message = format!("out of time: reading the cluster took longer than {}", short_duration(limit));
            let next = "see with --v=6 which read it is; --timeout gives it more time";
            Failure::out_of_time(format!("{message}\n{}", self.standing_text())).next(next)
        };
        timeout(limit, reading).await.unwrap_or_else(|_| Err(late()))
    }

    /// The verb holds something from now on, and ends by itself when it is interrupted: it is waited for, for a moment.
    pub fn lets_go_by_itself(&self) {
        HOLDS.store(true, Ordering::Relaxed);
    }

    /// Says how far a waiting has come that ends with the run's time.
    pub fn waiting(&self, text: &str) {
        self.progress.waiting(Waiting { word: "waiting", text, until: self.deadline(), hint: "" });
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

/// How a verb was asked to run.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    pub output: Output,
    pub dry_run: DryRunFlag,
    /// How long it may wait.
    pub timeout: Duration,
}

/// Runs a verb on one cluster until it ends or is interrupted, and prints its report.
pub async fn to_the_end<M: Members>(
    connection: &ConnectionFlags,
    setting: Setting,
    verb: impl AsyncFnOnce(&Run, &mut Report<M>) -> Outcome<()>,
) -> Exit {
    to_the_end_and_tell(connection, setting, Telling::default(), verb).await
}

/// The same, and tells others how it goes; the report doesn't wait for them.
pub async fn to_the_end_and_tell<M: Members>(
    connection: &ConnectionFlags,
    setting: Setting,
    telling: Telling,
    verb: impl AsyncFnOnce(&Run, &mut Report<M>) -> Outcome<()>,
) -> Exit {
    let (standing, news) = (nothing_written(), Rc::new(News::of(telling)));
    let (origin, run) = match Run::new(connection, setting, Rc::clone(&standing), Rc::clone(&news)) {
        Ok(run) => (run.origin(), Ok(run)),
        Err(failure) => (Origin { dry_run: setting.dry_run, ..Origin::default() }, Err(failure)),
    };
    let verb = async |report: &mut Report<M>| {
        let run = run?;
        // A verb is large, and is handed on: its stack would be, too.
        Box::pin(verb(&run, report)).await.map_err(|failure| of_this_cluster(failure, run.scope()))
    };
    let (report, outcome) = until_end(&standing, verb).await;
    news.ended(&outcome);
    let exit = printed(&report, setting.output, &origin, outcome);
    // Whoever stops it now waits no longer.
    tokio::select! {
        () = news.close() => {}
        () = interrupted() => {}
    }
    exit
}

/// An API server that can't be reached, or that doesn't know us, is to be looked for where we looked for it.
fn of_this_cluster(failure: Failure, scope: &Scope) -> Failure {
    match failure.reason {
        _ if failure.next.is_some() => failure,
        UNREACHABLE => failure.look(Command::new("kubectl cluster-info").scope(&scope.without_namespace())),
        UNAUTHORIZED => failure.next(Next::Look(who_am_i(scope), Some("log in again first".into()))),
        _ => failure,
    }
}

/// Runs `verb` until it ends or is interrupted, and prints its report.
pub async fn print_end<M: Members>(
    output: Output,
    origin: &Origin,
    standing: &Standing,
    verb: impl AsyncFnOnce(&mut Report<M>) -> Outcome<()>,
) -> Exit {
    let (report, outcome) = until_end(standing, verb).await;
    printed(&report, output, origin, outcome)
}

async fn until_end<M: Members>(
    standing: &Standing,
    verb: impl AsyncFnOnce(&mut Report<M>) -> Outcome<()>,
) -> (Report<M>, Outcome<()>) {
    let mut report = Report::default();
    let ended = {
        let mut verb = pin!(caught(verb(&mut report), standing));
        tokio::select! {
            biased; // A verb that is meant to end by an interrupt has its say first.
            outcome = &mut verb => Some(outcome),
            () = interrupted() => {
                let limit = if HOLDS.load(Ordering::Relaxed) { LETTING_GO } else { Duration::ZERO };
                timeout(limit, verb).await.ok()
            }
        }
    };
    let outcome = ended.unwrap_or_else(|| {
        let Stand { text, next } = standing.borrow().clone();
        Err(Failure { next, ..Failure::new(Exit::Interrupted, "Interrupted", text) })
    });
    (report, outcome)
}

fn printed<M: Members>(report: &Report<M>, output: Output, origin: &Origin, outcome: Outcome<()>) -> Exit {
    crate::print::report(report, output, origin, outcome.as_ref().err());
    match outcome {
        Err(failure) => failure.exit,
        // A run that only looks has done nothing where nobody can see it.
        Ok(()) if M::ONLY_READS || origin.dry_run != DryRunFlag::None => crate::print::written(),
        Ok(()) => Exit::Done,
    }
}

/// What stands while nothing has been written.
#[must_use]
pub fn nothing_written() -> Standing {
    Standing::new(RefCell::new("interrupted; nothing was written".into()))
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
