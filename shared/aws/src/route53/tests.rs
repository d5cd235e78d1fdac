//! The whole client against a server on loopback that answers as the API reference has it
//! (<https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListResourceRecordSets.html#API_ListResourceRecordSets_Examples>,
//! `API_ChangeResourceRecordSets.html` and `API_GetChange.html` likewise).

mod changes;
mod partitions;
mod reads;
mod zone;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use aws_config::Region;
use aws_sdk_route53::config::Credentials;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use super::*;
use crate::connect;

/// What must never be said.
const SECRETS: [&str; 3] = ["AKIAEXAMPLEKEY", "verySecretAccessKey", "theSessionToken"];
const NAMESPACE: &str = "xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"";

/// One request: `GET /2013-04-01/hostedzone/Z1/rrset?name=…`, and its body.
#[derive(Debug, Clone)]
struct Asked {
    line: String,
    body: String,
}

type Log = Arc<Mutex<Vec<Asked>>>;

/// A server that answers the first request with the first of these, and so on; the last one for ever.
async fn answering(answers: Vec<(u16, String)>) -> (Zone, Log) {
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (asked, answers) = (Log::default(), Arc::new(answers));
    let log = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (log, answers) = (Arc::clone(&log), Arc::clone(&answers));
            let service = service_fn(move |request| answer(request, Arc::clone(&log), Arc::clone(&answers)));
            tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    (Zone::over(&sdk(&url, "eu-west-1").await, "Z1R8UBAEXAMPLE"), asked)
}

async fn answer(
    request: Request<Incoming>,
    log: Log,
    answers: Arc<Vec<(u16, String)>>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let line = format!("{} {}", request.method(), request.uri());
    let sent = request.into_body().collect().await.unwrap().to_bytes();
    let at = {
        let mut log = log.lock().unwrap();
        log.push(Asked { line, body: String::from_utf8(sent.to_vec()).unwrap() });
        log.len().min(answers.len()) - 1
    };
    let (status, body) = &answers[at];
    let answer = Response::builder().status(*status).header("content-type", "text/xml");
    Ok(answer.body(Full::new(Bytes::from(body.clone()))).unwrap())
}

async fn sdk(url: &str, region: &'static str) -> SdkConfig {
    let [key, secret, token] = SECRETS;
    let credentials = Credentials::new(key, secret, Some(token.into()), None, "test");
    let http = connect::http_client().unwrap();
    connect::loader(http, Region::from_static(region), credentials, Duration::from_secs(10))
        .endpoint_url(url)
        .retry_config(RetryConfig::standard().with_max_attempts(2).with_initial_backoff(Duration::from_millis(1)))
        .load()
        .await
}

fn refusal(code: &str, message: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?>\n<ErrorResponse {NAMESPACE}><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error><RequestId>7eb28fd5-9ce6-11e4-a8e8-9f105805808f</RequestId></ErrorResponse>"
    )
}
