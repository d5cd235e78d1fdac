//! A process that answers DescribeImages as ECR does: pages of `maxResults`, 100 unless asked, in
//! no useful order, each after the same time.

use std::convert::Infallible;
use std::io::Write;
use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};

/// The repository with ten thousand images.
pub const MANY: &str = "many";
/// The repository with one.
pub const ONE: &str = "one";
/// How long each page takes.
pub const PAGE_DELAY: Duration = Duration::from_millis(50);
const IMAGES: usize = 10_000;
const DEFAULT_PAGE: u64 = 100;

/// The stub as a process of its own, so that it costs neither side anything.
pub struct Stub {
    url: String,
    _process: Child,
}

impl Stub {
    pub async fn start() -> Result<Self> {
        let mut process = Command::new(std::env::current_exe()?)
            .arg("images-stub")
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("cannot start the stub")?;
        let stdout = process.stdout.take().context("the stub has no output")?;
        let url = BufReader::new(stdout).lines().next_line().await?.context("the stub ended")?;
        Ok(Self { url, _process: process })
    }

    /// Points an AWS client at it, and at nothing of the user's.
    pub fn point(&self, command: &mut Command) {
        command
            .env("AWS_ENDPOINT_URL", &self.url)
            .env("AWS_ACCESS_KEY_ID", "AKIABENCH")
            .env("AWS_SECRET_ACCESS_KEY", "bench")
            .env("AWS_REGION", "eu-west-1")
            .env("AWS_DEFAULT_REGION", "eu-west-1")
            .env("AWS_CONFIG_FILE", "/dev/null")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
            .env("AWS_PAGER", "");
        for name in ["AWS_PROFILE", "AWS_ENDPOINT_URL_ECR", "AWS_SESSION_TOKEN", "AWS_MAX_ATTEMPTS"] {
            command.env_remove(name);
        }
    }
}

/// Prints its address and serves until it is ended.
pub async fn serve() -> Result<()> {
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
    println!("http://{}", listener.local_addr()?);
    std::io::stdout().flush()?;
    let images: Arc<Vec<Bytes>> = Arc::new((0..IMAGES).map(image).collect());
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let images = Arc::clone(&images);
        let service = service_fn(move |request| answer(request, Arc::clone(&images)));
        tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

/// An ImageDetail; the order of pushes is not the order of the list.
fn image(position: usize) -> Bytes {
    let age = position * 7_919 % IMAGES;
    let detail = json!({
        "registryId": "123456789012", "repositoryName": MANY, "imageDigest": format!("sha256:{age:064x}"),
        "imageTags": [format!("latest-release-1.0.{age}"), format!("build-{age}")],
        "imageSizeInBytes": 150_000_000 + age, "imagePushedAt": 1_700_000_000 + age * 60,
        "imageManifestMediaType": "application/vnd.oci.image.manifest.v1+json",
        "artifactMediaType": "application/vnd.oci.image.config.v1+json", "imageStatus": "ACTIVE",
        "lastRecordedPullTime": 1_700_000_500 + age * 60, "imageScanStatus": {"status": "COMPLETE"},
        "imageScanFindingsSummary": {"imageScanCompletedAt": 1_700_000_100 + age * 60,
            "findingSeverityCounts": {"HIGH": age % 3, "MEDIUM": age % 7, "LOW": 12}},
    });
    Bytes::from(detail.to_string())
}

async fn answer(request: Request<Incoming>, images: Arc<Vec<Bytes>>) -> Result<Response<Full<Bytes>>, Infallible> {
    let body = request.into_body().collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
    tokio::time::sleep(PAGE_DELAY).await;
    let page = if asked["repositoryName"] == ONE { page_of(&images[..1], &asked) } else { page_of(&images, &asked) };
    let mut response = Response::new(Full::new(Bytes::from(page)));
    response.headers_mut().insert("content-type", http::HeaderValue::from_static("application/x-amz-json-1.1"));
    Ok(response)
}

fn page_of(images: &[Bytes], asked: &Value) -> Vec<u8> {
    let size = usize::try_from(asked["maxResults"].as_u64().unwrap_or(DEFAULT_PAGE)).unwrap_or(1);
    let start: usize = asked["nextToken"].as_str().and_then(|token| token.parse().ok()).unwrap_or(0);
    let end = (start + size).min(images.len());
    let mut page = b"{\"imageDetails\":[".to_vec();
    page.extend(images[start.min(end)..end].join(&b','));
    page.push(b']');
    if end < images.len() {
        page.extend(format!(",\"nextToken\":\"{end}\"").bytes());
    }
    page.push(b'}');
    page
}
