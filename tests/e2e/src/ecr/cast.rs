//! A stranger who may write the Deployments of a namespace, and the operator who runs the plugin with the documented
//! Role.

use anyhow::Result;
use lab::{Identity, Kubectl, Output};

use super::releases::Releases;
use crate::common::permissions::{bound_to, writer_of};

/// Both of them, in the namespace of these releases.
#[derive(Debug)]
pub struct Cast<'a> {
    pub stranger: Kubectl,
    operator: Identity,
    releases: &'a Releases,
}

impl<'a> Cast<'a> {
    /// Gives them their rights.
    ///
    /// # Errors
    /// Where the API server refuses them.
    pub async fn of(releases: &'a Releases) -> Result<Self> {
        let stranger = writer_of(&releases.ns, "apps", "deployments").await?;
        Ok(Self { stranger, operator: bound_to(&releases.ns, "ecr-rollback").await?, releases })
    }

    /// Runs `kubectl ecr-rollback` with these words as the operator.
    ///
    /// # Errors
    /// Where it hangs, or prints a secret.
    pub async fn runs(&self, words: &str) -> Result<Output> {
        self.releases.run_through(&self.operator.kubeconfig, words).await
    }
}
