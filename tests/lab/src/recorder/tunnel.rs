//! A proxy that speaks HTTP, CONNECT among it, and SOCKS 5, and notes where it was asked to go, and by whom.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result, bail, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// The first byte of SOCKS 5; no HTTP request begins with it.
const SOCKS: u8 = 5;
/// SOCKS 5's method with a name and a password.
const LOGIN: u8 = 2;

/// A proxy; dropping it ends it.
#[derive(Debug)]
pub struct Tunnel {
    port: u16,
    targets: Arc<Mutex<Vec<String>>>,
    accepting: JoinHandle<()>,
}

impl Tunnel {
    /// # Errors
    /// When it cannot listen.
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.context("no free port")?;
        let port = listener.local_addr()?.port();
        let targets = Arc::<Mutex<Vec<String>>>::default();
        let noted = Arc::clone(&targets);
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(pass(stream, Arc::clone(&noted)));
            }
        });
        Ok(Self { port, targets, accepting })
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where it was asked to go since this was called last, each once.
    pub fn take(&self) -> Vec<String> {
        let mut targets = std::mem::take(&mut *self.targets.lock().unwrap_or_else(PoisonError::into_inner));
        targets.sort();
        targets.dedup();
        targets
    }
}

impl Drop for Tunnel {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn pass(mut client: TcpStream, noted: Arc<Mutex<Vec<String>>>) -> Result<()> {
    let mut first = [0];
    client.peek(&mut first).await?;
    let note = |target: String| noted.lock().unwrap_or_else(PoisonError::into_inner).push(target);
    let mut server;
    if first[0] == SOCKS {
        let (target, login) = socks(&mut client).await?;
        note(if login.is_empty() { target.clone() } else { format!("{target} as {}", login.join(":")) });
        server = TcpStream::connect(&target).await?;
        client.write_all(&[SOCKS, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await?;
    } else {
        let asked = Asked::read(&mut client).await?;
        note(asked.noted());
        server = TcpStream::connect(&asked.host).await?;
        match asked.forwarded {
            Some(head) => server.write_all(head.as_bytes()).await?,
            None => client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?,
        }
    }
    copy_bidirectional(&mut client, &mut server).await?;
    Ok(())
}

/// The first request to a proxy that speaks HTTP.
struct Asked {
    /// `HOST:PORT`
    host: String,
    /// Its `Proxy-Authorization`.
    user: Option<String>,
    /// The head as the server gets it, where no tunnel was asked for.
    forwarded: Option<String>,
}

impl Asked {
    async fn read(client: &mut TcpStream) -> Result<Self> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            ensure!(head.len() < 16_384, "a head without an end");
            head.push(client.read_u8().await?);
        }
        let head = String::from_utf8_lossy(&head);
        let (line, fields) = head.split_once("\r\n").context("no request")?;
        let is_for_proxy = |field: &&str| field.to_lowercase().starts_with("proxy-");
        let user = fields.lines().find(|field| field.to_lowercase().starts_with("proxy-authorization:"));
        let user = user.and_then(|field| field.split_once(": ")).map(|(_, value)| value.to_owned());
        let words: Vec<&str> = line.split(' ').collect();
        let [method, target, version] = words.as_slice() else { bail!("no request: {line}") };
        if *method == "CONNECT" {
            return Ok(Self { host: (*target).to_owned(), user, forwarded: None });
        }
        let whole = target.strip_prefix("http://").context("a proxy is asked for whole URLs")?;
        let (host, path) = whole.split_once('/').context("a URL without a path")?;
        let fields: String = fields.lines().filter(|f| !is_for_proxy(f)).map(|field| format!("{field}\r\n")).collect();
        let forwarded = Some(format!("{method} /{path} {version}\r\n{fields}"));
        Ok(Self { host: host.to_owned(), user, forwarded })
    }

    /// `HOST:PORT` for a tunnel, `http://HOST:PORT` for the rest, and who asked.
    fn noted(&self) -> String {
        let scheme = if self.forwarded.is_some() { "http://" } else { "" };
        let user = self.user.as_ref().map(|user| format!(" as {user}")).unwrap_or_default();
        format!("{scheme}{}{user}", self.host)
    }
}

/// RFC 1928: where it is to go, and with which name and password (RFC 1929), where they are offered.
async fn socks(client: &mut TcpStream) -> Result<(String, Vec<String>)> {
    let mut greeting = [0; 2];
    client.read_exact(&mut greeting).await?;
    let mut methods = vec![0; usize::from(greeting[1])];
    client.read_exact(&mut methods).await?;
    let mut login = Vec::new();
    if methods.contains(&LOGIN) {
        client.write_all(&[SOCKS, LOGIN]).await?;
        client.read_u8().await?;
        for _ in ["name", "password"] {
            let mut text = vec![0; usize::from(client.read_u8().await?)];
            client.read_exact(&mut text).await?;
            login.push(String::from_utf8_lossy(&text).into_owned());
        }
        client.write_all(&[1, 0]).await?;
    } else {
        client.write_all(&[SOCKS, 0]).await?;
    }
    let mut request = [0; 4];
    client.read_exact(&mut request).await?;
    let host = match request[3] {
        1 => std::net::Ipv4Addr::from(client.read_u32().await?).to_string(),
        3 => {
            let mut name = vec![0; usize::from(client.read_u8().await?)];
            client.read_exact(&mut name).await?;
            String::from_utf8_lossy(&name).into_owned()
        }
        other => bail!("addresses of type {other} are not spoken here"),
    };
    Ok((format!("{host}:{}", client.read_u16().await?), login))
}
