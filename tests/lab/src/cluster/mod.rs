//! The cluster itself: what is started, in which order, and when it is ready.

mod component;
mod flags;
pub mod forwards;
mod nodes;
pub mod stages;

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use futures::future::{select_all, try_join_all};
use http::Request;
use kube::Client;
use kube::config::{KubeConfigOptions, Kubeconfig};
use rcgen::KeyPair;

pub use component::Component;
pub use flags::{KUBELET_PORT, NODE_ADDRESS, PROXY_NODE};

use crate::crds::{self, Crd};
use crate::ecr;
use crate::identity::{self, Authority};
use crate::layout::Layout;
use crate::toolchain::Toolchain;

/// The user that the administrator's kubeconfig and token log in.
pub const ADMIN: &str = "lab-admin";
const MASTERS: &str = "system:masters";
const START_LIMIT: Duration = Duration::from_secs(90);

/// A running cluster; its processes end when this is dropped.
#[derive(Debug)]
pub struct Cluster {
    components: Vec<Component>,
}

/// What a cluster is started from.
#[derive(Debug)]
pub struct Start<'a> {
    /// The state folder.
    pub layout: &'a Layout,
    /// The binaries.
    pub toolchain: &'a Toolchain,
    /// TCP port of the API server.
    pub port: u16,
}

impl Cluster {
    /// Starts everything and waits until it is ready for use. Says so on stderr, with times.
    ///
    /// # Errors
    /// When a process ends, or the whole is not ready within 90 seconds.
    pub async fn start(start: &Start<'_>) -> Result<Self> {
        let began = Instant::now();
        let authority = start.write_files()?;
        let mut cluster = Self { components: Vec::new() };
        cluster.add(start, "etcd", flags::etcd(start.layout))?;
        cluster.add(start, "kube-apiserver", flags::kube_apiserver(start.layout, start.port))?;
        let client = client_for(&start.layout.kubeconfig()).await?;
        cluster.until("the API server", until_served(&client)).await?;
        say("API server", began);
        cluster.add_rest(start, &authority)?;
        let install = try_join_all(Crd::BY_DEFAULT.map(|set| crds::install(&client, start.toolchain, set)));
        let rest = async {
            nodes::create(&client).await?;
            tokio::try_join!(
                nodes::until_ready(&client),
                until_http_ok("http://127.0.0.1:10256/healthz"),
                until_connects("127.0.0.1:8080"),
                until_connects(forwards::KWOK_SERVER),
                async { install.await.map(drop) },
            )
        };
        cluster.until("nodes, kube-proxy, pods and definitions", rest).await?;
        // Last, so that loading moto slows nothing down: its first calls wait for that, nobody else.
        cluster.add_own(start, "registry", &[])?;
        cluster.until("the registry", until_connects(&format!("127.0.0.1:{}", ecr::PORT))).await?;
        say("everything", began);
        Ok(cluster)
    }

    /// Waits for the first process to end, which none should; returns what to tell people.
    pub async fn ended(&mut self) -> String {
        let endings = self.components.iter_mut().map(|component| Box::pin(component.ended()));
        let (ending, _, _) = select_all(endings).await;
        ending
    }

    /// Waits for a condition, but not longer than the processes live or the limit allows.
    async fn until<T>(&mut self, what: &str, condition: impl Future<Output = Result<T>>) -> Result<T> {
        tokio::select! {
            done = condition => done,
            ending = self.ended() => bail!("{ending}"),
            () = tokio::time::sleep(START_LIMIT) => {
                bail!("not ready within {START_LIMIT:?}: {what}")
            }
        }
    }

    fn add(&mut self, start: &Start<'_>, name: &'static str, args: Vec<String>) -> Result<()> {
        let program = start.toolchain.tool(name);
        self.components.push(Component::start(name, &program, args, &start.layout.logs())?);
        Ok(())
    }

    fn add_rest(&mut self, start: &Start<'_>, authority: &Authority) -> Result<()> {
        let layout = start.layout;
        let login = |name: &str| start.write_kubeconfig(authority, name);
        let controller_manager = login("kube-controller-manager")?;
        let args = flags::kube_controller_manager(layout, &controller_manager);
        self.add(start, "kube-controller-manager", args)?;
        self.add(start, "kube-scheduler", flags::kube_scheduler(&login("kube-scheduler")?))?;
        self.add(start, "kwok", flags::kwok(layout, &login("kwok")?))?;
        self.add(start, "kube-proxy", flags::kube_proxy(&login("kube-proxy")?))?;
        self.add_own(start, "pods", &["--dir", &layout.root().display().to_string()])
    }

    /// A part of the cluster that is a verb of this program.
    fn add_own(&mut self, start: &Start<'_>, verb: &'static str, args: &[&str]) -> Result<()> {
        let this = std::env::current_exe().context("cannot find the lab's own program")?;
        let args = [verb].iter().chain(args).map(|word| (*word).to_owned()).collect();
        self.components.push(Component::start(verb, &this, args, &start.layout.logs())?);
        Ok(())
    }
}

impl Start<'_> {
    fn server(&self) -> String {
        format!("https://127.0.0.1:{}", self.port)
    }

    fn write_files(&self) -> Result<Authority> {
        let authority = Authority::create(self.layout)?;
        let file = |name: &str| flags::file(self.layout, name);
        let serving = authority.server(&[
            "127.0.0.1",
            NODE_ADDRESS,
            "10.96.0.1",
            "localhost",
            "kubernetes",
            "kubernetes.default",
            "kubernetes.default.svc",
        ])?;
        fs::write(file("apiserver.crt"), &serving.certificate)?;
        identity::write_private(&file("apiserver.key"), &serving.key)?;
        let service_accounts = KeyPair::generate()?;
        let private = service_accounts.serialize_pem();
        identity::write_private(&file("service-account.key"), &private)?;
        fs::write(file("service-account.pub"), service_accounts.public_key_pem())?;
        let token = fresh_token()?;
        identity::write_private(&self.layout.token(), &token)?;
        let tokens = format!("{token},{ADMIN},1,\"{MASTERS}\"\n");
        identity::write_private(&file("tokens.csv"), &tokens)?;
        fs::write(file("stages.yaml"), stages::config())?;
        let admin = authority.user(ADMIN, &[MASTERS])?;
        let text = identity::kubeconfig(&self.server(), authority.certificate(), ADMIN, &admin);
        identity::write_private(&self.layout.kubeconfig(), &text)?;
        Ok(authority)
    }

    fn write_kubeconfig(&self, authority: &Authority, name: &str) -> Result<std::path::PathBuf> {
        let user = format!("lab-{name}");
        let credentials = authority.user(&user, &[MASTERS])?;
        let text = identity::kubeconfig(&self.server(), authority.certificate(), &user, &credentials);
        let path = self.layout.identities().join(format!("{name}.kubeconfig"));
        identity::write_private(&path, &text)?;
        Ok(path)
    }
}

/// A client for the user of a kubeconfig file.
///
/// # Errors
/// When the file cannot be read or holds no usable login.
pub async fn client_for(kubeconfig: &Path) -> Result<Client> {
    let file = Kubeconfig::read_from(kubeconfig)?;
    let mut config = kube::Config::from_custom_kubeconfig(file, &KubeConfigOptions::default()).await?;
    config.proxy_url = None;
    Ok(Client::try_from(config)?)
}

fn fresh_token() -> Result<String> {
    // The public half of a throw-away key is as random as a token needs to be.
    let key = KeyPair::generate()?;
    let random = key.public_key_raw().iter().skip(1).take(16);
    Ok(random.map(|byte| format!("{byte:02x}")).collect())
}

async fn until_served(client: &Client) -> Result<()> {
    loop {
        let request = Request::get("/readyz").body(Vec::new())?;
        if client.request_text(request).await.is_ok_and(|text| text == "ok") {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

pub(crate) async fn until_http_ok(url: &str) -> Result<()> {
    let client = hyper_util::client::legacy::Client::builder(hyper_util::rt::TokioExecutor::new())
        .build_http::<http_body_util::Empty<bytes::Bytes>>();
    let url: http::Uri = url.parse()?;
    loop {
        if client.get(url.clone()).await.is_ok_and(|answer| answer.status().is_success()) {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

pub(crate) async fn until_connects(address: &str) -> Result<()> {
    while tokio::net::TcpStream::connect(address).await.is_err() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

fn say(what: &str, since: Instant) {
    eprintln!("lab: {what} ready after {:.1} s", since.elapsed().as_secs_f64());
}
