//! Elastic Load Balancing for a test: moto's, which knows what is registered and calls all of it healthy at once, and a
//! stand-in for what moto lacks: targets that are `initial` or `unhealthy`, and refusals. Its answers have the shape of
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTargetHealth.html#API_DescribeTargetHealth_Examples>.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result, ensure};
use lab::{Namespace, Running};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::moto;
use crate::common::run::admin;

/// The ARN of a target group in the lab's region.
pub const GROUP: &str =
    "arn:aws:elasticloadbalancing:ap-southeast-2:123456789012:targetgroup/k8s-shop-api/73e2d6bc24d8a067";

/// What it answers.
#[derive(Debug, Default)]
struct Said {
    /// Address and state.
    targets: BTreeMap<String, String>,
    /// The code of an error, instead.
    refusal: Option<&'static str>,
    asked: usize,
}

/// A stand-in on loopback.
#[derive(Debug)]
pub struct Balancer {
    address: SocketAddr,
    said: Arc<Mutex<Said>>,
}

impl Balancer {
    /// Without any targets.
    ///
    /// # Errors
    /// Where no port is to be had.
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let (address, said) = (listener.local_addr()?, Arc::<Mutex<Said>>::default());
        let shared = Arc::clone(&said);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, Arc::clone(&shared)));
            }
        });
        Ok(Self { address, said })
    }

    /// Says from now on that these addresses are in this state, and no others are registered.
    pub fn says(&self, addresses: &[String], state: &str) {
        let targets = addresses.iter().map(|address| (address.clone(), state.to_owned())).collect();
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        (said.targets, said.refusal) = (targets, None);
    }

    /// Refuses all that is asked.
    pub fn refuses(&self, code: &'static str) {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).refusal = Some(code);
    }

    /// How often it was asked.
    #[must_use]
    pub fn asked(&self) -> usize {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).asked
    }

    /// Starts `kubectl bluegreen WORDS` that asks it.
    ///
    /// # Errors
    /// Where it can't be started.
    pub fn start_bluegreen(&self, ns: &Namespace, words: &str) -> Result<Running> {
        let program = ns.lab().plugins().join("kubectl-bluegreen");
        let words: Vec<&str> = words.split(' ').collect();
        let mut command = admin(ns).plugin(&program, &words);
        command.env("AWS_ENDPOINT_URL", format!("http://{}", self.address));
        Running::start(command)
    }
}

async fn answer(mut stream: TcpStream, said: Arc<Mutex<Said>>) -> std::io::Result<()> {
    let mut request = Vec::new();
    let mut part = [0_u8; 4096];
    loop {
        let read = stream.read(&mut part).await?;
        if read == 0 {
            return Ok(());
        }
        request.extend_from_slice(&part[..read]);
        if !is_whole(&request) {
            continue;
        }
        request.clear();
        let (status, body) = said_now(&said);
        let head = format!("HTTP/1.1 {status} x\r\ncontent-type: text/xml\r\ncontent-length: {}\r\n\r\n", body.len());
        stream.write_all(format!("{head}{body}").as_bytes()).await?;
    }
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request).to_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
    body.len() >= length.unwrap_or_default()
}

fn said_now(said: &Mutex<Said>) -> (u16, String) {
    let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
    said.asked = said.asked.saturating_add(1);
    let namespace = "xmlns=\"http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/\"";
    if let Some(code) = said.refusal {
        let error = format!("<Error><Type>Sender</Type><Code>{code}</Code><Message>no</Message></Error>");
        return (403, format!("<ErrorResponse {namespace}>{error}<RequestId>x</RequestId></ErrorResponse>"));
    }
    let member = |(address, state): (&String, &String)| {
        let reason = if state == "initial" { "<Reason>Elb.InitialHealthChecking</Reason>" } else { "" };
        format!(
            "<member><HealthCheckPort>8080</HealthCheckPort><TargetHealth><State>{state}</State>{reason}</TargetHealth><Target><Port>8080</Port><Id>{address}</Id></Target></member>"
        )
    };
    let members: String = said.targets.iter().map(member).collect();
    let result = format!("<TargetHealthDescriptions>{members}</TargetHealthDescriptions>");
    let body = format!("<DescribeTargetHealthResult>{result}</DescribeTargetHealthResult>");
    (200, format!("<DescribeTargetHealthResponse {namespace}>{body}</DescribeTargetHealthResponse>"))
}

/// The addresses of a color's pods.
///
/// # Errors
/// Where they can't be listed.
pub async fn addresses(ns: &Namespace, color: &str) -> Result<Vec<String>> {
    let selector = format!("version={color}");
    let pods: Value = serde_json::from_str(&admin(ns).must(&["get", "pods", "-l", &selector, "-o", "json"]).await?)?;
    let pods = pods["items"].as_array().context("no pods")?;
    pods.iter().map(|pod| Ok(pod["status"]["podIP"].as_str().context("no address")?.to_owned())).collect()
}

/// A binding by which pods of a Service are targets of a group.
#[must_use]
pub fn binding(service: &str, group: &str) -> Value {
    json!({"apiVersion": "elbv2.k8s.aws/v1beta1", "kind": "TargetGroupBinding", "metadata": {"name": service},
        "spec": {"serviceRef": {"name": service, "port": 80}, "targetType": "ip", "targetGroupARN": group}})
}

/// A call of AWS's query protocol to the lab's moto, which takes any signature; the answer.
///
/// # Errors
/// Where moto doesn't answer, or refuses.
pub async fn moto(service: &str, form: &str) -> Result<String> {
    let form = ("application/x-www-form-urlencoded", form);
    let answer = moto::call((service, lab::ecr::REGION), ("POST", "/"), form).await?;
    ensure!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    Ok(answer)
}
