//! Reading the policy that was named.

use std::fs::File;
use std::io::{Read, stdin};
use std::path::Path;

use anyhow::Context;
use release_core::failure::{Failure, Outcome};
use release_core::registry::lifecycle_policy::Policy;

use crate::lifecycle::options::{READABLE_BYTES, Source, checked_built, checked_file};

/// The policy that was named; nothing where the one in force is meant.
///
/// # Errors
/// Exit 1 where the file can't be read or ECR would refuse it, exit 2 for flags that make no policy.
pub fn policy(source: &Source) -> Outcome<Option<Policy>> {
    let bytes = match source {
        Source::InForce => return Ok(None),
        Source::Built(policy) => return checked_built(policy).map(Some),
        Source::Stdin => text_of(stdin()).context("can't read stdin"),
        Source::File(path) => text_in(path).with_context(|| format!("can't read {}", path.display())),
    };
    checked_file(&bytes.map_err(|error| Failure::failed("NoSuchFile", format!("{error:#}")))?).map(Some)
}

fn text_in(path: &Path) -> anyhow::Result<Vec<u8>> {
    text_of(File::open(path)?)
}

fn text_of(from: impl Read) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(READABLE_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}
