//! What the containers of a hook's pods write, as they write it.

use std::collections::BTreeSet;

use futures::stream::SelectAll;
use futures::{Stream, StreamExt};
use release_cli::run::Run;
use release_core::kube::Pod;
use release_core::release::hooks::Moment;
use release_core::text::one_line;
use tokio::time::{Instant, sleep_until, timeout_at};

/// So many lines are shown; whoever wants more asks kubectl.
const SHOWN: usize = 5_000;

type Lines = std::pin::Pin<Box<dyn Stream<Item = String> + Send>>;

/// The logs that are followed.
pub struct Logs<'a> {
    run: &'a Run,
    moment: Moment,
    own: Vec<String>,
    open: SelectAll<Lines>,
    known: BTreeSet<(String, String)>,
    shown: usize,
    is_forbidden: bool,
}

impl<'a> Logs<'a> {
    /// Of containers by these names.
    #[must_use]
    pub fn of(run: &'a Run, moment: Moment, own: Vec<String>) -> Self {
        let (open, known) = (SelectAll::new(), BTreeSet::new());
        Self { run, moment, own, open, known, shown: 0, is_forbidden: false }
    }

    /// Follows what has started since.
    pub async fn follow(&mut self, pods: &[Pod]) {
        for pod in pods {
            for status in &pod.status.container_statuses {
                let state = status.state.as_ref();
                let has_started = state.is_some_and(|state| state.running.is_some() || state.terminated.is_some());
                let key = (pod.metadata.name.clone(), status.name.clone());
                if has_started && self.own.contains(&status.name) && !self.known.contains(&key) {
                    self.open(key).await;
                }
            }
        }
    }

    async fn open(&mut self, (pod, container): (String, String)) {
        match self.run.cluster.log_lines(&pod, &container).await {
            Ok(lines) => {
                self.open.push(lines);
                self.known.insert((pod, container));
            }
            Err(error) if error.is_forbidden() => {
                if !std::mem::replace(&mut self.is_forbidden, true) {
                    self.run.say(&format!("note: the log of pod/{pod} is not shown: {}", error.short()));
                }
                self.known.insert((pod, container));
            }
            // Asked again at the next look.
            Err(_) => {}
        }
    }

    /// Shows lines until then.
    pub async fn until(&mut self, then: Instant) {
        loop {
            match timeout_at(then, self.open.next()).await {
                Ok(Some(line)) => self.show(&line),
                Ok(None) => return sleep_until(then).await,
                Err(_) => return,
            }
        }
    }

    /// Shows what is left once all containers have ended, which takes no longer than this.
    pub async fn rest(&mut self, most: Instant) {
        while let Ok(Some(line)) = timeout_at(most, self.open.next()).await {
            self.show(&line);
        }
    }

    fn show(&mut self, line: &str) {
        self.shown = self.shown.saturating_add(1);
        match self.shown {
            shown if shown <= SHOWN => self.run.say(&format!("  {} | {}", self.moment, one_line(line))),
            shown if shown == SHOWN.saturating_add(1) => {
                self.run.say(&format!("  {} | … more than {SHOWN} lines: see kubectl logs", self.moment));
            }
            _ => {}
        }
    }
}

impl std::fmt::Debug for Logs<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Logs").field("known", &self.known).finish_non_exhaustive()
    }
}
