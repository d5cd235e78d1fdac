//! The whole client against a server on loopback that answers as the API reference has it
//! (<https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTargetHealth.html#API_DescribeTargetHealth_Examples>).

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use aws_config::Region;
use aws_config::retry::RetryConfig;
use aws_sdk_elasticloadbalancingv2::config::Credentials;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use super::*;
use crate::connect;

const ARN: &str = "arn:aws:elasticloadbalancing:us-west-2:123456789012:targetgroup/my-targets/73e2d6bc24d8a067";
/// What must never be said.
const SECRETS: [&str; 3] = ["AKIAEXAMPLEKEY", "verySecretAccessKey", "theSessionToken"];

/// A server that gives each call the same answer, and what it was asked.
async fn answering(status: u16, body: String) -> (LoadBalancers, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let log = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (log, body) = (Arc::clone(&log), body.clone());
            let service = service_fn(move |request: Request<Incoming>| {
                let (log, body) = (Arc::clone(&log), body.clone());
                async move {
                    let sent = request.into_body().collect().await.unwrap().to_bytes();
                    log.lock().unwrap().push(String::from_utf8(sent.to_vec()).unwrap());
                    let answer = Response::builder().status(status).header("content-type", "text/xml");
                    Ok::<_, Infallible>(answer.body(Full::new(Bytes::from(body))).unwrap())
                }
            });
            tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    let [key, secret, token] = SECRETS;
    let credentials = Credentials::new(key, secret, Some(token.into()), None, "test");
    let http = connect::http_client().unwrap();
    let sdk = connect::loader(http, Region::from_static("us-west-2"), credentials, Duration::from_secs(10))
        .endpoint_url(url)
        .retry_config(RetryConfig::standard().with_max_attempts(2).with_initial_backoff(Duration::from_millis(1)))
        .load()
        .await;
    (LoadBalancers::over(&sdk), asked)
}

fn member(id: &str, port: u16, health: &str) -> String {
    format!(
        "<member><HealthCheckPort>80</HealthCheckPort><TargetHealth>{health}</TargetHealth><Target><Port>{port}</Port><Id>{id}</Id></Target></member>"
    )
}

fn health(members: &str) -> String {
    format!(
        "<DescribeTargetHealthResponse xmlns=\"http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/\"><DescribeTargetHealthResult><TargetHealthDescriptions>{members}</TargetHealthDescriptions></DescribeTargetHealthResult><ResponseMetadata><RequestId>c534f810-f389-11e5-9192-3fff33344cfa</RequestId></ResponseMetadata></DescribeTargetHealthResponse>"
    )
}

fn refusal(code: &str, message: &str) -> String {
    format!(
        "<ErrorResponse xmlns=\"http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/\"><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error><RequestId>c534f810-f389-11e5-9192-3fff33344cfa</RequestId></ErrorResponse>"
    )
}

#[tokio::test]
async fn each_target_is_said_with_its_state_and_reason() {
    let initial = "<State>initial</State><Reason>Elb.RegistrationInProgress</Reason><Description>Target registration is in progress</Description>";
    let body = health(&(member("10.0.0.1", 8080, "<State>healthy</State>") + &member("10.0.0.2", 8080, initial)));
    let (balancers, asked) = answering(200, body).await;
    let states = balancers.targets(ARN).await.unwrap();
    let told: Vec<_> = states.iter().map(|one| (one.id.as_str(), one.state.as_str(), one.reason.as_deref())).collect();
    assert_eq!(told, [("10.0.0.1", "healthy", None), ("10.0.0.2", "initial", Some("Elb.RegistrationInProgress"))]);
    let sent = asked.lock().unwrap()[0].clone();
    assert!(sent.contains("Action=DescribeTargetHealth") && sent.contains("my-targets"), "{sent}");
    let (balancers, _) = answering(200, health("")).await;
    assert_eq!(balancers.targets(ARN).await.unwrap(), []);
}

/// An answer that says nothing is no "healthy": whoever can't ask is told so.
#[tokio::test]
async fn whoever_may_not_ask_is_told_why_and_nothing_is_called_healthy() {
    let denied = "User: arn:aws:sts::123456789012:assumed-role/ci/session-of-lee is not authorized to perform: elasticloadbalancing:DescribeTargetHealth because no identity-based policy allows the elasticloadbalancing:DescribeTargetHealth action";
    for (status, body, says, passing) in [
        (
            403,
            refusal("AccessDenied", denied),
            "not allowed for role ci: elasticloadbalancing:DescribeTargetHealth",
            false,
        ),
        (403, refusal("ExpiredToken", "The security token included in the request is expired"), "have expired", false),
        (403, refusal("InvalidClientTokenId", "x"), "can't be used", false),
        (400, refusal("TargetGroupNotFound", "One or more target groups not found"), "TargetGroupNotFound", false),
        (400, refusal("Throttling", "Rate exceeded"), "throttled", true),
        (500, refusal("InternalFailure", "x"), "InternalFailure", true),
        (200, "<html>a portal</html>".to_owned(), "", true),
        (200, health(&member("10.0.0.1", 1, "")), "without a state", true),
    ] {
        let (balancers, _) = answering(status, body).await;
        let why = balancers.targets(ARN).await.unwrap_err();
        assert!(why.why.contains(says) && why.is_passing == passing, "{says}: {why:?}");
        assert!(SECRETS.iter().chain(&["session-of-lee"]).all(|secret| !why.why.contains(secret)), "{why:?}");
    }
}

/// A group that a binding names by its name is looked up first.
#[tokio::test]
async fn a_group_is_found_by_its_name() {
    let found = format!(
        "<DescribeTargetGroupsResponse xmlns=\"http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/\"><DescribeTargetGroupsResult><TargetGroups><member><TargetGroupArn>{ARN}</TargetGroupArn><TargetGroupName>my-targets</TargetGroupName></member></TargetGroups></DescribeTargetGroupsResult></DescribeTargetGroupsResponse>"
    );
    let (balancers, asked) = answering(200, found).await;
    assert_eq!(balancers.arn_of("my-targets").await.unwrap(), ARN);
    assert!(asked.lock().unwrap()[0].contains("Names.member.1=my-targets"));
    assert!(balancers.arn_of("other").await.is_err(), "an answer about another one is none");
}
