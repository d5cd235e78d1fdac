//! Where notices are handed in; whoever hands one in goes on at once.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use release_cluster::Cluster;
use release_core::release::notice::gauges::{self, Ended};
use release_core::release::notice::receiver::{OF_NAMESPACE, Receiver};
use release_core::release::notice::{Notice, Stage};
use release_core::text::printable;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::address::Address;
use crate::audit::Audit;
use crate::outlet::Outlet;
use crate::secrets;
use crate::untold::Untold;

/// How long the end of a run waits for all that is still under way, together.
pub const LINGER: Duration = Duration::from_secs(5);

/// Who is to be told.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    pub receivers: Vec<Receiver>,
    /// Those of the namespace's own Secret, too.
    pub of_namespace: bool,
    pub audit_file: Option<PathBuf>,
    pub gateway: Option<Address>,
}

/// What is handed in.
#[derive(Debug)]
pub enum Message {
    /// A stage was reached.
    Reached(Notice),
    /// The run is over; the notice says whose it was.
    Over(Notice, Ended),
}

/// One who is told, before it is known where.
#[derive(Debug, Clone)]
enum Source {
    Named(Receiver),
    OfNamespace,
    Audit(PathBuf),
    Gateway(Address),
}

impl Source {
    fn who(&self) -> String {
        match self {
            Self::Named(receiver) => receiver.words(),
            Self::OfNamespace => format!("secret/{OF_NAMESPACE}"),
            Self::Audit(path) => printable(&format!("the audit file {}", path.display())),
            Self::Gateway(_) => "the Pushgateway".to_owned(),
        }
    }

    /// What of it they are told, as far as that is known before a Secret is read.
    fn expects(&self, message: &Message) -> Option<&'static str> {
        match (self, message) {
            (Self::Named(receiver), Message::Reached(notice)) => receiver.hears(notice).then(|| notice.stage.word()),
            (Self::Audit(_), Message::Reached(notice)) => Some(notice.stage.word()),
            (Self::Gateway(_), Message::Reached(notice)) => (notice.stage == Stage::Started).then_some("the start"),
            (Self::Gateway(_), Message::Over(..)) => Some("the end"),
            _ => None,
        }
    }
}

/// Tells everybody, each on their own, so that nobody waits for somebody else.
#[derive(Debug)]
pub struct Desk {
    sources: Vec<(Source, UnboundedSender<Arc<Message>>)>,
    tasks: JoinSet<()>,
    untold: Arc<Untold>,
}

impl Desk {
    /// Sends nothing yet, and reads no Secret before there is something to tell.
    #[must_use]
    pub fn open(wanted: Wanted, cluster: &Cluster) -> Self {
        let named = wanted.receivers.into_iter().map(Source::Named);
        let of_namespace = wanted.of_namespace.then_some(Source::OfNamespace);
        let others = [wanted.audit_file.map(Source::Audit), wanted.gateway.map(Source::Gateway), of_namespace];
        let mut desk = Self { sources: Vec::new(), tasks: JoinSet::new(), untold: Arc::default() };
        for source in named.chain(others.into_iter().flatten()) {
            let (inbox, messages) = unbounded_channel();
            let clerk = Clerk { cluster: cluster.clone(), who: source.who(), untold: Arc::clone(&desk.untold) };
            desk.tasks.spawn(clerk.serve(source.clone(), messages));
            desk.sources.push((source, inbox));
        }
        desk
    }

    /// Hands a message in.
    pub fn tell(&self, message: Message) {
        let message = Arc::new(message);
        for (source, inbox) in &self.sources {
            if let Some(what) = source.expects(&message) {
                self.untold.expect(&source.who(), what);
            }
            // A task that has ended has said why.
            let _ = inbox.send(Arc::clone(&message));
        }
    }

    /// Waits for what is under way, within [`LINGER`]: a line for each of those who were not told of something.
    pub async fn close(mut self) -> Vec<String> {
        self.sources.clear();
        let all = async { while self.tasks.join_next().await.is_some() {} };
        // What is late is not told; it is in the lines.
        let _ = timeout(LINGER, all).await;
        self.untold.lines()
    }
}

/// Serves one source.
struct Clerk {
    cluster: Cluster,
    who: String,
    untold: Arc<Untold>,
}

impl Clerk {
    async fn serve(self, source: Source, messages: UnboundedReceiver<Arc<Message>>) {
        match source {
            Source::Named(receiver) => self.tell_named(&receiver, messages).await,
            Source::OfNamespace => self.tell_namespace(messages).await,
            Source::Audit(path) => self.append(Audit::of(path), messages).await,
            Source::Gateway(address) => self.push(&address, messages).await,
        }
    }

    async fn tell_named(&self, receiver: &Receiver, mut messages: UnboundedReceiver<Arc<Message>>) {
        let mut known: Option<Vec<Outlet>> = None;
        while let Some(message) = messages.recv().await {
            let Message::Reached(notice) = &*message else { continue };
            if !receiver.hears(notice) {
                continue;
            }
            if known.is_none() {
                match secrets::named(&self.cluster, receiver).await {
                    Ok(outlet) => known = Some(vec![outlet]),
                    Err(why) => self.untold.failed(&self.who, notice.stage.word(), &why),
                }
            }
            self.tell(known.as_deref().unwrap_or_default(), notice).await;
        }
    }

    async fn tell_namespace(&self, mut messages: UnboundedReceiver<Arc<Message>>) {
        let mut known: Option<Vec<Outlet>> = None;
        while let Some(message) = messages.recv().await {
            let Message::Reached(notice) = &*message else { continue };
            let what = notice.stage.word();
            if known.is_none() {
                match secrets::of_namespace(&self.cluster).await {
                    Ok(None) => {}
                    Ok(Some((outlets, wrong))) => {
                        wrong.iter().for_each(|(who, why)| self.untold.failed(who, what, why));
                        known = Some(outlets);
                    }
                    Err(why) => self.untold.failed(&self.who, what, &why),
                }
            }
            let outlets = known.as_deref().unwrap_or_default();
            outlets.iter().filter(|one| one.hears(notice)).for_each(|one| self.untold.expect(&one.who, what));
            self.tell(outlets, notice).await;
        }
    }

    async fn tell(&self, outlets: &[Outlet], notice: &Notice) {
        let hearing = outlets.iter().filter(|outlet| outlet.hears(notice));
        join_all(hearing.map(|outlet| outlet.tell(notice, self.cluster.log(), &self.untold))).await;
    }

    async fn append(&self, audit: Audit, mut messages: UnboundedReceiver<Arc<Message>>) {
        while let Some(message) = messages.recv().await {
            let Message::Reached(notice) = &*message else { continue };
            let line = serde_json::to_string(notice).unwrap_or_default();
            match audit.append(&line).await {
                Ok(()) => self.untold.told(&self.who, notice.stage.word()),
                Err(trouble) => self.untold.failed(&self.who, notice.stage.word(), &trouble.to_string()),
            }
        }
    }

    async fn push(&self, address: &Address, mut messages: UnboundedReceiver<Arc<Message>>) {
        while let Some(message) = messages.recv().await {
            let (notice, text, what) = match &*message {
                Message::Reached(notice) if notice.stage == Stage::Started => {
                    (notice, gauges::begun(notice), "the start")
                }
                Message::Over(notice, run) => (notice, gauges::ended(run), "the end"),
                Message::Reached(_) => continue,
            };
            let whose = (notice.namespace.as_str(), notice.services.as_slice(), notice.verb);
            match crate::gateway::push(address, whose, &text, self.cluster.log()).await {
                Ok(()) => self.untold.told(&self.who, what),
                Err(trouble) => self.untold.failed(&self.who, what, &trouble.to_string()),
            }
        }
    }
}
