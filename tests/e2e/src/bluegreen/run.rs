//! Running `kubectl bluegreen …` in few words.

use anyhow::Result;
use lab::{Kubectl, Namespace, Output, Running};

use crate::common::run::{admin, words_of};

/// Runs `kubectl bluegreen WORDS` with all rights; words are split at blanks.
///
/// # Errors
/// Where it can't be run; a bad exit code is none.
pub async fn bluegreen(ns: &Namespace, words: &str) -> Result<Output> {
    bluegreen_as(&admin(ns), words).await
}

/// The same as somebody else.
///
/// # Errors
/// Where it can't be run; a bad exit code is none.
pub async fn bluegreen_as(kubectl: &Kubectl, words: &str) -> Result<Output> {
    kubectl.run(&words_of("bluegreen", words)).await
}

/// The same, without waiting for the end.
///
/// # Errors
/// Where it can't be started.
pub fn start(ns: &Namespace, words: &str) -> Result<Running> {
    admin(ns).start(&words_of("bluegreen", words))
}
