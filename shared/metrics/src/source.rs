//! A Prometheus that can be asked.

use std::fmt;
use std::time::Duration;

use http::{HeaderValue, StatusCode};
use release_cluster::Cluster;
use release_cluster::exchange::ApiError;
use release_cluster::service_proxy::ProxiedService;
use release_core::analysis::address::{Place, place};
use release_core::analysis::counters::{Millis, Series};
use release_core::analysis::expression::Answer;

use crate::answer::{answer, series};
use crate::credentials::{SecretKey, authorization};
use crate::direct;
use crate::find;
use crate::trouble::Trouble;

/// Bytes of an answer: 10,000 series of one sample, or 100 of 300.
const MOST_BYTES: usize = 4 << 20;

/// Where Prometheus is, as it was typed: reached from here, and not through the API server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Typed {
    pub url: String,
    /// Who we are to it.
    pub credentials: Option<SecretKey>,
}

/// A Prometheus, and how it is reached.
#[derive(Clone)]
pub struct Source {
    way: Way,
}

#[derive(Clone)]
enum Way {
    Proxied { cluster: Box<Cluster>, service: ProxiedService, path: String },
    Direct { url: String, authorization: Option<HeaderValue> },
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Source({self})")
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.way {
            Way::Proxied { service: ProxiedService { namespace, name, port, .. }, .. } => {
                write!(f, "service/{name}:{port} of namespace {namespace}, through the API server")
            }
            Way::Direct { url, .. } => f.write_str(url),
        }
    }
}

impl Source {
    /// The one that was typed; else that of an address.
    ///
    /// # Errors
    /// Why there is none, in words that name no secret.
    pub async fn of(cluster: &Cluster, address: Option<&str>, typed: Option<&Typed>) -> Result<Self, String> {
        if let Some(Typed { url, credentials }) = typed {
            let authorization = match credentials {
                Some(from) => Some(authorization(cluster, from).await?),
                None => None,
            };
            return Ok(Self { way: Way::Direct { url: url.clone(), authorization } });
        }
        let address = address.ok_or("nothing says where Prometheus is")?;
        Ok(match place(address)? {
            Place::Elsewhere(url) => Self { way: Way::Direct { url, authorization: None } },
            Place::Service(place) => {
                let service = find::service(cluster, &place).await?;
                Self { way: Way::Proxied { cluster: Box::new(cluster.clone()), service, path: place.path } }
            }
        })
    }

    /// Asks for the value of a query at this moment.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub async fn query(&self, query: &str, limit: Duration) -> Result<Answer, Trouble> {
        let asked = [("query", query.to_owned()), ("timeout", format!("{}s", limit.as_secs().max(1)))];
        let (status, body) = self.get(&asked, limit).await?;
        answer(status, &body)
    }

    /// Asks for the raw samples of a selector in a stretch that ends then.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub async fn samples(
        &self,
        selector: &str,
        (stretch, until): (Duration, Millis),
        limit: Duration,
    ) -> Result<Vec<Series>, Trouble> {
        let range = format!("{}[{}s]", selector.trim(), stretch.as_secs().max(1));
        let seconds = until.div_euclid(1000);
        let at = format!("{seconds}.{:03}", until.rem_euclid(1000));
        let (status, body) = self.get(&[("query", range), ("time", at)], limit).await?;
        series(status, &body)
    }

    async fn get(&self, query: &[(&str, String)], limit: Duration) -> Result<(StatusCode, Vec<u8>), Trouble> {
        const API: &str = "/api/v1/query";
        match &self.way {
            Way::Proxied { cluster, service, path } => {
                let below = format!("{path}{API}");
                let asked = cluster.ask_service(service, (&below, query), (limit, MOST_BYTES)).await;
                asked.map(|answered| (answered.status, answered.body)).map_err(|error| match error {
                    ApiError::TooLarge(_) => Trouble::TooLarge,
                    error => Trouble::Api(error),
                })
            }
            Way::Direct { url, authorization } => {
                let mut pairs = form_urlencoded::Serializer::new(String::new());
                let pairs = pairs.extend_pairs(query).finish();
                direct::get(&format!("{url}{API}?{pairs}"), authorization.as_ref(), (limit, MOST_BYTES)).await
            }
        }
    }
}
