//! One client: a connection, a schedule, a request at a time.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use http::header::HOST;
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval_at, timeout};

use super::{Failure, Kind, Log, Outcome, Request};

type Connection = SendRequest<Empty<Bytes>>;

pub(super) struct Schedule {
    pub first: Instant,
    pub interval: Duration,
    pub end: Instant,
}

pub(super) struct Client {
    target: SocketAddr,
    host: String,
    kind: Kind,
    limit: Duration,
    kept: Option<Connection>,
}

pub(super) async fn run(mut client: Client, schedule: Schedule, log: Arc<Log>, mut stopped: watch::Receiver<bool>) {
    let mut ticks = interval_at(schedule.first.into(), schedule.interval);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = stopped.wait_for(|stopped| *stopped) => return,
            () = tokio::time::sleep_until(schedule.end.into()) => return,
            _ = ticks.tick() => {}
        }
        if !log.add(client.request().await) {
            return;
        }
    }
}

/// What is known of a request while it runs.
#[derive(Default)]
struct Progress {
    connected: Option<Instant>,
    reopened: bool,
}

impl Client {
    pub fn new(target: SocketAddr, host: Option<String>, kind: Kind, limit: Duration) -> Self {
        Self { target, host: host.unwrap_or_else(|| target.to_string()), kind, limit, kept: None }
    }

    async fn request(&mut self) -> Request {
        let (started, started_at) = (Instant::now(), SystemTime::now());
        let mut progress = Progress::default();
        let limit = self.limit;
        let outcome = match timeout(limit, self.attempt(&mut progress)).await {
            Ok(Ok(version)) => Outcome::Answered { version },
            Ok(Err(failure)) => Outcome::Failed(failure),
            Err(_) => Outcome::Failed(Failure::TimedOut),
        };
        if matches!(outcome, Outcome::Failed(_)) {
            self.kept = None;
        }
        Request {
            started,
            started_at,
            connected: progress.connected,
            ended: Instant::now(),
            kind: self.kind,
            reopened: progress.reopened,
            outcome,
        }
    }

    async fn attempt(&mut self, progress: &mut Progress) -> Result<String, Failure> {
        if let Some(mut kept) = self.kept.take() {
            // A connection whose server said it would close is replaced without ado.
            if kept.ready().await.is_ok() {
                match self.exchange(&mut kept).await {
                    // Closed under our hands before an answer began: real clients send it again.
                    Err(Failure::Broken(_)) => {}
                    other => {
                        self.kept = Some(kept);
                        return other;
                    }
                }
            }
            progress.reopened = true;
        }
        let mut fresh = self.connect().await?;
        progress.connected = Some(Instant::now());
        let answer = self.exchange(&mut fresh).await;
        if self.kind == Kind::Kept && answer.is_ok() {
            self.kept = Some(fresh);
        }
        answer
    }

    async fn connect(&self) -> Result<Connection, Failure> {
        let failed = |error: &dyn std::error::Error| Failure::Connect(error.to_string());
        let stream = TcpStream::connect(self.target).await.map_err(|error| failed(&error))?;
        let _ = stream.set_nodelay(true);
        let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(|error| failed(&error))?;
        tokio::spawn(connection);
        Ok(sender)
    }

    async fn exchange(&self, connection: &mut Connection) -> Result<String, Failure> {
        let broken = |error: hyper::Error| Failure::Broken(full_text(&error));
        let request = http::Request::get("/")
            .header(HOST, &self.host)
            .body(Empty::new())
            .map_err(|error| Failure::Broken(error.to_string()))?;
        let answer = connection.send_request(request).await.map_err(broken)?;
        let status = answer.status().as_u16();
        let version = answer.headers().get("x-version");
        let version = version.and_then(|value| value.to_str().ok()).unwrap_or("").to_owned();
        let body = answer.into_body().collect().await;
        body.map_err(|error| Failure::Cut(full_text(&error)))?;
        if status >= 400 { Err(Failure::Status(status)) } else { Ok(version) }
    }
}

/// hyper's errors keep their cause, which is what tells a reset from a close, in their source.
fn full_text(error: &hyper::Error) -> String {
    match std::error::Error::source(error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}
