//! One test, with all that the document left out.

use std::fmt;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::release::document::Scheme;

/// One of the three, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Stage {
    Health,
    Dependencies,
    Smoke,
}

impl Stage {
    /// In their order.
    pub const ALL: [Self; 3] = [Self::Health, Self::Dependencies, Self::Smoke];
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Health => "health",
            Self::Dependencies => "dependencies",
            Self::Smoke => "smoke",
        })
    }
}

/// One test of one workload's pods, with all that was left out.
#[derive(Debug, Clone, PartialEq)]
pub struct PodTest {
    pub stage: Stage,
    pub name: String,
    pub ask: Ask,
    pub port: u16,
    pub expected: Expected,
    /// How long one try may take.
    pub timeout: Duration,
    /// From the begin of one try to that of the next.
    pub every: Duration,
    /// So many that pass in a row are enough.
    pub successes: u32,
    /// So many that fail in a row are too many.
    pub failures: u32,
}

/// What is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    Http {
        scheme: Scheme,
        method: String,
        /// With its query.
        path: String,
        headers: Vec<(String, String)>,
        body: Option<String>,
    },
    /// `grpc.health.v1.Health/Check` of that service; of the whole server where it is empty.
    Grpc { service: String },
}

impl fmt::Display for Ask {
    /// Without the query, which may have a token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Http { scheme, method, path, .. } => {
                let (path, query) = path.split_once('?').map_or((path.as_str(), ""), |(path, _)| (path, "?…"));
                let tls = if *scheme == Scheme::Https { " by HTTPS" } else { "" };
                write!(f, "{method} {path}{query}{tls}")
            }
            Self::Grpc { service } if service.is_empty() => f.write_str("gRPC health"),
            Self::Grpc { service } => write!(f, "gRPC health of {service}"),
        }
    }
}

/// What has to come back.
#[derive(Debug, Clone, PartialEq)]
pub struct Expected {
    /// The least and the greatest status.
    pub status: (u16, u16),
    pub body: Option<String>,
    pub json: Option<Value>,
}

impl Expected {
    /// True where the body decides.
    #[must_use]
    pub fn reads_body(&self) -> bool {
        self.body.is_some() || self.json.is_some()
    }
}
