//! kubectl's own connection flags.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::builder::{OsStringValueParser, TypedValueParser};
use release_cluster::connection::Connection;
use release_core::command::Own;
use release_core::duration::duration;
use release_core::log::Log;

use crate::output;

/// Limit for one request where the user sets none.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(15);

/// kubectl's own connection flags.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Connection (as in kubectl)")]
pub struct ConnectionFlags {
    /// What commands of the program repeat besides, which the program says.
    #[arg(skip)]
    pub own: Own,
    /// Path to the kubeconfig file
    #[arg(long, global = true, value_name = "FILE", value_parser = file(), hide_short_help = true)]
    pub kubeconfig: Option<PathBuf>,
    /// Name of the kubeconfig context
    #[arg(long, global = true, value_name = "NAME")]
    pub context: Option<String>,
    /// Name of the kubeconfig cluster
    #[arg(long, global = true, value_name = "NAME", hide_short_help = true)]
    pub cluster: Option<String>,
    /// Name of the kubeconfig user
    #[arg(long, global = true, value_name = "NAME", hide_short_help = true)]
    pub user: Option<String>,
    /// Namespace
    #[arg(short, long, global = true, value_name = "NAME")]
    pub namespace: Option<String>,
    /// Address of the API server
    #[arg(short, long, global = true, value_name = "URL", hide_short_help = true)]
    pub server: Option<String>,
    /// Bearer token
    #[arg(long, global = true, value_name = "TOKEN", hide_short_help = true)]
    pub token: Option<String>,
    /// User to impersonate
    #[arg(long = "as", global = true, value_name = "USER", hide_short_help = true)]
    pub as_user: Option<String>,
    /// Group to impersonate; may be repeated
    #[arg(long, global = true, value_name = "GROUP", hide_short_help = true)]
    pub as_group: Vec<String>,
    /// UID to impersonate
    #[arg(long, global = true, value_name = "UID", hide_short_help = true)]
    pub as_uid: Option<String>,
    /// Limit for one API request, such as 5s; 0 means none [default: 15s]
    #[arg(long, global = true, value_name = "TIME", value_parser = duration, hide_short_help = true)]
    pub request_timeout: Option<Duration>,
    /// Server name for validating the server's certificate
    #[arg(long, global = true, value_name = "NAME", hide_short_help = true)]
    pub tls_server_name: Option<String>,
    /// Don't check the server's certificate
    #[arg(long, global = true, hide_short_help = true)]
    pub insecure_skip_tls_verify: bool,
    /// Certificate authority file
    #[arg(long, global = true, value_name = "FILE", value_parser = file(), hide_short_help = true)]
    pub certificate_authority: Option<PathBuf>,
    /// Client certificate file
    #[arg(long, global = true, value_name = "FILE", value_parser = file(), hide_short_help = true)]
    pub client_certificate: Option<PathBuf>,
    /// Client key file
    #[arg(long, global = true, value_name = "FILE", value_parser = file(), hide_short_help = true)]
    pub client_key: Option<PathBuf>,
    /// Name of the field manager that writes are recorded under
    #[arg(
        long,
        global = true,
        value_name = "NAME",
        default_value = "kubectl-release",
        hide_short_help = true,
        hide_default_value = true
    )]
    pub field_manager: String,
    /// Log requests to stderr from level 6 on (never headers or bodies)
    #[arg(
        short,
        long = "v",
        global = true,
        value_name = "LEVEL",
        default_value_t = 0,
        hide_short_help = true,
        hide_default_value = true
    )]
    pub verbosity: u8,
}

impl From<&ConnectionFlags> for Connection {
    fn from(flags: &ConnectionFlags) -> Self {
        Self {
            kubeconfig: path(&flags.kubeconfig),
            context: text(&flags.context),
            cluster: text(&flags.cluster),
            user: text(&flags.user),
            namespace: text(&flags.namespace),
            server: text(&flags.server),
            token: text(&flags.token),
            as_user: text(&flags.as_user),
            as_groups: flags.as_group.clone(),
            as_uid: text(&flags.as_uid),
            request_timeout: match flags.request_timeout {
                None => REQUEST_TIMEOUT,
                Some(Duration::ZERO) => Duration::from_secs(24 * 3600),
                Some(limit) => limit,
            },
            tls_server_name: text(&flags.tls_server_name),
            insecure_skip_tls_verify: flags.insecure_skip_tls_verify,
            certificate_authority: path(&flags.certificate_authority),
            client_certificate: path(&flags.client_certificate),
            client_key: path(&flags.client_key),
            own: flags.own.clone(),
            field_manager: flags.field_manager.clone(),
            log: Log::new(flags.verbosity, |line| output::talk(line)),
        }
    }
}

/// To kubectl an empty flag, such as `--context "$CONTEXT"` without that variable, is none.
fn text(flag: &Option<String>) -> Option<String> {
    flag.clone().filter(|text| !text.is_empty())
}

fn path(flag: &Option<PathBuf>) -> Option<PathBuf> {
    flag.clone().filter(|path| !path.as_os_str().is_empty())
}

/// A file name, or nothing.
fn file() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new().map(PathBuf::from)
}
