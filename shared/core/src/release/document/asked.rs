//! What is asked of the idle color's pods before the traffic moves, as a team writes it down.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::checked_request as checked;
use super::port::Port;
use super::time::Time;

/// A probe of every pod: as `httpGet` or `grpc` says, and where neither is there as the readiness probe of its
/// container does.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct HealthCheck {
    pub http_get: Option<HttpGet>,
    pub grpc: Option<Grpc>,
    /// Seconds from the pod's start to the first probe.
    #[serde(deserialize_with = "checked::delay")]
    #[schemars(range(max = 3600))]
    pub initial_delay_seconds: Option<u32>,
    /// Seconds from one probe to the next; 5 where nothing is said.
    #[serde(deserialize_with = "checked::seconds")]
    #[schemars(range(min = 1, max = 3600))]
    pub period_seconds: Option<u32>,
    /// Seconds that one probe may take; 5 where nothing is said.
    #[serde(deserialize_with = "checked::seconds")]
    #[schemars(range(min = 1, max = 3600))]
    pub timeout_seconds: Option<u32>,
    /// So many probes in a row have to pass; 1 where nothing is said.
    #[serde(deserialize_with = "checked::times")]
    #[schemars(range(min = 1, max = 100))]
    pub success_threshold: Option<u32>,
    /// So many in a row that fail are a failure; 3 where nothing is said.
    #[serde(deserialize_with = "checked::times")]
    #[schemars(range(min = 1, max = 100))]
    pub failure_threshold: Option<u32>,
}

/// As in a pod's probe: any status from 200 to 399 passes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HttpGet {
    /// `/` where nothing is said.
    #[serde(default, deserialize_with = "checked::probe_path")]
    pub path: Option<String>,
    /// Its number, or its name in the pod; else the Service's only target port.
    pub port: Option<Port>,
    pub scheme: Option<Scheme>,
    #[serde(default)]
    pub http_headers: Vec<HttpHeader>,
}

/// As in a pod's probe.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HttpHeader {
    #[serde(deserialize_with = "checked::header_name")]
    pub name: String,
    #[serde(deserialize_with = "checked::header_value")]
    pub value: String,
}

/// As in a pod's probe: `grpc.health.v1.Health/Check`, in plain text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Grpc {
    /// Its number, or its name in the pod; else the Service's only target port.
    pub port: Option<Port>,
    /// Whose health is asked for; the whole server's where nothing is said.
    #[serde(deserialize_with = "checked::grpc_service")]
    pub service: Option<String>,
}

/// How a pod is spoken to; its certificate isn't verified, as the kubelet doesn't.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum Scheme {
    #[default]
    #[serde(rename = "HTTP", alias = "http")]
    Http,
    #[serde(rename = "HTTPS", alias = "https")]
    Https,
}

/// One request to a pod of the idle color, and what is to come back.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SmokeTest {
    #[serde(deserialize_with = "checked::test_name")]
    pub name: String,
    /// The path that is asked, with its query.
    #[serde(deserialize_with = "checked::path")]
    pub endpoint: String,
    /// Its own, else the health check's, else the Service's only target port.
    pub port: Option<Port>,
    pub scheme: Option<Scheme>,
    /// `GET` where nothing is said, and `POST` with a body.
    #[serde(default, deserialize_with = "checked::method")]
    pub method: Option<String>,
    #[serde(default, deserialize_with = "checked::headers")]
    pub headers: BTreeMap<String, String>,
    pub body: Option<String>,
    pub expect: Option<Expect>,
    /// How long one try may take; 5 s where nothing is said.
    #[serde(default, deserialize_with = "checked::timeout")]
    pub timeout: Option<Time>,
    /// So often it is tried again after it failed, once a second; 2 where nothing is said.
    #[serde(default, deserialize_with = "checked::retries")]
    #[schemars(range(max = 100))]
    pub retries: Option<u32>,
}

/// What an answer has to be.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Expect {
    /// Any from 200 to 299 where nothing is said.
    #[serde(deserialize_with = "checked::status")]
    #[schemars(range(min = 100, max = 599))]
    pub status: Option<u16>,
    /// Text that the body holds.
    pub body: Option<String>,
    /// What the body has as JSON; objects may have more members than are named here.
    #[serde(deserialize_with = "checked::some_json")]
    pub json: Option<Value>,
}
