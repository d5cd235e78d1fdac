//! What kubectl refuses of a cluster and a user before it connects
//! (`client-go/tools/clientcmd/validation.go`, `client-go/transport/transport.go`).

use std::path::Path;

use anyhow::{Context as _, Result, ensure};

use super::entries::{ClusterEntry, ExecEntry, UserEntry};

/// # Errors
/// Where the entries contradict each other, or name a file that can't be read.
pub(super) fn hold(cluster: &ClusterEntry, user: &UserEntry) -> Result<()> {
    of_cluster(cluster).context("the cluster's entry")?;
    of_user(user).context("the user's entry")
}

fn of_cluster(cluster: &ClusterEntry) -> Result<()> {
    let has_file = !cluster.certificate_authority.is_empty();
    let has_data = !cluster.certificate_authority_data.is_empty();
    ensure!(!(has_file && has_data), "certificate-authority and certificate-authority-data are both set");
    ensure!(
        !(cluster.insecure_skip_tls_verify && (has_file || has_data)),
        "insecure-skip-tls-verify is set, and a certificate authority too"
    );
    readable("certificate-authority", &cluster.certificate_authority)
}

fn of_user(user: &UserEntry) -> Result<()> {
    let has_basic = !user.username.is_empty() || !user.password.is_empty();
    ensure!(user.token.is_empty() || !has_basic, "a token and a user name with password are both set");
    if user.has_certificate() {
        of_certificate(user)?;
    }
    if let Some(exec) = &user.exec {
        ensure!(user.auth_provider.is_none(), "exec and auth-provider are both set");
        of_exec(exec).context("exec")?;
    }
    let acts = !user.as_uid.is_empty() || !user.as_groups.is_empty() || !user.as_user_extra.is_empty();
    ensure!(!acts || !user.as_user.is_empty(), "a group, UID or extra is impersonated, and no user: add --as");
    Ok(())
}

fn of_certificate(user: &UserEntry) -> Result<()> {
    let one = |name: &str, file: &str, data: &[u8]| {
        ensure!(file.is_empty() || data.is_empty(), "{name} and {name}-data are both set");
        readable(name, file)
    };
    ensure!(!user.client_key.is_empty() || !user.client_key_data.is_empty(), "a client-certificate needs a client-key");
    one("client-certificate", &user.client_certificate, &user.client_certificate_data)?;
    one("client-key", &user.client_key, &user.client_key_data)
}

/// That a plugin has a version which it could be run with; to a server without TLS none is run, and kubectl
/// doesn't look.
///
/// # Errors
/// Where it has not.
pub fn has_known_version(user: &UserEntry) -> Result<()> {
    let version = user.exec.as_ref().map(|exec| exec.api_version.as_str());
    let is_known = version.is_none_or(|version| [V1, "client.authentication.k8s.io/v1beta1"].contains(&version));
    ensure!(is_known, "the user's entry: exec: its apiVersion is neither {V1} nor v1beta1");
    Ok(())
}

const V1: &str = "client.authentication.k8s.io/v1";

fn of_exec(exec: &ExecEntry) -> Result<()> {
    ensure!(!exec.command.is_empty(), "no command");
    ensure!(exec.env.iter().all(|variable| !variable.name.is_empty()), "env has a variable without a name");
    ensure!(!exec.api_version.is_empty(), "no apiVersion");
    let mode = exec.interactive_mode.as_str();
    ensure!(exec.api_version != V1 || !mode.is_empty(), "apiVersion v1 needs an interactiveMode");
    ensure!(["", "Never", "IfAvailable", "Always"].contains(&mode), "no such interactiveMode");
    Ok(())
}

fn readable(what: &str, path: &str) -> Result<()> {
    if !path.is_empty() {
        std::fs::File::open(Path::new(path)).with_context(|| format!("{what} {path}"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(cluster: &str, user: &str) -> String {
        let cluster: ClusterEntry = serde_json::from_str(cluster).unwrap();
        let user: UserEntry = serde_json::from_str(user).unwrap();
        hold(&cluster, &user).map_or_else(|error| format!("{error:#}"), |()| String::new())
    }

    #[test]
    fn what_belongs_together_is_taken() {
        let plugin =
            r#"{"exec": {"apiVersion": "client.authentication.k8s.io/v1beta1", "command": "aws"}, "token": "t"}"#;
        assert_eq!(refused("{}", plugin), "");
        assert_eq!(refused("{}", r#"{"client-key": "/nowhere"}"#), "", "a key alone is passed over");
        assert_eq!(refused(r#"{"insecure-skip-tls-verify": true}"#, r#"{"as": "lee", "as-groups": ["ops"]}"#), "");
    }

    #[test]
    fn contradictions_are_refused() {
        for (user, told) in [
            (r#"{"token": "t", "username": "lee"}"#, "a token and a user name"),
            (r#"{"client-certificate-data": "aGk="}"#, "needs a client-key"),
            (r#"{"client-certificate": "/nowhere", "client-key": "/nowhere"}"#, "client-certificate /nowhere"),
            (r#"{"as-groups": ["ops"]}"#, "and no user"),
            (r#"{"exec": {"command": "aws"}}"#, "no apiVersion"),
            (r#"{"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": "aws"}}"#, "interactiveMode"),
            (r#"{"exec": {"apiVersion": "client.authentication.k8s.io/v1beta1"}}"#, "no command"),
        ] {
            assert!(refused("{}", user).contains(told), "{user}: {}", refused("{}", user));
        }
        let both = r#"{"certificate-authority-data": "aGk=", "insecure-skip-tls-verify": true}"#;
        assert!(refused(both, "{}").contains("insecure-skip-tls-verify"));
    }
}
