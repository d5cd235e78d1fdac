//! Bytes between a TCP port and a unix socket: the way from outside the lab's network into it.
//! A unix socket with a path is reached from any network namespace.

use std::path::PathBuf;

use anyhow::{Context, Result};
use tokio::io::{AsyncRead, AsyncWrite, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

/// Outside: every connection to `listener` goes on to the socket.
///
/// # Errors
/// When the listener breaks.
pub async fn from_tcp(listener: TcpListener, socket: PathBuf) -> Result<()> {
    loop {
        let (outer, _) = listener.accept().await.context("cannot accept connections")?;
        let _ = outer.set_nodelay(true);
        let socket = socket.clone();
        tokio::spawn(async move {
            if let Ok(inner) = UnixStream::connect(&socket).await {
                join(outer, inner).await;
            }
        });
    }
}

/// Inside: every connection to the socket goes on to the port on loopback.
///
/// # Errors
/// When the socket cannot be made or breaks.
pub async fn from_unix(socket: PathBuf, port: u16) -> Result<()> {
    let listener = UnixListener::bind(&socket).with_context(|| format!("cannot listen on {}", socket.display()))?;
    loop {
        let (outer, _) = listener.accept().await.context("cannot accept connections")?;
        tokio::spawn(async move {
            if let Ok(inner) = TcpStream::connect(("127.0.0.1", port)).await {
                let _ = inner.set_nodelay(true);
                join(outer, inner).await;
            }
        });
    }
}

async fn join(mut a: impl AsyncRead + AsyncWrite + Unpin, mut b: impl AsyncRead + AsyncWrite + Unpin) {
    // Either side may go away at any time; that is not an error of the bridge.
    let _ = copy_bidirectional(&mut a, &mut b).await;
}
