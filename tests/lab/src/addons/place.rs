//! An address and a folder of a program's own.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::session::Lab;

/// Whoever holds this port of an address has the address.
const CLAIM: u16 = 1;

/// Where one program runs; free again when this is dropped.
#[derive(Debug)]
pub struct Place {
    number: u8,
    folder: PathBuf,
    _claim: TcpListener,
}

impl Place {
    /// The first that is free, in whatever process it is asked for.
    pub(super) fn claim(lab: &Lab) -> Result<Self> {
        let claimed = (1..=250).find_map(|number| {
            let claim = TcpListener::bind((address(number), CLAIM)).ok()?;
            Some((number, claim))
        });
        let (number, claim) = claimed.context("too many programs beside the cluster")?;
        let folder = lab.dir().join(format!("addon-{number}"));
        // An earlier one may have left its files here.
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(Self { number, folder, _claim: claim })
    }

    /// The address.
    pub fn address(&self) -> Ipv4Addr {
        address(self.number)
    }

    /// A port of it.
    pub fn at(&self, port: u16) -> SocketAddr {
        (self.address(), port).into()
    }

    /// A port that is used by nobody else, on any address: `base` is below 10000 - 250, beyond which
    /// the kernel gives ports to clients.
    pub fn port(&self, base: u16) -> u16 {
        base + u16::from(self.number)
    }

    /// Its files.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A name for its log, unlike any other's.
    pub(super) fn log_name(&self, program: &str) -> String {
        format!("{program}-{}", self.number)
    }
}

fn address(number: u8) -> Ipv4Addr {
    Ipv4Addr::new(10, 8, 0, number)
}
