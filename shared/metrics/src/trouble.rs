//! Why a question has no answer that can be used. What Prometheus itself says is cut to a line.

use std::fmt;

use release_cluster::exchange::ApiError;
use release_core::text::one_line;

/// Characters of what a server says.
const SHOWN: usize = 200;

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// The API server refuses, or can't reach the Service.
    Api(ApiError),
    /// No connection could be made.
    Unreachable,
    /// The connection broke.
    Broken,
    Silent(u64),
    /// More than is taken from any server.
    TooLarge,
    /// Prometheus said no.
    Refused(String),
    /// An answer that is not what Prometheus says.
    Garbled(String),
}

impl Trouble {
    /// From what a server said.
    #[must_use]
    pub fn refused(said: &str) -> Self {
        Self::Refused(one_line(said).chars().take(SHOWN).collect())
    }

    /// The same for an answer that makes no sense.
    #[must_use]
    pub fn garbled(why: &str) -> Self {
        Self::Garbled(one_line(why).chars().take(SHOWN).collect())
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Api(error) if error.is_forbidden() => f.write_str("services/proxy is forbidden"),
            Self::Api(error) if error.is_not_found() => f.write_str("there is no such Service"),
            Self::Api(error) => f.write_str(&error.short()),
            Self::Unreachable => f.write_str("Prometheus is not reached"),
            Self::Broken => f.write_str("the connection to Prometheus broke"),
            Self::Silent(seconds) => write!(f, "no answer from Prometheus within {seconds} s"),
            Self::TooLarge => f.write_str("the answer of Prometheus is too large"),
            Self::Refused(said) => write!(f, "Prometheus said: {said}"),
            Self::Garbled(why) => write!(f, "that is no answer of a Prometheus: {why}"),
        }
    }
}
