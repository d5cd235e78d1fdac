//! Bounded load on one address, and what became of every request.
//!
//! Clients are of two kinds: those that open a connection for each request, and those that keep
//! theirs. A kept connection that turns out closed when a request is to be sent on it is
//! replaced once, as real clients do, and counted as `reopened`; whatever goes wrong on a fresh
//! connection is a failure. The load ends when stopped, or at its hard limits.

mod client;
mod report;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use tokio::sync::watch;
use tokio::task::JoinSet;

pub use report::{Latencies, Traffic};

/// How a request was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// On a connection opened for it.
    Fresh,
    /// On a connection that is kept.
    Kept,
}

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Answered with a status below 400.
    Answered {
        /// The `x-version` header of the answer.
        version: String,
    },
    /// Not answered, or answered with an error.
    Failed(Failure),
}

/// Why a request failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// No connection: refused, unreachable, or reset while opening.
    Connect(String),
    /// The connection broke before an answer began.
    Broken(String),
    /// The connection broke within the answer.
    Cut(String),
    /// No complete answer within the time limit.
    TimedOut,
    /// An answer with an error status.
    Status(u16),
}

/// One request.
#[derive(Debug, Clone)]
pub struct Request {
    /// When it was begun.
    pub started: Instant,
    /// The same by the wall clock.
    pub started_at: SystemTime,
    /// When its connection stood, if it was opened for this request.
    pub connected: Option<Instant>,
    /// When it was answered or given up.
    pub ended: Instant,
    /// How it was sent.
    pub kind: Kind,
    /// Whether a kept connection had to be replaced for it.
    pub reopened: bool,
    /// What became of it.
    pub outcome: Outcome,
}

/// A load to be started.
#[derive(Debug, Clone)]
pub struct Load {
    target: SocketAddr,
    host: Option<String>,
    fresh: usize,
    kept: usize,
    rate: f64,
    max_requests: usize,
    max_time: Duration,
    timeout: Duration,
}

impl Load {
    /// Two clients of each kind, 200 requests/s, at most 100,000 requests and 5 minutes, 2 s a
    /// request.
    pub fn new(target: SocketAddr) -> Self {
        Self {
            target,
            host: None,
            fresh: 2,
            kept: 2,
            rate: 200.0,
            max_requests: 100_000,
            max_time: Duration::from_secs(300),
            timeout: Duration::from_secs(2),
        }
    }

    /// The host that requests are for, where a router tells them apart by it; else the target.
    #[must_use]
    pub fn host(mut self, name: &str) -> Self {
        self.host = Some(name.to_owned());
        self
    }

    /// So many clients that open a connection for each request.
    #[must_use]
    pub fn fresh_clients(mut self, count: usize) -> Self {
        self.fresh = count;
        self
    }

    /// So many clients that keep their connection.
    #[must_use]
    pub fn kept_clients(mut self, count: usize) -> Self {
        self.kept = count;
        self
    }

    /// Requests per second of all clients together.
    #[must_use]
    pub fn rate(mut self, per_second: f64) -> Self {
        self.rate = per_second;
        self
    }

    /// The load ends after so many requests, come what may.
    #[must_use]
    pub fn max_requests(mut self, count: usize) -> Self {
        self.max_requests = count;
        self
    }

    /// The load ends after this time, come what may.
    #[must_use]
    pub fn max_time(mut self, limit: Duration) -> Self {
        self.max_time = limit;
        self
    }

    /// A request that takes longer has failed.
    #[must_use]
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = limit;
        self
    }

    /// Starts all clients.
    pub fn start(self) -> Running {
        let (stop, stopped) = watch::channel(false);
        let log = Arc::new(Log { max: self.max_requests, requests: Mutex::default() });
        let clients = self.fresh + self.kept;
        #[expect(clippy::cast_precision_loss, reason = "a handful of clients")]
        let interval = Duration::from_secs_f64(clients.max(1) as f64 / self.rate.max(0.1));
        let began = Instant::now();
        let mut tasks = JoinSet::new();
        for number in 0..clients {
            let kind = if number < self.fresh { Kind::Fresh } else { Kind::Kept };
            let schedule = client::Schedule {
                // Spread over the interval, so that requests come evenly.
                first: began + interval.mul_f64(number_share(number, clients)),
                interval,
                end: began + self.max_time,
            };
            let client = client::Client::new(self.target, self.host.clone(), kind, self.timeout);
            tasks.spawn(client::run(client, schedule, Arc::clone(&log), stopped.clone()));
        }
        Running { log, stop, tasks, began }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a handful of clients")]
fn number_share(number: usize, of: usize) -> f64 {
    number as f64 / of.max(1) as f64
}

/// A load that runs. Dropping it ends it at once.
#[derive(Debug)]
pub struct Running {
    log: Arc<Log>,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
    began: Instant,
}

impl Running {
    /// What became of the requests so far.
    pub fn so_far(&self) -> Traffic {
        Traffic::new(self.log.all(), self.began.elapsed())
    }

    /// What became of the requests that ended after `moment`: cheap, however long the load runs.
    pub fn since(&self, moment: Instant) -> Traffic {
        Traffic::new(self.log.since(moment), moment.elapsed())
    }

    /// Ends the load: requests on their way are still waited for.
    pub async fn stop(mut self) -> Traffic {
        self.stop.send_replace(true);
        while self.tasks.join_next().await.is_some() {}
        self.so_far()
    }

    /// Waits until the load ends by its own limits.
    pub async fn finish(mut self) -> Traffic {
        while self.tasks.join_next().await.is_some() {}
        self.so_far()
    }
}

#[derive(Debug)]
struct Log {
    max: usize,
    requests: Mutex<Vec<Request>>,
}

impl Log {
    /// False once the limit is reached.
    fn add(&self, request: Request) -> bool {
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        if requests.len() < self.max {
            requests.push(request);
        }
        requests.len() < self.max
    }

    /// Requests are logged in the order they ended.
    fn since(&self, moment: Instant) -> Vec<Request> {
        let requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        let earlier = requests.partition_point(|request| request.ended < moment);
        requests[earlier..].to_vec()
    }

    fn all(&self) -> Vec<Request> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
