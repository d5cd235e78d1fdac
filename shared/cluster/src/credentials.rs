//! What stands in the `Authorization` header, as client-go chooses and renews it
//! (`client-go/transport/round_trippers.go`, `token_source.go`).

use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::AUTHORIZATION;
use http::{HeaderValue, Request};
use jiff::Timestamp;
use tokio::sync::Mutex;
use tower::{BoxError, Service};

use crate::exec_plugin::{Login, Plugin};
use crate::kubeconfig::entries::UserEntry;

/// How long a token file's content is used before it is read again, as in client-go.
const FRESH: Duration = Duration::from_secs(50);

/// Where the header comes from.
pub enum Credentials {
    /// No header of ours: a client certificate, kubectl's own oidc login, or nobody.
    None,
    /// A token or a password.
    Fixed(HeaderValue),
    /// A file that somebody renews.
    File(Mutex<TokenFile>),
    /// A program that prints a token, and until when it is good.
    Plugin(Mutex<Renewed>),
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Credentials")
    }
}

/// The last token that a file held.
pub struct TokenFile {
    path: PathBuf,
    value: HeaderValue,
    read: Instant,
}

/// The last token that a plugin printed.
pub struct Renewed {
    plugin: Plugin,
    value: HeaderValue,
    until: Option<Timestamp>,
}

impl Credentials {
    /// What the user's entry says; a token goes before a password, and both before a plugin. A file
    /// goes before a token beside it.
    ///
    /// # Errors
    /// Where a token can't be read or is no token.
    pub fn of(user: &UserEntry) -> Result<Self> {
        if !user.token_file.is_empty() {
            return of_file(Path::new(&user.token_file), &user.token);
        }
        if !user.token.is_empty() {
            return Ok(Self::Fixed(bearer(&user.token)?));
        }
        if !user.username.is_empty() {
            return Ok(Self::Fixed(basic(&user.username, &user.password)?));
        }
        Ok(Self::None)
    }

    /// The login that a plugin printed; a certificate of it goes into the TLS connection instead.
    ///
    /// # Errors
    /// Where its token is none.
    pub fn of_plugin(plugin: Plugin, login: &Login) -> Result<Self> {
        let Some(token) = &login.token else { return Ok(Self::None) };
        Ok(Self::Plugin(Mutex::new(Renewed { plugin, value: bearer(token)?, until: login.until })))
    }

    /// True where nothing of this kind is known.
    pub fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }

    async fn header(&self) -> Result<Option<HeaderValue>, Unusable> {
        match self {
            Self::None => Ok(None),
            Self::Fixed(value) => Ok(Some(value.clone())),
            Self::File(file) => Ok(Some(file.lock().await.current())),
            Self::Plugin(renewed) => renewed.lock().await.current().await.map(Some),
        }
    }
}

fn of_file(path: &Path, otherwise: &str) -> Result<Credentials> {
    let token = match (token_in(path), otherwise) {
        (Ok(token), _) => token,
        (Err(e), "") => return Err(e),
        (Err(_), token) => token.to_owned(),
    };
    let file = TokenFile { path: path.to_owned(), value: bearer(&token)?, read: Instant::now() };
    Ok(Credentials::File(Mutex::new(file)))
}

/// A token stands in a file with blanks around it, such as a last line break.
fn token_in(path: &Path) -> Result<String> {
    let named = || format!("tokenFile {}", path.display());
    let text = std::fs::read_to_string(path).with_context(named)?;
    let token = text.trim();
    anyhow::ensure!(!token.is_empty(), "{} is empty", named());
    Ok(token.to_owned())
}

/// A name and a password (RFC 7617).
///
/// # Errors
/// Never: base64 has no line breaks.
pub fn basic(user: &str, password: &str) -> Result<HeaderValue> {
    header(&format!("Basic {}", STANDARD.encode(format!("{user}:{password}"))))
}

fn bearer(token: &str) -> Result<HeaderValue> {
    header(&format!("Bearer {token}"))
}

fn header(text: &str) -> Result<HeaderValue> {
    let mut value =
        HeaderValue::from_str(text).ok().context("the token holds a line break, or what else is no token")?;
    value.set_sensitive(true);
    Ok(value)
}

impl TokenFile {
    /// A file that can't be read for once leaves the last token in use.
    fn current(&mut self) -> HeaderValue {
        if self.read.elapsed() >= FRESH {
            if let Ok(value) = token_in(&self.path).and_then(|token| bearer(&token)) {
                self.value = value;
            }
            self.read = Instant::now();
        }
        self.value.clone()
    }
}

impl Renewed {
    async fn current(&mut self) -> Result<HeaderValue, Unusable> {
        if self.until.is_some_and(|until| Timestamp::now() > until) {
            let plugin = self.plugin.clone();
            let login = tokio::task::spawn_blocking(move || plugin.run()).await.map_err(|_| Unusable)?;
            let login = login.map_err(|_| Unusable)?;
            let token = login.token.ok_or(Unusable)?;
            self.value = bearer(&token).map_err(|_| Unusable)?;
            self.until = login.until;
        }
        Ok(self.value.clone())
    }
}

/// The login ran out, and a new one can't be had.
#[derive(Debug)]
pub struct Unusable;

impl std::fmt::Display for Unusable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the credential plugin failed")
    }
}

impl std::error::Error for Unusable {}

/// Sends every request with its header.
#[derive(Debug, Clone)]
pub struct Authorized<S> {
    pub inner: S,
    pub credentials: Arc<Credentials>,
}

impl<S, B> Service<Request<B>> for Authorized<S>
where
    S: Service<Request<B>> + Clone + Send + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send,
    B: Send + 'static,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let credentials = Arc::clone(&self.credentials);
        // The one that was asked whether it is ready is the one that is called.
        let next = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, next);
        Box::pin(async move {
            if let Some(value) = credentials.header().await? {
                request.headers_mut().insert(AUTHORIZATION, value);
            }
            inner.call(request).await.map_err(Into::into)
        })
    }
}
