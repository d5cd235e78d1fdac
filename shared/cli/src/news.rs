//! What a run tells those who don't watch it: stages as they are reached, and how it ended. Telling never waits,
//! never fails, and is waited for in bounds once the run is over.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use jiff::Timestamp;
use release_cluster::Cluster;
use release_core::failure::{Exit, Failure, Outcome};
use release_core::release::notice::gauges::Ended;
use release_core::release::notice::{Deed, Notice, Released, Stage, is_news, message, word};
use release_notify::desk::{Desk, Message, Wanted};
use tokio::time::Instant;

use crate::confirm::time_to_think;
use crate::output;
use crate::report::API_VERSION;

/// Who is told of a run, and what is known of it before it looks at anything.
#[derive(Debug, Default)]
pub struct Telling {
    pub wanted: Wanted,
    pub verb: Deed,
    /// Services, as they were named.
    pub services: Vec<String>,
    /// `--reason`.
    pub reason: String,
}

/// A run's news. Where nobody is to be told, nothing of it does anything.
#[derive(Debug)]
pub struct News {
    verb: Deed,
    reason: String,
    wanted: Wanted,
    started: Instant,
    services: RefCell<Vec<Released>>,
    by: RefCell<String>,
    began: Cell<bool>,
    told: Cell<u32>,
    reached: RefCell<Vec<(Stage, f64)>>,
    open: RefCell<Option<Open>>,
}

/// Where news go, and what each has of the run.
#[derive(Debug)]
struct Open {
    desk: Desk,
    run: String,
    context: String,
    namespace: String,
}

impl News {
    #[must_use]
    pub fn of(telling: Telling) -> Self {
        Self {
            verb: telling.verb,
            reason: word(&telling.reason),
            wanted: telling.wanted,
            started: Instant::now(),
            services: RefCell::new(telling.services.iter().map(|name| Released::named(name)).collect()),
            by: RefCell::default(),
            began: Cell::new(false),
            told: Cell::new(0),
            reached: RefCell::default(),
            open: RefCell::default(),
        }
    }

    /// From here on what is told goes out.
    pub fn open(&self, cluster: &Cluster, run: &str) {
        let Wanted { receivers, of_namespace, audit_file, gateway } = &self.wanted;
        if receivers.is_empty() && !of_namespace && audit_file.is_none() && gateway.is_none() {
            return;
        }
        let desk = Desk::open(self.wanted.clone(), cluster);
        let (context, namespace) = (word(&cluster.context), word(&cluster.namespace));
        self.open.replace(Some(Open { desk, run: run.to_owned(), context, namespace }));
    }

    /// What the run found out about itself: each Service, where it goes, and who runs it.
    pub fn about(&self, services: impl Iterator<Item = Released>, by: &str) {
        self.services.replace(services.collect());
        if !by.is_empty() {
            self.by.replace(word(by));
        }
    }

    /// A stage was reached. The first one tells that the run began, too: writes follow, or are there already.
    pub fn tell(&self, stage: Stage, text: &str) {
        self.reached.borrow_mut().push((stage, self.seconds()));
        if !matches!(stage, Stage::Failed | Stage::RolledBack) {
            self.began.set(true);
        }
        if let Some(open) = &*self.open.borrow() {
            open.desk.tell(Message::Reached(self.notice(open, stage, text, None)));
        }
    }

    /// The run is over.
    pub fn ended(&self, outcome: &Outcome<()>) {
        let exit = outcome.as_ref().map_or_else(|failure| failure.exit, |()| Exit::Done);
        let is_of_interest = if exit == Exit::Done { self.began.get() } else { is_news(exit, self.began.get()) };
        let open = self.open.borrow();
        let Some(open) = open.as_ref().filter(|_| is_of_interest) else { return };
        let stage = if exit == Exit::RolledBack { Stage::RolledBack } else { Stage::Failed };
        let text = outcome.as_ref().err().map(told_of).unwrap_or_default();
        let notice = self.notice(open, stage, &text, Some(exit));
        let run = self.end(exit, &notice);
        if outcome.is_err() {
            open.desk.tell(Message::Reached(notice.clone()));
        }
        open.desk.tell(Message::Over(notice, run));
    }

    fn end(&self, exit: Exit, notice: &Notice) -> Ended {
        let at = Duration::from_millis(u64::try_from(notice.at.as_millisecond()).unwrap_or_default());
        let reached = self.reached.borrow().clone();
        Ended { exit, at: at.as_secs_f64(), seconds: notice.seconds, reached }
    }

    /// Waits for what is under way, in bounds, and says who was not told.
    pub async fn close(&self) {
        let Some(open) = self.open.take() else { return };
        let lines = open.desk.close().await;
        lines.iter().for_each(|line| output::talk(format_args!("note: {line}")));
    }

    fn seconds(&self) -> f64 {
        self.started.elapsed().saturating_sub(time_to_think()).as_secs_f64()
    }

    fn notice(&self, open: &Open, stage: Stage, text: &str, exit: Option<Exit>) -> Notice {
        let number = self.told.get();
        self.told.set(number.saturating_add(1));
        Notice {
            api_version: API_VERSION,
            kind: "Notice",
            id: format!("{}-{number}", open.run),
            run: open.run.clone(),
            stage,
            at: Timestamp::now(),
            verb: self.verb,
            context: open.context.clone(),
            namespace: open.namespace.clone(),
            services: self.services.borrow().clone(),
            by: self.by.borrow().clone(),
            reason: self.reason.clone(),
            message: message(text),
            began: self.began.get(),
            exit_code: exit.map(Exit::code),
            seconds: self.seconds(),
        }
    }
}

/// What went wrong, and the commands to do about it.
fn told_of(failure: &Failure) -> String {
    let next = failure.next.iter().map(|next| format!("\n{}: {next}", next.label()));
    std::iter::once(failure.message.clone()).chain(next).collect()
}
