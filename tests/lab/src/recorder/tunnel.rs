//! A proxy that speaks HTTP's CONNECT and SOCKS 5, and notes where it was asked to go.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result, bail, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// The first byte of SOCKS 5; no HTTP request begins with it.
const SOCKS: u8 = 5;

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

async fn pass(mut client: TcpStream, targets: Arc<Mutex<Vec<String>>>) -> Result<()> {
    let mut first = [0];
    client.peek(&mut first).await?;
    let target = if first[0] == SOCKS { socks(&mut client).await? } else { connect(&mut client).await? };
    targets.lock().unwrap_or_else(PoisonError::into_inner).push(target.clone());
    let mut server = TcpStream::connect(&target).await?;
    let granted: &[u8] =
        if first[0] == SOCKS { &[SOCKS, 0, 0, 1, 0, 0, 0, 0, 0, 0] } else { b"HTTP/1.1 200 OK\r\n\r\n" };
    client.write_all(granted).await?;
    copy_bidirectional(&mut client, &mut server).await?;
    Ok(())
}

async fn connect(client: &mut TcpStream) -> Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        ensure!(head.len() < 16_384, "a head without an end");
        head.push(client.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&head);
    let words: Vec<&str> = head.split(' ').collect();
    ensure!(words[0] == "CONNECT", "only CONNECT is spoken here");
    Ok(words.get(1).context("no target")?.to_string())
}

/// RFC 1928, without authentication.
async fn socks(client: &mut TcpStream) -> Result<String> {
    let mut greeting = [0; 2];
    client.read_exact(&mut greeting).await?;
    client.read_exact(&mut vec![0; usize::from(greeting[1])]).await?;
    client.write_all(&[SOCKS, 0]).await?;
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
    Ok(format!("{host}:{}", client.read_u16().await?))
}
