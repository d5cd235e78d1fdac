//! Whom a metric asks, of those that Argo knows: one of three here
//! (`MetricProvider` of Argo's `pkg/apis/rollouts/v1alpha1/analysis_types.go`).

mod access;
mod web;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::time::Moment;
use crate::analysis::metric::{Asked, Metric, is_query};
use crate::duration::go::go_duration;

pub use access::{Authentication, Header, OAuth2};
pub use web::{Web, WebMethod};

/// A metric of a canary.
pub type CanaryMetric = Metric<AnyProvider>;

/// Exactly one of them.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct AnyProvider {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prometheus: Option<AnyPrometheus>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub web: Option<Web>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job: Option<JobMetric>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kayenta: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    datadog: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    wavefront: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    new_relic: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cloud_watch: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    graphite: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    influxdb: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    skywalking: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    plugin: Option<Value>,
}

/// A query to Prometheus, with all that Argo can say of it.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct AnyPrometheus {
    pub address: Option<String>,
    pub query: String,
    /// In seconds; 30 where nothing is said.
    pub timeout: Option<u32>,
    pub insecure: bool,
    pub headers: Vec<Header>,
    pub range_query: Option<RangeQuery>,
    pub authentication: Authentication,
}

/// All samples from one moment to another.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct RangeQuery {
    pub start: String,
    pub end: String,
    pub step: String,
}

/// A Job whose end is the answer: success or failure.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct JobMetric {
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub metadata: Value,
    pub spec: Value,
}

impl AnyProvider {
    /// Those that nobody asks here, by name.
    #[must_use]
    pub fn not_honoured(&self) -> Vec<&'static str> {
        let signed = Authentication::is_signed;
        let all = [
            ("kayenta", self.kayenta.is_some()),
            ("datadog", self.datadog.is_some()),
            ("wavefront", self.wavefront.is_some()),
            ("newRelic", self.new_relic.is_some()),
            ("cloudWatch", self.cloud_watch.is_some()),
            ("graphite", self.graphite.is_some()),
            ("influxdb", self.influxdb.is_some()),
            ("skywalking", self.skywalking.is_some()),
            ("plugin", self.plugin.is_some()),
            (
                "prometheus.authentication.sigv4",
                self.prometheus.as_ref().is_some_and(|one| signed(&one.authentication)),
            ),
            ("web.authentication.sigv4", self.web.as_ref().is_some_and(|one| signed(&one.authentication))),
        ];
        all.into_iter().filter(|(_, is_there)| *is_there).map(|(name, _)| name).collect()
    }
}

impl Asked for AnyProvider {
    /// `ValidateMetric` of Argo's `utils/analysis/factory.go`, and what its providers find only when they ask.
    fn check(&self) -> Result<(), String> {
        let others = self.not_honoured();
        if !others.is_empty() {
            return Err(format!("provider.{} is not asked here: prometheus, web and job are", others.join(", ")));
        }
        match (&self.prometheus, &self.web, &self.job) {
            (Some(prometheus), None, None) => prometheus.check(),
            (None, Some(web), None) => web.check(),
            (None, None, Some(job)) if job.spec["template"].is_object() => Ok(()),
            (None, None, Some(_)) => Err("provider.job.spec has no template".into()),
            (None, None, None) => Err("provider names nobody".into()),
            _ => Err("provider names several, and a metric asks one".into()),
        }
    }

    fn answers_numbers(&self) -> bool {
        self.prometheus.is_some()
    }
}

impl AnyPrometheus {
    fn check(&self) -> Result<(), String> {
        is_query(&self.query)?;
        if self.timeout.is_some_and(|seconds| !(1..=3600).contains(&seconds)) {
            return Err("timeout is from 1 to 3600 seconds".into());
        }
        self.authentication.check()?;
        let Some(RangeQuery { start, end, step }) = &self.range_query else { return Ok(()) };
        if start.is_empty() || end.is_empty() || step.is_empty() {
            return Err("rangeQuery says start, end and step".into());
        }
        let step = go_duration(step).map_err(|why| format!("rangeQuery.step: {why}"))?;
        if !step.is_positive() {
            return Err("rangeQuery.step is above 0".into());
        }
        let moment = |field: &str, text: &str| Moment::of(text).map_err(|why| format!("rangeQuery.{field}: {why}"));
        moment("start", start).and_then(|_| moment("end", end)).map(drop)
    }
}
