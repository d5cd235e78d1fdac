//! Workloads as people name them.

use release_core::failure::{Failure, Outcome};
use release_core::text::printable;

/// Kinds in any case, and with their group and version, as kubectl takes them.
const DEPLOYMENT: [&str; 3] = ["deployment", "deployments", "deploy"];
const GROUPS: [&str; 3] = ["", "apps", "v1.apps"];
/// What stands behind the name of the stable Deployment.
const CANARY: &str = "-canary";

/// The name of a Deployment: `api`, `deploy/api`, `deployments.apps/api`, or in two words.
///
/// # Errors
/// Exit 2 for what is none.
pub fn deployment(words: &[String]) -> Outcome<String> {
    let typed = words.join("/");
    let (kind, name) = typed.split_once('/').unwrap_or(("deploy", &typed));
    let kind = kind.to_ascii_lowercase();
    let (kind, group) = kind.split_once('.').unwrap_or((&kind, ""));
    let bad = |next: &str| Err(Failure::usage(format!("\"{}\" is no Deployment", printable(&typed))).next(next));
    if !DEPLOYMENT.contains(&kind) || !GROUPS.contains(&group) {
        return bad("NAME or deploy/NAME: a canary is released beside a Deployment");
    }
    // RFC 1123 subdomain, as the API server demands.
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
    let is_name = !name.is_empty() && name.chars().all(plain) && !name.starts_with(['-', '.']);
    if !is_name || name.len().saturating_add(CANARY.len()) > 253 {
        return bad("NAME or deploy/NAME; flags go after a command's name");
    }
    Ok(name.to_owned())
}

/// The name of the canary beside it.
#[must_use]
pub fn canary_of(stable: &str) -> String {
    format!("{stable}{CANARY}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deployments_are_named_as_kubectl_takes_them() {
        let parse = |words: &[&str]| deployment(&words.iter().map(ToString::to_string).collect::<Vec<_>>());
        for words in
            [&["api"][..], &["deploy/api"], &["deploy", "api"], &["Deployment.v1.apps/api"], &["deployments.apps/api"]]
        {
            assert_eq!(parse(words).unwrap(), "api", "{words:?}");
        }
        for words in
            [&["sts/api"][..], &["deploy/"], &["deploy/../x"], &["Api"], &["deploy.extensions/api"], &["-x"], &[""]]
        {
            assert!(parse(words).is_err(), "{words:?}");
        }
    }
}
