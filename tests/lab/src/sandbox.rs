//! The lab's own network, process and mount namespaces.
//!
//! Everything runs below one `unshare`, with a new process namespace whose first process is
//! `lab init`: when that one ends, the kernel ends everything in the namespace. `unshare`
//! itself gets SIGKILL when the process that started it ends (`setpriv --pdeathsig`), and its
//! child when `unshare` ends (`--kill-child`). So nothing outlives the lab, however it dies.
//! `setpriv` and `unshare` exec in turn, so that the started process is the sandbox itself.

use std::ffi::OsString;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use crate::host::find_program;
use crate::process_id::ProcessId;

/// `setpriv … unshare … --`, to which the command to run inside is appended.
pub fn command() -> Command {
    let mut command = Command::new(program("setpriv"));
    command.args(["--pdeathsig", "KILL", "--"]).arg(program("unshare"));
    if !is_root() {
        command.args(["--user", "--map-root-user"]);
    }
    command.args(["--net", "--pid", "--fork", "--kill-child=KILL", "--mount", "--mount-proc", "--"]);
    command
}

/// A command that enters a running lab's namespaces.
///
/// The new process is no child of the lab, but ends with it, as its process namespace does.
pub fn enter(sandbox: ProcessId) -> Command {
    let here = std::env::current_dir().unwrap_or_else(|_| "/".into());
    let ns = |kind: &str| format!("/proc/{}/ns/{kind}", sandbox.pid);
    let mut command = Command::new(program("nsenter"));
    if !is_root() {
        command.arg(format!("--user={}", ns("user"))).arg("--preserve-credentials");
    }
    command
        .arg(format!("--net={}", ns("net")))
        .arg(format!("--mount={}", ns("mnt")))
        .arg(format!("--pid={}", ns("pid_for_children")))
        // Entering the mount namespace would otherwise lead to its root folder.
        .arg(format!("--wdns={}", here.display()))
        .arg("--");
    command
}

/// Tries whether namespaces can be made; the error is a sentence for people.
pub(crate) fn probe() -> Result<(), String> {
    let tried = command()
        .args(["sh", "-c", "ip link set lo up && nft list ruleset"])
        .env("PATH", path_with_sbin())
        .stdin(Stdio::null())
        .output();
    let output = tried.map_err(|error| format!("cannot run setpriv and unshare: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let why = String::from_utf8_lossy(&output.stderr);
    let why = why.trim();
    if is_root() {
        return Err(format!("cannot make namespaces, not even as root: {why}"));
    }
    Err(format!(
        "cannot make user namespaces: {why} (run as root, or allow them: \
         sysctl kernel.unprivileged_userns_clone=1 kernel.apparmor_restrict_unprivileged_userns=0)"
    ))
}

/// Sets up the network inside: pods and cluster IPs are addresses of this machine.
///
/// # Errors
/// When `ip` fails or the kernel's settings cannot be written.
pub fn set_up_network() -> Result<()> {
    for line in [
        "link set lo up",
        "addr add 10.0.0.1/32 dev lo",
        "route add local 10.7.0.0/16 dev lo src 10.0.0.1",
        "route add local 10.96.0.0/16 dev lo src 10.0.0.1",
        // What tests start beside the cluster: an address each.
        "route add local 10.8.0.0/24 dev lo src 10.0.0.1",
    ] {
        run(&program("ip"), &line.split(' ').collect::<Vec<_>>())?;
    }
    // Load with a new connection per request leaves many ports in TIME_WAIT.
    let ports = "/proc/sys/net/ipv4/ip_local_port_range";
    std::fs::write(ports, "10000 65000").with_context(|| format!("cannot write {ports}"))?;
    // A client's port is none that a server of the cluster is about to listen on: kubelets, controllers, kube-proxy.
    let reserved = "/proc/sys/net/ipv4/ip_local_reserved_ports";
    std::fs::write(reserved, "10240-10270").with_context(|| format!("cannot write {reserved}"))
}

/// Mounts a tmpfs that vanishes with the namespace.
///
/// # Errors
/// When the kernel refuses.
pub fn mount_tmpfs(at: &std::path::Path) -> Result<()> {
    rustix::mount::mount(
        "tmpfs",
        at,
        "tmpfs",
        rustix::mount::MountFlags::NOSUID | rustix::mount::MountFlags::NODEV,
        Some(c"mode=0700"),
    )
    .with_context(|| format!("cannot mount a tmpfs on {}", at.display()))
}

/// PATH with the folders where Debian keeps root's programs.
pub fn path_with_sbin() -> OsString {
    let mut path = std::env::var_os("PATH").unwrap_or_default();
    path.push(":/usr/sbin:/sbin");
    path
}

fn run(program: &std::path::Path, args: &[&str]) -> Result<()> {
    let output =
        Command::new(program).args(args).output().with_context(|| format!("cannot run {}", program.display()))?;
    anyhow::ensure!(
        output.status.success(),
        "{} {}: {}",
        program.display(),
        args.join(" "),
        String::from_utf8_lossy(&output.stderr).trim()
    );
    Ok(())
}

fn program(name: &str) -> std::path::PathBuf {
    find_program(name).unwrap_or_else(|| name.into())
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}
