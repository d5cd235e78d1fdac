//! What is asked about the chosen image alone.

use release_cli::run::Run;
use release_cluster::read::Reading;
use release_core::registry::push_history::{Chosen, Pinned, PushedImage};

use crate::built_for::BuiltForFew;
use crate::checks::case::Pushed;
use crate::contents::RepositoryContents;
use crate::snapshot::Snapshot;

/// What is asked about the chosen image alone.
pub struct Known {
    target: Option<PushedImage>,
    pub built_for: Option<BuiltForFew>,
    policy: Reading<Option<String>>,
}

impl Known {
    /// Asks the registry, and of the cluster's nodes where the image isn't built for what most of them are.
    pub async fn of(
        run: &Run,
        contents: Option<&RepositoryContents>,
        (snapshot, chosen): (&Snapshot, &Chosen),
    ) -> Self {
        let Some(contents) = contents else { return Self { target: None, built_for: None, policy: Ok(None) } };
        let contents = contents.until(run.deadline());
        let policy = async {
            let loses_its_tag =
                matches!(chosen.pinned, Some(Pinned::TagWasMoved | Pinned::TagMoves | Pinned::Untagged));
            if loses_its_tag { contents.policy().await } else { Ok(None) }
        };
        let target = async {
            let (target, parts) = contents.with_scan(chosen.digest.as_deref()).await.unzip();
            let Some(parts) = parts.flatten() else { return (target, None) };
            (target, BuiltForFew::of(run, snapshot, parts).await)
        };
        let ((target, built_for), policy) = futures::join!(target, policy);
        Self { target, built_for, policy }
    }

    /// For checks.
    #[must_use]
    pub fn pushed<'a>(&'a self, contents: &'a RepositoryContents) -> Pushed<'a> {
        let RepositoryContents { images, children, .. } = contents;
        Pushed { images, children, target: self.target.as_ref(), policy: &self.policy }
    }
}
