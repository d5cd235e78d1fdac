//! Programs of Debian packages, unpacked into the cache: nothing is installed and no service starts.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use super::cache::Building;
use crate::host::{CannotRunHere, find_program};

/// Downloads packages and unpacks them.
///
/// # Errors
/// [`CannotRunHere`] where this is no Debian; or when a package can't be had.
pub(super) fn unpack(packages: &[&str], building: &Building<'_>) -> Result<()> {
    for program in ["apt-get", "dpkg"] {
        if find_program(program).is_none() {
            let packages = packages.join(" and ");
            return Err(
                CannotRunHere(format!("{packages}: taken from Debian's packages, and there is no {program}")).into()
            );
        }
    }
    let downloads = building.work.join("packages");
    std::fs::create_dir_all(&downloads)?;
    if download(packages, &downloads).is_err() {
        eprintln!("lab: running apt-get update first");
        run(Command::new("apt-get").args(["-qq", "update"]))?;
        download(packages, &downloads)?;
    }
    for file in std::fs::read_dir(&downloads)? {
        run(Command::new("dpkg").arg("-x").arg(file?.path()).arg(building.out))?;
    }
    Ok(())
}

fn download(packages: &[&str], into: &Path) -> Result<()> {
    run(Command::new("apt-get").current_dir(into).args(["-qq", "download"]).args(packages))
}

fn run(command: &mut Command) -> Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("cannot run {program}"))?;
    if !output.status.success() {
        bail!("{program} failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}
