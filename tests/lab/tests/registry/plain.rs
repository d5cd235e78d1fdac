//! The least of an AWS client: one call, over a connection of its own, as the lab's AWS user.

use anyhow::{Context, Result};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

pub struct Answer {
    pub status: u16,
    pub body: Value,
}

pub async fn post(operation: &str, request: &Value) -> Result<Answer> {
    let (host, body) = (format!("127.0.0.1:{}", lab::ecr::PORT), request.to_string());
    let mut stream = tokio::net::TcpStream::connect(&host).await?;
    let head = format!(
        "POST / HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/x-amz-json-1.1\r\nconnection: close\r\n\
         x-amz-target: AmazonEC2ContainerRegistry_V20150921.{operation}\r\ncontent-length: {}\r\n\
         authorization: AWS4-HMAC-SHA256 Credential={}/20260101/{}/ecr/aws4_request, Signature=0\r\n\r\n{body}",
        body.len(),
        lab::registry::ACCESS_KEY,
        lab::registry::REGION,
    );
    stream.write_all(head.as_bytes()).await?;
    let mut text = String::new();
    stream.read_to_string(&mut text).await?;
    let (head, body) = text.split_once("\r\n\r\n").context("no answer")?;
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).context("no status")?;
    Ok(Answer { status, body: serde_json::from_str(body)? })
}
