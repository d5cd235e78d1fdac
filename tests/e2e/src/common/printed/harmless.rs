//! A printed command as it can be tried without changing anything.

use anyhow::{Result, bail};

/// A plugin of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plugin {
    Bluegreen,
    Canary,
    EcrRollback,
}

/// What a command is tried as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trial {
    /// A plugin with these words; `writes` where it would change something if it were let.
    Ours { plugin: Plugin, words: Vec<String>, writes: bool },
    /// kubectl with these words.
    Kubectl { words: Vec<String>, writes: bool },
    /// Nothing that is here: the AWS CLI, another plugin.
    Elsewhere,
}

/// kubectl's verbs that only read.
const READS: [&str; 7] = ["get", "describe", "config", "auth", "cluster-info", "top", "events"];
/// Those that write, and can be tried by the API server alone.
const WRITES: [&str; 6] = ["patch", "scale", "set", "delete", "annotate", "label"];
/// Plugins that people may have.
const OTHER_PLUGINS: [&str; 1] = ["argo"];
/// Tried by the API server, which stores nothing.
const DRY_RUN: &str = "--dry-run=server";

/// Reads stay as they are, writes become dry runs, and where a person would be asked, yes is said.
///
/// # Errors
/// Where it is no command that is known here, or one that can't be tried without doing it.
pub fn harmless(words: &[String]) -> Result<Trial> {
    let Some((program, rest)) = words.split_first() else { bail!("no words") };
    if program == "aws" {
        return Ok(Trial::Elsewhere);
    }
    let Some((verb, behind)) = rest.split_first().filter(|_| program == "kubectl") else { bail!("no command") };
    match verb.as_str() {
        "bluegreen" => Ok(bluegreen(behind)),
        "canary" => Ok(canary(behind)),
        "ecr-rollback" => Ok(ecr_rollback(behind)),
        "rollout" => rollout(rest),
        "logs" => Ok(logs(behind)),
        verb if READS.contains(&verb) => Ok(Trial::Kubectl { words: rest.to_vec(), writes: false }),
        verb if WRITES.contains(&verb) => Ok(Trial::Kubectl { words: with(rest, &[DRY_RUN]), writes: true }),
        verb if OTHER_PLUGINS.contains(&verb) => Ok(Trial::Elsewhere),
        verb => bail!("it is not known here how to try kubectl {verb} without doing it"),
    }
}

fn bluegreen(words: &[String]) -> Trial {
    let writes = ["switch", "rollback", "cleanup"].iter().any(|verb| verb_of(words) == Some(verb));
    ours(Plugin::Bluegreen, words, writes.then_some(DRY_RUN))
}

fn canary(words: &[String]) -> Trial {
    let reads = ["plan", "status", "history", "completion"].iter().any(|verb| verb_of(words) == Some(verb));
    ours(Plugin::Canary, words, (!reads).then_some(DRY_RUN))
}

fn ecr_rollback(words: &[String]) -> Trial {
    let is = |word: &str| words.iter().any(|known| known == word);
    let dry_run = match verb_of(words) {
        Some("history" | "completion") => None,
        // ECR can't try a write without making it.
        Some("lifecycle") => is("apply").then_some("--dry-run=client"),
        _ => Some(DRY_RUN),
    };
    ours(Plugin::EcrRollback, words, dry_run)
}

fn verb_of(words: &[String]) -> Option<&str> {
    words.first().map(String::as_str)
}

/// Says yes, and asks for a document, unless the command does.
fn ours(plugin: Plugin, words: &[String], dry_run: Option<&str>) -> Trial {
    let has = |flags: &[&str]| words.iter().any(|word| flags.iter().any(|flag| word.starts_with(flag)));
    let mut more: Vec<&str> = dry_run.filter(|_| !has(&["--dry-run"])).into_iter().collect();
    if dry_run.is_some() && !has(&["--yes", "-y"]) {
        more.push("--yes");
    }
    if !has(&["-o", "--output"]) {
        more.push("-ojson");
    }
    Trial::Ours { plugin, words: with(words, &more), writes: dry_run.is_some() }
}

/// `resume` can't be tried: that its object is there is all that can be known.
fn rollout(words: &[String]) -> Result<Trial> {
    let Some((verb, behind)) = words[1..].split_first() else { bail!("rollout of what?") };
    match verb.as_str() {
        "status" => Ok(Trial::Kubectl { words: with(words, &["--watch=false"]), writes: false }),
        "history" => Ok(Trial::Kubectl { words: words.to_vec(), writes: false }),
        "undo" => Ok(Trial::Kubectl { words: with(words, &[DRY_RUN]), writes: true }),
        "resume" | "pause" | "restart" => {
            let get = std::iter::once("get".to_owned()).chain(behind.iter().cloned()).collect();
            Ok(Trial::Kubectl { words: get, writes: false })
        }
        verb => bail!("kubectl rollout {verb} is no command"),
    }
}

/// A log may have no line yet: that the pod, or what runs it, is there is what can be known.
fn logs(words: &[String]) -> Trial {
    let is_whole = words.iter().any(|word| word.contains('/'));
    let mut get = if is_whole { vec!["get".to_owned()] } else { vec!["get".to_owned(), "pod".to_owned()] };
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "-p" | "--previous" => {}
            "-c" | "--container" => drop(words.next()),
            _ => get.push(word.clone()),
        }
    }
    Trial::Kubectl { words: get, writes: false }
}

fn with(words: &[String], more: &[&str]) -> Vec<String> {
    words.iter().cloned().chain(more.iter().map(ToString::to_string)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::common::printed::words::split;

    fn tried(command: &str) -> String {
        match harmless(&split(command).unwrap()) {
            Ok(Trial::Ours { plugin, words, writes }) => format!("{plugin:?} {} ({writes})", words.join(" ")),
            Ok(Trial::Kubectl { words, writes }) => format!("kubectl {} ({writes})", words.join(" ")),
            Ok(Trial::Elsewhere) => "elsewhere".to_owned(),
            Err(why) => format!("{why:#}"),
        }
    }

    #[test]
    fn nothing_is_ever_written() {
        for (command, wanted) in [
            (
                "kubectl bluegreen switch api --to green -n shop",
                "Bluegreen switch api --to green -n shop --dry-run=server --yes -ojson (true)",
            ),
            (
                "kubectl bluegreen rollback api --yes -o name",
                "Bluegreen rollback api --yes -o name --dry-run=server (true)",
            ),
            ("kubectl bluegreen status api", "Bluegreen status api -ojson (false)"),
            (
                "kubectl ecr-rollback deploy/api --again",
                "EcrRollback deploy/api --again --dry-run=server --yes -ojson (true)",
            ),
            (
                "kubectl ecr-rollback unpin deploy/api",
                "EcrRollback unpin deploy/api --dry-run=server --yes -ojson (true)",
            ),
            ("kubectl canary abort api", "Canary abort api --dry-run=server --yes -ojson (true)"),
            ("kubectl ecr-rollback history deploy/api", "EcrRollback history deploy/api -ojson (false)"),
            (
                "kubectl ecr-rollback lifecycle apply api",
                "EcrRollback lifecycle apply api --dry-run=client --yes -ojson (true)",
            ),
            ("kubectl patch service api -p x", "kubectl patch service api -p x --dry-run=server (true)"),
            (
                "kubectl rollout undo deploy/api -n shop",
                "kubectl rollout undo deploy/api -n shop --dry-run=server (true)",
            ),
            ("kubectl rollout resume deploy/api -n shop", "kubectl get deploy/api -n shop (false)"),
            ("kubectl rollout status deploy/api", "kubectl rollout status deploy/api --watch=false (false)"),
            ("kubectl get pods -n shop", "kubectl get pods -n shop (false)"),
            ("kubectl logs -p api-x -c app -n shop", "kubectl get pod api-x -n shop (false)"),
            ("kubectl logs job/api-migrate -n shop", "kubectl get job/api-migrate -n shop (false)"),
            ("aws ecr describe-repositories", "elsewhere"),
            ("kubectl argo rollouts list rollouts", "elsewhere"),
        ] {
            assert_eq!(tried(command), wanted);
        }
        for unknown in ["kubectl drain node-a", "rm -rf x", "kubectl", "kubectl rollout back deploy/api"] {
            assert!(harmless(&split(unknown).unwrap()).is_err(), "{unknown}");
        }
    }
}
