//! A hosted zone of Route 53 on loopback that keeps to its rules: a batch is made as a whole or not at all, change by change
//! in its order; a delete has to repeat all of a record set, a create finds none of its name, type and identifier, and a
//! name has one primary record. (moto 5.2 knows none of this: it deletes whatever has the identifier.) Answers have the
//! shape of <https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListResourceRecordSets.html>.

mod moto;
mod rules;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Result, ensure};
use lab::api_proxy::{ApiProxy, Call, When};
use lab::{Namespace, Output, Running};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

pub use moto::{moto_sets, moto_zone};
use rules::{NAMESPACE, between, listed, made, observed};

use crate::LIMIT;
use crate::common::kill_points::{HeldRun, Hold, kill_at};
use crate::common::run::{Ended as _, admin};

/// The zone's id, and the name in it that leads to `api`.
pub const ZONE: &str = "Z2LD58HEXAMPLE";
pub const NAME: &str = "api.example.com";
/// What names its records to `--router`.
pub const ROUTER: &str = "route53/Z2LD58HEXAMPLE/api.example.com";

/// What it has and says.
#[derive(Debug, Default)]
struct Said {
    /// Record sets as XML, in the order in which the SDK writes members.
    sets: Vec<String>,
    /// Bodies of the batches that came.
    batches: Vec<String>,
    /// How many answers were given.
    asked: usize,
    /// A change never gets to all servers.
    never_in_sync: bool,
    /// The code of an error, instead.
    refusal: Option<&'static str>,
    /// The answer to a batch is lost once it has been made.
    loses_answers: bool,
    /// Somebody else gives blue another weight just before the next batch.
    is_overtaken: bool,
    /// What those say who check, of each health check.
    checkers: Vec<&'static str>,
}

/// A zone on loopback.
#[derive(Debug)]
pub struct HostedZone {
    address: SocketAddr,
    said: Arc<Mutex<Said>>,
}

impl HostedZone {
    /// With these record sets.
    ///
    /// # Errors
    /// Where no port is to be had.
    pub async fn start(sets: Vec<String>) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let (address, said) = (listener.local_addr()?, Arc::new(Mutex::new(Said { sets, ..Said::default() })));
        let shared = Arc::clone(&said);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, Arc::clone(&shared)));
            }
        });
        Ok(Self { address, said })
    }

    /// Weighted aliases of `api` for IPv4 and IPv6, and a record of another name.
    ///
    /// # Errors
    /// Where no port is to be had.
    pub async fn weighted(blue: u8, green: u8) -> Result<Self> {
        let of = |kind: &str, color: &str, weight: u8| alias(kind, color, &format!("<Weight>{weight}</Weight>"));
        let mut sets = Vec::new();
        for kind in ["A", "AAAA"] {
            sets.extend([of(kind, "blue", blue), of(kind, "green", green)]);
        }
        sets.push(alias("A", "blue", "<Weight>7</Weight>").replace(NAME, "zzz.example.com"));
        Self::start(sets).await
    }

    fn now(&self) -> MutexGuard<'_, Said> {
        lock(&self.said)
    }

    /// All record sets, sorted.
    #[must_use]
    pub fn sets(&self) -> Vec<String> {
        let mut sets = self.now().sets.clone();
        sets.sort();
        sets
    }

    /// `A blue 100`, `AAAA green PRIMARY`: of the name, sorted.
    #[must_use]
    pub fn shares(&self) -> Vec<String> {
        let of_name = |set: &&String| between(set, "Name") == Some("api.example.com.");
        let share = |set: &String| {
            let part = |tag: &str| between(set, tag).unwrap_or_default().to_owned();
            format!("{} {} {}{}", part("Type"), part("SetIdentifier"), part("Weight"), part("Failover"))
        };
        let mut shares: Vec<String> = self.now().sets.iter().filter(of_name).map(share).collect();
        shares.sort();
        shares
    }

    /// The batches that came.
    #[must_use]
    pub fn batches(&self) -> Vec<String> {
        self.now().batches.clone()
    }

    /// How often it was asked.
    #[must_use]
    pub fn asked(&self) -> usize {
        self.now().asked
    }

    /// Puts these record sets in the place of all.
    pub fn has(&self, sets: Vec<String>) {
        self.now().sets = sets;
    }

    /// Lets no change get to all servers any more.
    pub fn never_in_sync(&self) {
        self.now().never_in_sync = true;
    }

    /// Refuses all that is asked.
    pub fn refuses(&self, code: Option<&'static str>) {
        self.now().refusal = code;
    }

    /// Loses the answers to batches, which are made.
    pub fn loses_answers(&self) {
        self.now().loses_answers = true;
    }

    /// Has somebody else write just before the next batch.
    pub fn is_overtaken(&self) {
        self.now().is_overtaken = true;
    }

    /// Has those who check say this of each health check.
    pub fn is_checked(&self, said: &[&'static str]) {
        self.now().checkers = said.to_vec();
    }

    /// The variable that leads there.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Starts `kubectl bluegreen WORDS` that asks it.
    ///
    /// # Errors
    /// Where it can't be started.
    pub fn start_bluegreen(&self, ns: &Namespace, words: &str) -> Result<Running> {
        let program = ns.lab().plugins().join("kubectl-bluegreen");
        let words: Vec<&str> = words.split(' ').collect();
        let mut command = admin(ns).plugin(&program, &words);
        command.env("AWS_ENDPOINT_URL_ROUTE_53", self.endpoint());
        Running::start(command)
    }

    /// A run whose machine goes away at this write to the API server, before it is sent.
    ///
    /// # Errors
    /// Where it never makes that write.
    pub async fn killed_before(&self, ns: &Namespace, words: &str, write: fn(&Call) -> bool) -> Result<()> {
        let program = ns.lab().plugins().join("kubectl-bluegreen");
        let killed = kill_at(async |_| {
            let proxy = ApiProxy::start(ns.lab()).await?;
            let hold = Hold::Cluster(proxy.hold(When::Before, write));
            let own: Vec<&str> = words.split(' ').collect();
            let mut command = ns.kubectl_as(proxy.kubeconfig()).plugin(&program, &own);
            command.env("AWS_ENDPOINT_URL_ROUTE_53", self.endpoint());
            Ok(HeldRun { proxy, hold, running: Running::start(command)? })
        });
        ensure!(killed.await?.is_some(), "it was never there");
        Ok(())
    }

    /// Runs it to its end, which has to have this exit code.
    ///
    /// # Errors
    /// Where it ends with another.
    pub async fn bluegreen(&self, ns: &Namespace, words: &str, code: u8) -> Result<Output> {
        self.start_bluegreen(ns, words)?.wait(LIMIT).await?.ends(code)
    }
}

fn lock(said: &Mutex<Said>) -> MutexGuard<'_, Said> {
    said.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An alias of `api` to a color's load balancer; `role` is its weight, or its part in a failover, as XML.
#[must_use]
pub fn alias(kind: &str, color: &str, role: &str) -> String {
    format!(
        "<Name>{NAME}.</Name><Type>{kind}</Type><SetIdentifier>{color}</SetIdentifier>{role}<AliasTarget><HostedZoneId>Z3AADJGX6KTTL2</HostedZoneId><DNSName>dualstack.{}.</DNSName><EvaluateTargetHealth>true</EvaluateTargetHealth></AliasTarget>",
        balancer(color)
    )
}

/// The name of a color's load balancer.
#[must_use]
pub fn balancer(color: &str) -> String {
    format!("{color}.elb.us-east-2.amazonaws.com")
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
        let text = String::from_utf8_lossy(&request).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n").filter(|(head, body)| is_whole(head, body)) else {
            continue;
        };
        request.clear();
        let line = head.lines().next().unwrap_or_default();
        let (status, body) = said_now(&said, line, body);
        let head = format!("HTTP/1.1 {status} x\r\ncontent-type: text/xml\r\ncontent-length: {}\r\n\r\n", body.len());
        stream.write_all(format!("{head}{body}").as_bytes()).await?;
    }
}

fn is_whole(head: &str, body: &str) -> bool {
    let head = head.to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
    body.len() >= length.unwrap_or_default()
}

fn refusal(code: &str, message: &str) -> String {
    let error = format!("<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>");
    format!("<ErrorResponse {NAMESPACE}>{error}<RequestId>x</RequestId></ErrorResponse>")
}

fn said_now(said: &Mutex<Said>, line: &str, body: &str) -> (u16, String) {
    let mut said = lock(said);
    said.asked = said.asked.saturating_add(1);
    if let Some(code) = said.refusal {
        return (403, refusal(code, "no"));
    }
    if line.contains("/healthcheck/") {
        return (200, observed(&said.checkers));
    }
    if !line.contains(&format!("/hostedzone/{ZONE}/")) && !line.contains("/change/") {
        return (404, refusal("NoSuchHostedZone", "No hosted zone found with ID"));
    }
    let status = if said.never_in_sync { "PENDING" } else { "INSYNC" };
    let info = |status: &str| {
        format!(
            "<ChangeInfo><Id>/change/C1</Id><Status>{status}</Status><SubmittedAt>2026-11-30T17:00:00Z</SubmittedAt></ChangeInfo>"
        )
    };
    if line.contains("/change/") {
        return (200, format!("<GetChangeResponse {NAMESPACE}>{}</GetChangeResponse>", info(status)));
    }
    if !line.starts_with("POST") {
        return (200, listed(&said.sets, line));
    }
    said.batches.push(body.to_owned());
    if std::mem::take(&mut said.is_overtaken) {
        said.sets[0] = said.sets[0].replace("<Weight>100<", "<Weight>90<");
    }
    match made(&mut said.sets, body) {
        Err(message) => (400, refusal("InvalidChangeBatch", &message)),
        Ok(()) if said.loses_answers => (502, String::new()),
        Ok(()) => {
            let info = info("PENDING");
            (200, format!("<ChangeResourceRecordSetsResponse {NAMESPACE}>{info}</ChangeResourceRecordSetsResponse>"))
        }
    }
}
