//! `lifecycle show`: the policy in force, rule by rule.

use futures::{StreamExt, stream};
use kubectl_release::error::{Failure, Outcome};
use kubectl_release::finding::{self, Finding};
use kubectl_release::lifecycle_policy::remarks;
use kubectl_release::registry::Registry;
use kubectl_release::report::Report;
use serde_json::json;

use super::read::{self, AT_ONCE, Found};
use super::session::Session;
use crate::lifecycle::args::ShowArgs;
use crate::lifecycle::outlook::InForce;
use crate::lifecycle::{document, options, text};

/// Runs the verb.
///
/// # Errors
/// Exit 1 where a repository can't be read; the others are shown all the same.
pub async fn run(session: &Session<'_>, args: &ShowArgs, report: &mut Report) -> Outcome<()> {
    let wanted = options::repositories(&args.repositories)?;
    let registry = read::registry(&wanted, session.connection).await?;
    let found = read::repositories(&registry, &wanted).await?;
    let shown = stream::iter(found).map(|found| policy_of(&registry, found)).buffered(AT_ONCE);
    let shown: Vec<(String, Outcome<InForce>)> = shown.collect().await;
    let mut parts = Vec::new();
    let mut failures = Vec::new();
    for (name, in_force) in shown {
        report.names.push(format!("repository/{name}"));
        match in_force {
            Ok(in_force) => parts.push(add(&name, &in_force, &registry, session, report)),
            Err(failure) => failures.push((name, failure)),
        }
    }
    report.text = parts.join("\n\n");
    ended(failures)
}

async fn policy_of(registry: &Registry, (name, repository): Found) -> (String, Outcome<InForce>) {
    let in_force = match repository {
        Err(failure) => Err(failure),
        Ok(_) => read::in_force(registry, &name).await.map_err(Failure::from),
    };
    (name, in_force)
}

/// Adds a repository to the report; its text.
fn add(name: &str, in_force: &InForce, registry: &Registry, session: &Session<'_>, report: &mut Report) -> String {
    let mut findings: Vec<Finding> = Vec::new();
    let mut item = json!({"name": name, "policyInForce": document::in_force(in_force)});
    let shown = match in_force {
        InForce::None => "no lifecycle policy: nothing expires".to_owned(),
        InForce::Policy(policy) => {
            let remarks = remarks(policy);
            item["remarks"] = remarks.iter().map(document::remark).collect();
            let warn = |r: &kubectl_release::lifecycle_policy::Remark| {
                Finding::warns(name, r.id, format!("rule {}: {}", r.rule, r.message))
            };
            findings.extend(remarks.iter().map(warn));
            text::rules(policy, session.wide())
        }
        InForce::Unreadable(problems) => {
            item["problems"] = problems.iter().map(ToString::to_string).collect();
            let lines: Vec<String> = problems.iter().map(|problem| format!("  {problem}")).collect();
            format!("the policy in force can't be read:\n{}", lines.join("\n"))
        }
    };
    report.items.push(item);
    let mut lines = vec![format!("repository/{name}   {}", registry.place()), shown];
    let noted = finding::lines(&findings, finding::Look { colored: false, ..session.look(1) });
    if !noted.is_empty() {
        lines.push(noted);
    }
    report.findings.append(&mut findings);
    lines.join("\n")
}

/// One failure as it is; several as a count, each named before.
pub fn ended(mut failures: Vec<(String, Failure)>) -> Outcome<()> {
    match failures.len() {
        0 => Ok(()),
        1 => Err(failures.remove(0).1),
        several => {
            let lines: Vec<String> = failures.iter().map(|(name, why)| format!("  {name}: {why}")).collect();
            let message = format!("{several} repositories failed\n{}", lines.join("\n"));
            let failure = Failure::failed("SeveralFailed", message);
            Err(match failures.into_iter().find_map(|(_, failure)| failure.next) {
                Some(next) => failure.next(next),
                None => failure,
            })
        }
    }
}
