//! Which cluster to talk to and as whom, as kubectl's flags say it.

use std::path::PathBuf;
use std::time::Duration;

use release_core::command::{Own, Scope};
use release_core::log::Log;

use crate::userinfo::{without_password, without_password_of_url};

/// kubectl's connection flags as values
/// (<https://kubernetes.io/docs/reference/kubectl/kubectl/#options>).
#[derive(Debug, Clone, Default)]
pub struct Connection {
    pub kubeconfig: Option<PathBuf>,
    pub context: Option<String>,
    pub cluster: Option<String>,
    pub user: Option<String>,
    pub namespace: Option<String>,
    pub server: Option<String>,
    pub token: Option<String>,
    /// User, groups and UID to impersonate.
    pub as_user: Option<String>,
    pub as_groups: Vec<String>,
    pub as_uid: Option<String>,
    /// Limit for one API request.
    pub request_timeout: Duration,
    pub tls_server_name: Option<String>,
    pub insecure_skip_tls_verify: bool,
    pub certificate_authority: Option<PathBuf>,
    pub client_certificate: Option<PathBuf>,
    pub client_key: Option<PathBuf>,
    /// What commands of the program repeat besides.
    pub own: Own,
    /// The name that writes are recorded under.
    pub field_manager: String,
    /// Where warnings of the server go, and requests from level 6 of kubectl's `-v` on.
    pub log: Log,
}

impl Connection {
    /// What a printed command must repeat to reach the same cluster as the same user; never the
    /// token, nor a password in an address.
    #[must_use]
    pub fn scope(&self) -> Scope {
        let path = |path: &Option<PathBuf>| path.as_ref().map(|path| path.display().to_string());
        let once = [
            ("--kubeconfig", path(&self.kubeconfig)),
            ("--context", self.context.clone()),
            ("--cluster", self.cluster.clone()),
            ("--user", self.user.clone()),
            ("--server", self.server.as_deref().map(without_password)),
            ("--as", self.as_user.clone()),
        ];
        let groups = self.as_groups.iter().map(|group| ("--as-group", Some(group.clone())));
        let then = [
            ("--as-uid", self.as_uid.clone()),
            ("--tls-server-name", self.tls_server_name.clone()),
            ("--certificate-authority", path(&self.certificate_authority)),
            ("--client-certificate", path(&self.client_certificate)),
            ("--client-key", path(&self.client_key)),
        ];
        let shown = |value: String| without_password_of_url(&value);
        let valued =
            once.into_iter().chain(groups).chain(then).filter_map(|(flag, value)| Some([flag.into(), shown(value?)]));
        let unchecked = self.insecure_skip_tls_verify.then(|| "--insecure-skip-tls-verify".to_owned());
        Scope::new(valued.flatten().chain(unchecked).collect()).with_own(self.own.clone())
    }

    /// True where the typed server's address holds a password, which nothing repeats.
    #[must_use]
    pub fn has_password_in_server(&self) -> bool {
        self.server.as_deref().is_some_and(|server| without_password(server) != server)
    }

    /// What a printed command must repeat to read the same kubeconfig.
    #[must_use]
    pub fn scope_of_file(&self) -> Scope {
        Self { kubeconfig: self.kubeconfig.clone(), ..Self::default() }.scope()
    }
}

#[cfg(test)]
mod tests {
    use release_core::command::Command;

    use super::*;

    #[test]
    fn repeated_flags_reach_the_same_cluster_as_the_same_user_and_never_hold_the_token() {
        let connection = Connection {
            context: Some("prod eu".into()),
            token: Some("secret".into()),
            as_user: Some("lee".into()),
            as_groups: vec!["dev".into(), "ops".into()],
            as_uid: Some("7".into()),
            ..Connection::default()
        };
        let command = Command::new("kubectl get pods").scope(&connection.scope());
        assert_eq!(
            command.to_string(),
            "kubectl get pods --context 'prod eu' --as lee --as-group dev --as-group ops --as-uid 7"
        );
    }

    #[test]
    fn a_password_in_an_address_is_not_repeated() {
        let server = Some("https://lee:SECRET@10.0.0.1:6443".to_owned());
        let context = Some("https://lee:SECRET@prod".to_owned());
        let connection = Connection { server, context, ..Connection::default() };
        assert!(connection.has_password_in_server());
        let command = Command::new("kubectl get pods").scope(&connection.scope()).to_string();
        assert_eq!(command, "kubectl get pods --context https://lee@prod --server https://lee@10.0.0.1:6443");
    }
}
