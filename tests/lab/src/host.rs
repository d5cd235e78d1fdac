//! What the lab needs of the machine: a few programs, and the right to make namespaces.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::sandbox;

/// Exit code of `lab` when this machine cannot run it at all, so that a caller may say
/// "skipped" (the number automake and others use). Never used when `CI` is `true`.
pub const CANNOT_RUN_HERE: u8 = 77;

/// This machine cannot run the lab, and why.
#[derive(Debug)]
pub struct CannotRunHere(pub String);

impl fmt::Display for CannotRunHere {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for CannotRunHere {}

/// Program, and the Debian package that has it.
const PROGRAMS: [(&str, &str); 7] = [
    ("unshare", "util-linux"),
    ("setpriv", "util-linux"),
    ("nsenter", "util-linux"),
    ("mount", "mount"),
    ("ip", "iproute2"),
    ("nft", "nftables"),
    ("python3", "python3"),
];

/// Makes sure that everything is there; installs missing Debian packages when run as root.
///
/// # Errors
/// [`CannotRunHere`] when a program is missing that cannot be installed, or when namespaces
/// cannot be made.
pub fn prepare() -> Result<()> {
    let missing = missing_packages();
    if !missing.is_empty() {
        install(&missing)?;
    }
    sandbox::probe().map_err(|reason| CannotRunHere(reason).into())
}

/// True when a machine that cannot run the lab is a failure and no reason to skip.
pub fn is_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| value == "true")
}

/// Finds a program on PATH or where Debian keeps root's programs.
pub(crate) fn find_program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin", "/sbin"].map(PathBuf::from))
        .map(|dir| dir.join(name))
        .find(|file| file.is_file())
}

fn missing_packages() -> Vec<&'static str> {
    let mut packages: Vec<_> =
        PROGRAMS.iter().filter(|(program, _)| find_program(program).is_none()).map(|(_, package)| *package).collect();
    packages.dedup();
    packages
}

fn install(packages: &[&str]) -> Result<()> {
    let command = format!("apt-get install -y {}", packages.join(" "));
    let may_install = rustix::process::geteuid().is_root() && Path::new("/usr/bin/apt-get").exists();
    if !may_install {
        let hint = if Path::new("/usr/bin/apt-get").exists() {
            format!("install what is missing with: sudo {command}")
        } else {
            format!("install these (Debian's names): {}", packages.join(" "))
        };
        return Err(CannotRunHere(hint).into());
    }
    let started = Instant::now();
    eprintln!("lab: running {command}");
    if !apt_get(&["install", "-y", "--no-install-recommends"], packages)? {
        eprintln!("lab: running apt-get update first");
        apt_get(&["update"], &[])?;
        if !apt_get(&["install", "-y", "--no-install-recommends"], packages)? {
            bail!("`{command}` failed");
        }
    }
    eprintln!("lab: installed in {:.0} s", started.elapsed().as_secs_f64());
    let still = missing_packages();
    if !still.is_empty() {
        bail!("still missing after installing: {}", still.join(" "));
    }
    Ok(())
}

fn apt_get(args: &[&str], packages: &[&str]) -> Result<bool> {
    let status = Command::new("apt-get")
        .args(["-qq", "-o", "Dpkg::Use-Pty=0"])
        .args(args)
        .args(packages)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()
        .context("cannot run apt-get")?;
    Ok(status.success())
}
