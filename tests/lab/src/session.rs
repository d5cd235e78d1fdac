//! A running lab as a test sees it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use kube::Client;

use crate::cluster::{ADMIN, client_for};
use crate::crds::{self, Crd};
use crate::identity::{self, Authority, Identity};
use crate::kubectl::Kubectl;
use crate::layout::Layout;
use crate::namespace::Namespace;
use crate::toolchain::Toolchain;

/// The lab this process runs in. Cheap to make; a test makes its own, as its client lives on
/// the test's runtime.
#[derive(Clone)]
pub struct Lab {
    layout: Layout,
    api: String,
    client: Client,
    toolchain: Toolchain,
    plugins: PathBuf,
    authority: Arc<Authority>,
}

impl std::fmt::Debug for Lab {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Lab").field("dir", &self.layout.root()).finish_non_exhaustive()
    }
}

impl Lab {
    /// The lab that `lab run -- …` started this process in.
    ///
    /// Plugins are looked for in `LAB_PLUGINS`, or else in the build folder the test's own
    /// program lies in (`target/debug` or `target/release`).
    ///
    /// # Errors
    /// When this process does not run in a lab.
    pub async fn from_env() -> Result<Self> {
        let missing = "no lab here: run tests with `make test`, or with `lab run -- COMMAND`";
        let layout = Layout::at(std::env::var_os("LAB_DIR").context(missing)?);
        let api = std::env::var("LAB_API").context(missing)?;
        let client = client_for(&layout.kubeconfig()).await.context("the lab's own client")?;
        Ok(Self {
            authority: Arc::new(Authority::load(&layout)?),
            toolchain: Toolchain::locate()?,
            plugins: plugin_folder()?,
            layout,
            api,
            client,
        })
    }

    /// The same lab, with plugins from another folder.
    #[must_use]
    pub fn with_plugins(mut self, folder: impl Into<PathBuf>) -> Self {
        self.plugins = folder.into();
        self
    }

    /// The same lab, with the plugins as they are released: those of `LAB_PLUGINS`, or else of
    /// the folder `release` beside this program's `debug`.
    ///
    /// # Errors
    /// When they have not been built.
    pub fn with_release_plugins(self) -> Result<Self> {
        let given = std::env::var_os("LAB_PLUGINS").is_some();
        let folder = if given { self.plugins.clone() } else { self.plugins.with_file_name("release") };
        if !folder.join("kubectl-bluegreen").is_file() {
            bail!("no plugins in {}: build them with `cargo build --release`", folder.display());
        }
        Ok(self.with_plugins(folder))
    }

    /// A client with all rights.
    pub fn client(&self) -> Client {
        self.client.clone()
    }

    /// Where the API server is, such as `https://127.0.0.1:6443`.
    pub fn api(&self) -> &str {
        &self.api
    }

    /// The lab's state folder; logs are in `logs/`.
    pub fn dir(&self) -> &Path {
        self.layout.root()
    }

    /// A kubeconfig with all rights.
    pub fn kubeconfig(&self) -> PathBuf {
        self.layout.kubeconfig()
    }

    /// The folder with the lab's kubectl.
    pub fn bin(&self) -> PathBuf {
        self.toolchain.bin()
    }

    /// The folder the plugins are taken from.
    pub fn plugins(&self) -> &Path {
        &self.plugins
    }

    /// The administrator's bearer token.
    ///
    /// # Errors
    /// When the lab's file cannot be read.
    pub fn token(&self) -> Result<String> {
        std::fs::read_to_string(self.layout.token()).context("cannot read the lab's token")
    }

    /// What signs the lab's certificates.
    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    /// The user with all rights.
    ///
    /// # Errors
    /// When no certificate can be made.
    pub fn admin(&self) -> Result<Identity> {
        self.write_identity(ADMIN, self.authority.user(ADMIN, &["system:masters"])?)
    }

    /// A user of any name in at most two groups, with no rights but those RBAC gives them.
    ///
    /// # Errors
    /// When the certificate or the kubeconfig cannot be made.
    pub fn identity(&self, user: &str, groups: &[&str]) -> Result<Identity> {
        self.write_identity(user, self.authority.user(user, groups)?)
    }

    /// A user whose certificate expired years ago.
    ///
    /// # Errors
    /// When the certificate or the kubeconfig cannot be made.
    pub fn expired_identity(&self, user: &str) -> Result<Identity> {
        self.write_identity(user, self.authority.expired_user(user)?)
    }

    fn write_identity(&self, user: &str, credentials: identity::Pair) -> Result<Identity> {
        let text = identity::kubeconfig(&self.api, self.authority.certificate(), user, &credentials);
        let kubeconfig = self.write_kubeconfig(&text)?;
        Ok(Identity { user: user.to_owned(), kubeconfig, credentials })
    }

    /// Writes a kubeconfig of the test's own making into a file that ends with the lab.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_kubeconfig(&self, text: &str) -> Result<PathBuf> {
        let (_, path) = tempfile::Builder::new()
            .prefix("kubeconfig-")
            .tempfile_in(self.layout.identities())
            .and_then(|file| file.keep().map_err(Into::into))
            .context("cannot make a kubeconfig")?;
        identity::write_private(&path, text)?;
        Ok(path)
    }

    /// Makes a namespace whose name begins with `name`. Dropping it deletes it.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn namespace(&self, name: &str) -> Result<Namespace> {
        Namespace::create(self.clone(), name).await
    }

    /// The same with exactly this name.
    ///
    /// # Errors
    /// When there is such a namespace already, or the API server refuses.
    pub async fn namespace_called(&self, name: &str) -> Result<Namespace> {
        Namespace::create_exactly(self.clone(), name.to_owned()).await
    }

    /// kubectl with a kubeconfig, without a namespace of its own.
    pub fn kubectl(&self, kubeconfig: impl Into<PathBuf>) -> Kubectl {
        Kubectl::new(self, kubeconfig.into(), None)
    }

    /// Installs resource definitions that are not there from the start.
    ///
    /// # Errors
    /// When the API server refuses or does not serve them in time.
    pub async fn install(&self, set: Crd) -> Result<()> {
        crds::install(&self.client, &self.toolchain, set).await
    }
}

fn plugin_folder() -> Result<PathBuf> {
    if let Some(set) = std::env::var_os("LAB_PLUGINS") {
        return Ok(set.into());
    }
    let this = std::env::current_exe().context("cannot find this program")?;
    let folder = this.parent().context("this program has no folder")?;
    // Test programs lie in target/PROFILE/deps, others in target/PROFILE.
    let folder = if folder.ends_with("deps") { folder.parent().unwrap_or(folder) } else { folder };
    Ok(folder.to_owned())
}

/// Asks every 25 ms until `condition` gives a value; the condition's own errors end it.
///
/// # Errors
/// When the condition fails, or gives nothing within `limit`; the text names `what`.
pub async fn eventually<T, F>(what: &str, limit: Duration, mut condition: impl FnMut() -> F) -> Result<T>
where
    F: Future<Output = Result<Option<T>>>,
{
    let deadline = Instant::now() + limit;
    loop {
        if let Some(value) = condition().await.with_context(|| format!("while waiting: {what}"))? {
            return Ok(value);
        }
        if Instant::now() >= deadline {
            bail!("not within {limit:?}: {what}");
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
}
