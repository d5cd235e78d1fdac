//! A proxy on loopback in front of the API server, which sees every request of a plugin and
//! can make any of them go wrong.
//!
//! ```no_run
//! # async fn test(lab: lab::Lab, ns: lab::Namespace) -> anyhow::Result<()> {
//! use lab::api_proxy::{Action, ApiProxy};
//! let proxy = ApiProxy::start(&lab).await?;
//! proxy.once(|call| call.is_write(), Action::fail(409, "Conflict", "someone was faster"));
//! let output = ns.kubectl_as(proxy.kubeconfig()).run(&["bluegreen", "switch", "api"]).await?;
//! assert_eq!(output.code, 3);
//! assert_eq!(proxy.calls().iter().filter(|call| call.is_write()).count(), 1);
//! # Ok(()) }
//! ```
//!
//! Its kubeconfig logs in as nobody in particular: what goes upstream carries the identity the
//! proxy was started with. Requests are recorded in the order they came in. For each request
//! the first rule that matches and is not used up decides; without one it passes through.

mod answer;
mod body;
mod forward;
mod rules;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use bytes::Bytes;
use http::Method;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use crate::identity::{self, Identity};
use crate::session::Lab;
use crate::tls_server;
use forward::Upstream;
use rules::Rule;

pub use crate::hold_point::When;
pub use answer::Answer;
pub(crate) use rules::BrokenOff;
pub use rules::{Action, Hold};

/// A request as the proxy saw it.
#[derive(Debug, Clone)]
pub struct Call {
    /// Position among all requests, from 0.
    pub index: usize,
    /// HTTP method.
    pub method: Method,
    /// Path without query.
    pub path: String,
    /// Query without `?`, empty when there was none.
    pub query: String,
    /// Body of the request.
    pub body: Bytes,
    /// `User-Agent` of the request.
    pub user_agent: String,
    /// When it came in.
    pub at: Instant,
    /// Status of the API server's answer, if the request was passed on and answered.
    pub upstream: Option<u16>,
    /// Status the caller got; `None` while it runs, or when the connection was broken.
    pub status: Option<u16>,
}

impl Call {
    /// Whether it is meant to change something (a dry run is, too).
    pub fn is_write(&self) -> bool {
        ![Method::GET, Method::HEAD, Method::OPTIONS].contains(&self.method)
    }

    /// Whether the API server is asked what it would do, and stores nothing.
    pub fn is_dry_run(&self) -> bool {
        self.query.split('&').any(|part| part == "dryRun=All")
    }

    /// Whether it is a watch.
    pub fn is_watch(&self) -> bool {
        self.query.split('&').any(|part| part == "watch=true" || part == "watch=1")
    }

    /// Whether its path ends in this, such as `/services/api`.
    pub fn is_about(&self, end: &str) -> bool {
        self.path.ends_with(end)
    }

    /// One line: method, path and query.
    pub fn line(&self) -> String {
        let mark = if self.query.is_empty() { "" } else { "?" };
        format!("{} {}{mark}{}", self.method, self.path, self.query)
    }
}

/// Kubeconfigs that lead through a proxy, and those of the same user that don't.
static PASSED_BY: Mutex<BTreeMap<PathBuf, PathBuf>> = Mutex::new(BTreeMap::new());

fn passed_by() -> MutexGuard<'static, BTreeMap<PathBuf, PathBuf>> {
    PASSED_BY.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The kubeconfig with which the same user reaches the API server itself, where this one leads
/// through a proxy.
#[must_use]
pub fn sound(kubeconfig: &Path) -> Option<PathBuf> {
    passed_by().get(kubeconfig).cloned()
}

/// A running proxy; dropping it ends it and every connection through it.
#[derive(Debug)]
pub struct ApiProxy {
    shared: Arc<Shared>,
    kubeconfig: PathBuf,
    server: String,
    accepting: JoinHandle<()>,
    ended: watch::Sender<bool>,
}

struct Shared {
    upstream: Upstream,
    calls: Mutex<Vec<Call>>,
    rules: Mutex<Vec<Rule>>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Shared").finish_non_exhaustive()
    }
}

impl ApiProxy {
    /// A proxy that has all rights.
    ///
    /// # Errors
    /// When it cannot listen or its certificates cannot be made.
    pub async fn start(lab: &Lab) -> Result<Self> {
        Self::start_as(lab, &lab.admin()?).await
    }

    /// A proxy that talks to the API server as this user.
    ///
    /// # Errors
    /// When it cannot listen or its certificates cannot be made.
    pub async fn start_as(lab: &Lab, identity: &Identity) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.context("no free port")?;
        let server = format!("https://127.0.0.1:{}", listener.local_addr()?.port());
        let authority = lab.authority().certificate();
        let text = identity::kubeconfig_with_token(&server, authority, &identity.user, "for-the-proxy");
        let shared = Arc::new(Shared {
            upstream: Upstream::new(lab.api(), authority, &identity.credentials)?,
            calls: Mutex::default(),
            rules: Mutex::default(),
        });
        let certificate = lab.authority().server(&["127.0.0.1", "localhost"])?;
        let acceptor = tls_server::acceptor(&certificate, &["h2", "http/1.1"])?;
        let (ended, end) = watch::channel(false);
        let accepting = tokio::spawn(accept(listener, acceptor, Arc::clone(&shared), end));
        let kubeconfig = lab.write_kubeconfig(&text)?;
        passed_by().insert(kubeconfig.clone(), identity.kubeconfig.clone());
        Ok(Self { shared, kubeconfig, server, accepting, ended })
    }

    /// The kubeconfig that leads through the proxy.
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// Its address, such as `https://127.0.0.1:40123`.
    pub fn server(&self) -> &str {
        &self.server
    }

    /// Every request so far, in order.
    pub fn calls(&self) -> Vec<Call> {
        self.shared.calls().clone()
    }

    /// Forgets the requests and the rules; the next request has the index 0.
    pub fn reset(&self) {
        self.shared.calls().clear();
        self.shared.rules().clear();
    }

    /// Does this with every request that matches.
    pub fn on(&self, matches: impl Fn(&Call) -> bool + Send + Sync + 'static, action: Action) {
        self.on_times(usize::MAX, matches, action);
    }

    /// Does this with the next request that matches.
    pub fn once(&self, matches: impl Fn(&Call) -> bool + Send + Sync + 'static, action: Action) {
        self.on_times(1, matches, action);
    }

    /// Does this with the next so many requests that match.
    pub fn on_times(&self, times: usize, matches: impl Fn(&Call) -> bool + Send + Sync + 'static, action: Action) {
        self.shared.rules().push(Rule::new(times, Box::new(matches), action));
    }

    /// Stops the next request that matches, before it is passed on or after it was answered.
    pub fn hold(&self, when: When, matches: impl Fn(&Call) -> bool + Send + Sync + 'static) -> Hold {
        let hold = Hold::new();
        self.once(matches, Action::hold(when, &hold));
        hold
    }
}

impl Drop for ApiProxy {
    fn drop(&mut self) {
        self.accepting.abort();
        self.ended.send_replace(true);
    }
}

impl Shared {
    fn calls(&self) -> MutexGuard<'_, Vec<Call>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn rules(&self) -> MutexGuard<'_, Vec<Rule>> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn record(&self, mut call: Call) -> Call {
        let mut calls = self.calls();
        call.index = calls.len();
        calls.push(call.clone());
        call
    }

    fn amend(&self, call: &Call, change: impl FnOnce(&mut Call)) {
        // After a reset the index may be another request's.
        let mut calls = self.calls();
        if let Some(recorded) = calls.get_mut(call.index).filter(|known| known.at == call.at) {
            change(recorded);
        }
    }

    fn action_for(&self, call: &Call) -> Option<Action> {
        self.rules().iter_mut().find_map(|rule| rule.take(call))
    }
}

async fn accept(listener: TcpListener, acceptor: TlsAcceptor, shared: Arc<Shared>, end: watch::Receiver<bool>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        let (acceptor, shared, mut end) = (acceptor.clone(), Arc::clone(&shared), end.clone());
        tokio::spawn(async move {
            tokio::select! {
                () = serve(stream, acceptor, shared) => {}
                _ = end.wait_for(|ended| *ended) => {}
            }
        });
    }
}

async fn serve(stream: TcpStream, acceptor: TlsAcceptor, shared: Arc<Shared>) {
    let _ = stream.set_nodelay(true);
    let Ok(stream) = acceptor.accept(stream).await else { return };
    let cut = Arc::new(Notify::new());
    let service = {
        let cut = Arc::clone(&cut);
        service_fn(move |request| rules::handle(Arc::clone(&shared), Arc::clone(&cut), request))
    };
    let server = auto::Builder::new(TokioExecutor::new());
    let connection = server.serve_connection_with_upgrades(TokioIo::new(stream), service);
    tokio::select! {
        // How a connection ended is the caller's affair.
        _ = connection => {}
        () = cut.notified() => {}
    }
}
