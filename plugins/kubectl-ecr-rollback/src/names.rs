//! Workloads as people name them.

use std::fmt;

use release_core::failure::{Failure, Outcome};
use release_core::kube::WorkloadKind;
use release_core::text::printable;

/// A workload as people name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkloadName {
    pub kind: WorkloadKind,
    pub name: String,
}

impl fmt::Display for WorkloadName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind.short(), self.name)
    }
}

impl WorkloadName {
    /// Reads `deployment/api`, `deploy api`, `sts/db`, and what kubectl takes beside: kinds in any
    /// case, and with their group and version (`Deployment.apps/api`, `deployments.v1.apps/api`).
    ///
    /// # Errors
    /// Exit 2 for what is none.
    pub fn parse(words: &[String]) -> Outcome<Self> {
        let typed = words.join("/");
        let (typed_kind, name) = typed.split_once('/').unwrap_or((&typed, ""));
        let typed_kind = typed_kind.to_ascii_lowercase();
        let (kind, group) = typed_kind.split_once('.').unwrap_or((&typed_kind, "apps"));
        let kind = match kind {
            "deployment" | "deployments" | "deploy" => Some(WorkloadKind::Deployment),
            "statefulset" | "statefulsets" | "sts" => Some(WorkloadKind::StatefulSet),
            "daemonset" | "daemonsets" | "ds" => Some(WorkloadKind::DaemonSet),
            _ => None,
        };
        let kind = kind.filter(|_| matches!(group, "apps" | "v1.apps"));
        let bad = || {
            Failure::usage(format!("\"{}\" is no workload", printable(&words.join(" "))))
                .next("deployment/NAME, statefulset/NAME or daemonset/NAME; flags go after a command's name")
        };
        // RFC 1123 subdomain, as the API server demands.
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
        let named = !name.is_empty() && name.len() <= 253 && name.chars().all(plain) && !name.starts_with('.');
        kind.filter(|_| named).map(|kind| Self { kind, name: name.to_owned() }).ok_or_else(bad)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Outcome<WorkloadName> {
        WorkloadName::parse(&words.iter().map(ToString::to_string).collect::<Vec<_>>())
    }

    #[test]
    fn workloads_are_named_as_kubectl_takes_them() {
        for words in [
            &["deployment/api"][..],
            &["deploy/api"],
            &["deployments.apps/api"],
            &["deploy", "api"],
            &["Deployment/api"],
            &["DEPLOY/api"],
            &["deployments.v1.apps/api"],
            &["Deployment.v1.apps", "api"],
            &["deploy.apps/api"],
        ] {
            assert_eq!(parse(words).unwrap().to_string(), "deploy/api", "{words:?}");
        }
        assert_eq!(parse(&["sts/db-0.a"]).unwrap().kind, WorkloadKind::StatefulSet);
        assert_eq!(parse(&["ds", "agent"]).unwrap().kind, WorkloadKind::DaemonSet);
        let bad: [&[&str]; 11] = [
            &["deployments.v1beta1.apps/api"],
            &["deployment.extensions/api"],
            &["deployment./api"],
            &["api"],
            &["svc/api"],
            &["deploy/"],
            &["deploy/../secrets"],
            &["deploy/A"],
            &["deploy/a?x=1"],
            &["history", "deploy/api"],
            &[],
        ];
        for words in bad {
            assert!(parse(words).is_err(), "{words:?}");
        }
    }
}
