//! Whether a printed command reaches the cluster, as the user, that the run which printed it reached.

/// kubectl's flags that say which cluster, as whom and where; never a token, which must not be
/// printed. The short form stands behind the long one.
const CONNECTION: [(&str, &str); 13] = [
    ("--kubeconfig", ""),
    ("--context", ""),
    ("--cluster", ""),
    ("--user", ""),
    ("--server", "-s"),
    ("--as", ""),
    ("--as-group", ""),
    ("--as-uid", ""),
    ("--tls-server-name", ""),
    ("--certificate-authority", ""),
    ("--client-certificate", ""),
    ("--client-key", ""),
    ("--namespace", "-n"),
];
/// What is about the kubeconfig alone, or about no namespace.
const WITHOUT_NAMESPACE: [&str; 3] = ["config", "auth", "cluster-info"];

/// Objects that may live in another namespace than the Service that they are about.
const ROUTES: [&str; 3] = ["virtualservice", "httproute", "grpcroute"];

/// The first connection flag of the run that its command lacks.
#[must_use]
pub fn lost(typed: &[String], printed: &[String]) -> Option<String> {
    let verb = printed.get(1).map(String::as_str).unwrap_or_default();
    let needs = |flag: &str| match flag {
        "--kubeconfig" => true,
        "--namespace" => {
            let is_route = |word: &String| ROUTES.iter().any(|kind| word.starts_with(kind));
            let has_its_own =
                printed.iter().any(is_route) && connection(printed).iter().any(|(flag, _)| *flag == "--namespace");
            let is_everywhere = printed.iter().any(|word| word == "-A");
            !is_everywhere
                && !WITHOUT_NAMESPACE.contains(&verb)
                && !printed.iter().any(|word| word == "lifecycle")
                && !has_its_own
        }
        _ => verb != "config",
    };
    let (typed, printed) = (connection(typed), connection(printed));
    let lost = typed.into_iter().filter(|(flag, value)| needs(flag) && !value.is_empty());
    let mut lost = lost.map(|(flag, value)| (flag, without_password(value))).filter(|given| !printed.contains(given));
    lost.next().map(|(flag, value)| format!("{flag} {value} is lost"))
}

/// True for what a run over all namespaces printed about another one than its own: that is another test's, which
/// may be over by now.
#[must_use]
pub fn is_about_another_namespace(typed: &[String], printed: &[String]) -> bool {
    let namespace =
        |words| connection(words).into_iter().find_map(|(flag, value)| (flag == "--namespace").then_some(value));
    let is_everywhere = typed.iter().any(|word| word == "-A" || word == "--all-namespaces");
    is_everywhere && namespace(printed).is_some_and(|there| namespace(typed).is_some_and(|here| here != there))
}

/// A password in an address must not be printed either: `https://lee:secret@host`.
fn without_password(value: String) -> String {
    let Some((userinfo, host)) = value.rsplit_once('@') else { return value };
    let rest = userinfo.split_once("://").map_or(userinfo, |(_, rest)| rest);
    let scheme = userinfo.strip_suffix(rest).unwrap_or_default();
    rest.split_once(':').map_or(value.clone(), |(user, _)| format!("{scheme}{user}@{host}"))
}

/// Connection flags with their values, by their long names.
fn connection(words: &[String]) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        for (long, short) in CONNECTION {
            if word == long || (word == short && !short.is_empty()) {
                found.extend(words.clone().next().map(|value| (long, value.clone())));
            } else if let Some(value) = word.strip_prefix(long).and_then(|rest| rest.strip_prefix('=')) {
                found.push((long, value.to_owned()));
            }
        }
        if word == "--" {
            break;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::common::printed::words::split;

    fn lost_from(typed: &str, printed: &str) -> Option<String> {
        lost(&split(typed).unwrap(), &split(printed).unwrap())
    }

    #[test]
    fn of_all_namespaces_only_the_own_one_is_there_for_sure() {
        let of_others =
            |typed: &str, printed: &str| is_about_another_namespace(&split(typed).unwrap(), &split(printed).unwrap());
        assert!(of_others("bluegreen -n shop status -A", "kubectl bluegreen switch web -n other --to blue"));
        assert!(!of_others("bluegreen -n shop status -A", "kubectl bluegreen switch web -n shop --to blue"));
        assert!(!of_others("bluegreen -n shop status -A", "kubectl bluegreen switch web --to blue"), "it is lost");
        assert!(!of_others("bluegreen -n shop status", "kubectl bluegreen switch web -n other --to blue"));
    }

    #[test]
    fn a_command_that_would_reach_another_cluster_or_user_is_seen() {
        let typed = "bluegreen -n shop switch api --context prod --as lee --as-group=a --as-group b --token x";
        let whole = "kubectl bluegreen status api -n shop --context prod --as lee --as-group a --as-group b";
        assert_eq!(lost_from(typed, whole), None);
        assert_eq!(lost_from(typed, &whole.replace(" --as-group b", "")).as_deref(), Some("--as-group b is lost"));
        assert_eq!(lost_from(typed, &whole.replace(" -n shop", "")).as_deref(), Some("--namespace shop is lost"));
        let there = "kubectl patch virtualservice/api -n edge --context prod --as lee --as-group a --as-group b";
        assert_eq!(lost_from(typed, there), None, "it lives in a namespace of its own");
        assert_eq!(lost_from(typed, &there.replace(" -n edge", "")).as_deref(), Some("--namespace shop is lost"));
        assert_eq!(lost_from(typed, &whole.replace("-n shop", "-A")), None);
        assert_eq!(lost_from(typed, "kubectl auth whoami").as_deref(), Some("--context prod is lost"));
        assert_eq!(lost_from(typed, "kubectl config get-contexts"), None);
        let typed = "bluegreen -n shop status api --server https://lee:hunter2@host:6443";
        assert_eq!(lost_from(typed, "kubectl get pods -n shop --server https://lee@host:6443"), None);
        assert!(lost_from(typed, "kubectl get pods -n shop").is_some());
    }
}
