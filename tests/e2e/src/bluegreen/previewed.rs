//! A `preview` under way.

use std::time::Duration;

use anyhow::{Result, ensure};
use lab::{Namespace, Output, Running, eventually};
use rustix::process::Signal;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::run::start;
use crate::LIMIT;

/// One on a port of this machine.
#[derive(Debug)]
pub struct Previewed {
    pub running: Running,
    pub port: u16,
}

impl Previewed {
    /// Starts one on a free port, and waits until it listens; `more` stands behind its words.
    ///
    /// # Errors
    /// Where it doesn't come to listen.
    pub async fn start(ns: &Namespace, service: &str, more: &str) -> Result<Self> {
        let port = TcpListener::bind(("127.0.0.1", 0)).await?.local_addr()?.port();
        let running = start(ns, &format!("preview {service} --port {port}{more}"))?;
        let listens = || async { Ok(TcpStream::connect(("127.0.0.1", port)).await.is_ok().then_some(())) };
        eventually("the preview listens", LIMIT, listens).await?;
        Ok(Self { running, port })
    }

    /// Asks, and gives the answer with its headers.
    ///
    /// # Errors
    /// Where it breaks off.
    pub async fn get(&self) -> Result<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await?;
        stream.write_all(b"GET / HTTP/1.1\r\nhost: preview\r\nconnection: close\r\n\r\n").await?;
        let (mut answer, mut bytes) = (String::new(), [0; 4096]);
        // A JSON object without objects in it.
        while !answer.contains('}') {
            let read = tokio::time::timeout(Duration::from_secs(30), stream.read(&mut bytes)).await??;
            ensure!(read > 0, "it broke off after {answer:?}");
            answer.push_str(&String::from_utf8_lossy(&bytes[..read]));
        }
        Ok(answer)
    }

    /// Asks for a version, which has to be the answer at once.
    ///
    /// # Errors
    /// Where another one answers.
    pub async fn answers(&self, version: &str) -> Result<()> {
        let answer = self.get().await?;
        ensure!(answer.contains(version), "{answer}");
        Ok(())
    }

    /// Ctrl-C, and how it ends.
    ///
    /// # Errors
    /// Where it doesn't.
    pub async fn interrupted(self) -> Result<Output> {
        self.running.signal(Signal::INT)?;
        self.running.wait(Duration::from_secs(10)).await
    }
}
