//! A zone at the lab's moto, which others have written.

use anyhow::{Context, Result, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::rules::{NAMESPACE, between};

/// A zone at the lab's moto with these record sets; its id.
///
/// # Errors
/// Where moto refuses.
pub async fn moto_zone(reference: &str, sets: &[String]) -> Result<String> {
    let name = format!("<Name>example.com.</Name><CallerReference>{reference}</CallerReference>");
    let wanted = format!("<CreateHostedZoneRequest {NAMESPACE}>{name}</CreateHostedZoneRequest>");
    let answer = moto("POST", "hostedzone", &wanted).await?;
    let id = between(&answer, "Id").and_then(|id| id.strip_prefix("/hostedzone/")).context("no id")?.to_owned();
    let create =
        |set: &String| format!("<Change><Action>CREATE</Action><ResourceRecordSet>{set}</ResourceRecordSet></Change>");
    let changes: String = sets.iter().map(create).collect();
    let batch = format!("<ChangeBatch><Changes>{changes}</Changes></ChangeBatch>");
    let batch = format!("<ChangeResourceRecordSetsRequest {NAMESPACE}>{batch}</ChangeResourceRecordSetsRequest>");
    moto("POST", &format!("hostedzone/{id}/rrset/"), &batch).await?;
    Ok(id)
}

/// What moto has in a zone, as XML.
///
/// # Errors
/// Where moto refuses.
pub async fn moto_sets(zone: &str) -> Result<String> {
    moto("GET", &format!("hostedzone/{zone}/rrset"), "").await
}

async fn moto(method: &str, path: &str, body: &str) -> Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", lab::ecr::PORT)).await?;
    let scope = format!("{}/20260101/us-east-1/route53/aws4_request", lab::ecr::ACCESS_KEY);
    let signed = format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0");
    let head = format!(
        "{method} /2013-04-01/{path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\nauthorization: {signed}\r\ncontent-type: text/xml\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(format!("{head}{body}").as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    ensure!(answer.starts_with("HTTP/1.1 20"), "{path}: {answer}");
    Ok(answer)
}
