//! A topic of SNS, in the moto behind the lab's registry, and who is subscribed to it.

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

use crate::ecr::calls::credential;
use crate::ecr::endpoint;
use crate::mailbox::Mailbox;
use crate::namespace::Namespace;

/// A topic of a test's own. It ends with the lab.
#[derive(Debug)]
pub struct Topic {
    arn: String,
    region: String,
}

impl Namespace {
    /// Makes a topic in a region; its name begins with the namespace's. One whose name ends with `.fifo` is a FIFO
    /// topic.
    ///
    /// # Errors
    /// When moto refuses.
    pub async fn topic(&self, region: &str, name: &str) -> Result<Topic> {
        let name = format!("{}-{name}", self.name());
        let fifo = [("Attributes.entry.1.key", "FifoTopic"), ("Attributes.entry.1.value", "true")];
        let mut words = vec![("Action", "CreateTopic"), ("Name", name.as_str())];
        words.extend(fifo.into_iter().filter(|_| name.ends_with(".fifo")));
        let answer = ask(region, &words).await?;
        let arn = answer.split_once("<TopicArn>").and_then(|(_, rest)| rest.split_once("</TopicArn>"));
        let arn = arn.with_context(|| format!("no topic: {answer}"))?.0.to_owned();
        Ok(Topic { arn, region: region.to_owned() })
    }
}

impl Topic {
    /// `arn:aws:sns:REGION:ACCOUNT:NAME`
    pub fn arn(&self) -> &str {
        &self.arn
    }

    /// Has moto post what is published to a mailbox, as SNS does to subscribers by HTTP; with a filter policy only what
    /// it lets through.
    ///
    /// # Errors
    /// When moto refuses.
    pub async fn subscribe(&self, mailbox: &Mailbox, filter: Option<&Value>) -> Result<()> {
        let (url, filter) = (format!("http://127.0.0.1:{}/", mailbox.port()), filter.map(ToString::to_string));
        let mut words =
            vec![("Action", "Subscribe"), ("TopicArn", self.arn()), ("Protocol", "http"), ("Endpoint", &url)];
        if let Some(filter) = &filter {
            words.extend([("Attributes.entry.1.key", "FilterPolicy"), ("Attributes.entry.1.value", filter)]);
        }
        ask(&self.region, &words).await.map(drop)
    }
}

/// One call in SNS's query protocol.
async fn ask(region: &str, words: &[(&str, &str)]) -> Result<String> {
    let words = words.iter().chain(&[("Version", "2010-03-31")]);
    let body: String = form_urlencoded::Serializer::new(String::new()).extend_pairs(words).finish();
    let request = Request::builder()
        .method(Method::POST)
        .uri(format!("{}/", endpoint()))
        .header(AUTHORIZATION, credential(region, "sns"))
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Full::new(Bytes::from(body)))?;
    let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build(HttpConnector::new());
    let (head, body) = client.request(request).await.context("the lab's registry does not answer")?.into_parts();
    let text = String::from_utf8_lossy(&body.collect().await?.to_bytes()).into_owned();
    ensure!(head.status == StatusCode::OK, "moto refused: {text}");
    Ok(text)
}
