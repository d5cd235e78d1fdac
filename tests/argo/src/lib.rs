//! Argo Rollouts itself, asked: a small Go program on its pinned module (`go/`), built by Go with its own cache.

pub mod oracle;
pub mod seed;
