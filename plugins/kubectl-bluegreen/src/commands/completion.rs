//! `completion`: the shim that kubectl looks for.

/// kubectl looks for `kubectl_complete-bluegreen` on PATH and passes the words typed.
pub const SHIM: &str = include_str!("../../../../completions/kubectl_complete-bluegreen");
