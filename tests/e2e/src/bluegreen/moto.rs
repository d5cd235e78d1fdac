//! Calls to the lab's moto, which takes any signature.

use anyhow::{Result, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A call to a service in a region; the answer.
///
/// # Errors
/// Where moto doesn't answer, or refuses.
pub async fn call(
    (service, region): (&str, &str),
    (method, path): (&str, &str),
    (kind, body): (&str, &str),
) -> Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", lab::ecr::PORT)).await?;
    let scope = format!("{}/20260101/{region}/{service}/aws4_request", lab::ecr::ACCESS_KEY);
    let signed = format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0");
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\nauthorization: {signed}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(format!("{head}{body}").as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    ensure!(answer.starts_with("HTTP/1.1 20"), "{path} {body}: {answer}");
    Ok(answer)
}
