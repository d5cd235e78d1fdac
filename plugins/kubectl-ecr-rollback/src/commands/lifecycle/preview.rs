//! `lifecycle preview`: what a policy would take, who uses it, and what ECR itself says.

use std::collections::BTreeSet;

use release_cli::report::Report;
use release_core::checks::finding::Finding;
use release_core::checks::ids::{self, CheckId};
use release_core::checks::weighing::blocking;
use release_core::failure::Outcome;

use crate::lifecycle::args::PreviewArgs;
use crate::lifecycle::document::{PreviewMembers, PreviewedRepository};
use crate::lifecycle::objections::objections;
use crate::lifecycle::options::apply_command;
use crate::lifecycle::usage::Forced;
use crate::repositories::clusters::Looked;
use crate::repositories::failures::ended;
use crate::repositories::judge::{Question, judge};
use crate::repositories::session::Session;

/// What no number answers that is raised.
const NOT_KNOWN: [CheckId; 2] = [ids::INDEXES, ids::POLICY_UNREADABLE];

/// Runs the verb.
///
/// # Errors
/// Exit 1 where a repository can't be read; the others are shown all the same.
pub async fn run(session: &Session, args: &PreviewArgs, report: &mut Report<PreviewMembers>) -> Outcome<()> {
    let forced = Forced::default();
    let question =
        Question { repositories: &args.repositories, policy: &args.policy, clusters: &args.clusters, forced: &forced };
    let mut judged = judge(session, &question).await?;
    let outlooks = std::mem::take(&mut judged.outlooks);
    let several = outlooks.len();
    let mut parts = Vec::new();
    let mut failures = Vec::new();
    for (name, outlook) in outlooks {
        report.names.push(format!("repository/{name}"));
        match outlook {
            Ok(outlook) => {
                let findings = objections(&outlook, &forced);
                parts.push(judged.section(session, &outlook, &findings));
                let outlook = judged.document(&outlook);
                report.members.repositories.push(PreviewedRepository { name, outlook });
                report.findings.extend(findings);
            }
            Err(failure) => failures.push((name, failure)),
        }
    }
    report.context = Some(judged.looked.contexts().join(","));
    let unread = judged.looked.findings(&judged.location(), false);
    // Of a repository that can't be read there is nothing to put in force.
    let next = if failures.is_empty() { next_line(session, args, &report.findings) } else { String::new() };
    parts.push(foot(session, &judged.looked, &unread, several, &next));
    report.findings.extend(unread);
    report.text = parts.join("\n\n");
    ended(failures)
}

fn foot(session: &Session, looked: &Looked, unread: &[Finding], repositories: usize, next: &str) -> String {
    let total = if repositories > 1 { format!("{repositories} repositories; ") } else { String::new() };
    let looked_at = format!("{total}clusters looked at: {}", looked.names());
    let mut lines = vec![looked_at, session.plain(unread), next.to_owned()];
    lines.retain(|line| !line.is_empty());
    lines.join("\n")
}

/// The command that applies what was previewed, without hurting anybody.
fn next_line(session: &Session, args: &PreviewArgs, findings: &[Finding]) -> String {
    if !args.policy.is_named() {
        return String::new();
    }
    if !args.policy.is_repeatable() {
        return "Apply: the same words with `apply`, and the policy once more, or from a file".to_owned();
    }
    let blocks: BTreeSet<CheckId> = blocking(findings).map(|finding| finding.id).collect();
    let unknown: Vec<CheckId> = blocks.into_iter().filter(|id| NOT_KNOWN.contains(id)).collect();
    if !unknown.is_empty() {
        let forced = Forced::default().and(&unknown).typed();
        return format!("Apply: refused for what could not be read, unless --force={forced} gives it up");
    }
    let command = apply_command(&args.repositories, &args.policy, &args.clusters).scope(&session.connection.scope());
    let protect = args.clusters.keep_rollback_target || blocking(findings).count() > 0;
    format!("Apply: {}", if protect { command.arg("--keep-rollback-target") } else { command })
}
