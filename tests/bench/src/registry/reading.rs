//! Reads a repository as `kubectl-ecr_rollback` does and prints the second newest push.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use release_aws::connect::Address;
use release_aws::ecr::connect;

use super::stub::ONE;

/// # Errors
/// Where the repository can't be read, or holds less than it should.
pub async fn print_second_newest(repository: &str) -> Result<()> {
    let registry = connect(&Address::default(), Duration::from_secs(15), <_>::default()).await?;
    let images = registry.images(repository).await?;
    if repository == ONE {
        ensure!(images.len() == 1, "{} images", images.len());
        return Ok(());
    }
    let image = images.get(1).context("no second image")?;
    println!("{}", image.tags.first().context("no tag")?);
    Ok(())
}
