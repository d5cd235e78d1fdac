//! A port of this machine whose connections go to pods, as those of `kubectl port-forward` do.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};

use crate::Cluster;
use crate::exchange::ApiError;
use crate::port_forward::Forward;
use release_core::text::one_line;

/// Listens on the loopback addresses alone: nobody else's machine gets in.
#[derive(Debug)]
pub struct LocalPort {
    four: TcpListener,
    six: Option<TcpListener>,
    number: u16,
}

impl LocalPort {
    /// Opens it, a free one where it is 0; on `::1`, too, where there is such an address.
    ///
    /// # Errors
    /// Where it is taken, or may not be opened.
    pub async fn open(number: u16) -> io::Result<Self> {
        let four = TcpListener::bind((Ipv4Addr::LOCALHOST, number)).await?;
        let number = four.local_addr()?.port();
        let six = TcpListener::bind((Ipv6Addr::LOCALHOST, number)).await.ok();
        Ok(Self { four, six, number })
    }

    /// Its number.
    #[must_use]
    pub fn number(&self) -> u16 {
        self.number
    }

    /// The next connection.
    ///
    /// # Errors
    /// Where there is none to be had now.
    pub async fn accept(&self) -> io::Result<TcpStream> {
        let six = async {
            match &self.six {
                Some(six) => six.accept().await,
                None => std::future::pending().await,
            }
        };
        let (stream, _) = tokio::select! {
            accepted = self.four.accept() => accepted?,
            accepted = six => accepted?,
        };
        // What a person types would wait for the answer to the last word.
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}

/// A way to a pod's port that is open, and that nothing has gone over yet.
pub struct OpenWay(Forward);

impl std::fmt::Debug for OpenWay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OpenWay")
    }
}

impl Cluster {
    /// Opens one; what a person has sent waits meanwhile, and can go another way where this one can't be had.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn way_to(&self, pod: &str, port: u16) -> Result<OpenWay, ApiError> {
        self.forward(pod, port).await.map(OpenWay)
    }
}

impl OpenWay {
    /// Carries a connection until either side ends it.
    ///
    /// # Errors
    /// What the kubelet says of a port that it can't reach. A connection that breaks off is none: whoever made it
    /// sees that.
    pub async fn carry(self, mut local: TcpStream) -> Result<(), String> {
        let Self(Forward { mut stream, refused, .. }) = self;
        tokio::select! {
            biased;
            why = refused => Err(one_line(&why)),
            _ = copy_bidirectional(&mut local, &mut stream) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Somebody else's preview would be answered.
    #[tokio::test]
    async fn a_port_that_is_taken_is_not_shared() {
        let first = LocalPort::open(0).await.unwrap();
        assert_ne!(first.number(), 0);
        assert_eq!(LocalPort::open(first.number()).await.unwrap_err().kind(), io::ErrorKind::AddrInUse);
    }

    #[tokio::test]
    async fn it_is_reached_by_this_machine_by_either_name() {
        let port = LocalPort::open(0).await.unwrap();
        let connected = TcpStream::connect((Ipv4Addr::LOCALHOST, port.number()));
        assert!(tokio::join!(port.accept(), connected).0.is_ok());
        if port.six.is_some() {
            let connected = TcpStream::connect((Ipv6Addr::LOCALHOST, port.number()));
            assert!(tokio::join!(port.accept(), connected).0.is_ok());
        }
    }
}
