//! `lifecycle show`: the policy in force, rule by rule.

use futures::future::join_all;
use release_cli::report::Report;
use release_core::checks::finding::Finding;
use release_core::failure::Outcome;
use release_core::registry::lifecycle_policy::{Remark, remarks};

use crate::lifecycle::args::ShowArgs;
use crate::lifecycle::document::{ShowMembers, ShownRepository};
use crate::lifecycle::outlook::InForce;
use crate::lifecycle::{options, text};
use crate::repositories::failures::ended;
use crate::repositories::read::{self, Found, RegistryReader};
use crate::repositories::session::Session;

/// Runs the verb.
///
/// # Errors
/// Exit 1 where a repository can't be read; the others are shown all the same.
pub async fn run(session: &Session, args: &ShowArgs, report: &mut Report<ShowMembers>) -> Outcome<()> {
    let wanted = options::repositories(&args.repositories)?;
    let registry = read::registry(&wanted, &session.connection).await?;
    let reader = RegistryReader::within(args.limit.timeout, registry);
    let found = read::repositories(&reader, &wanted).await?;
    let shown: Vec<(String, Outcome<InForce>)> =
        join_all(found.into_iter().map(|found| policy_of(&reader, found))).await;
    let mut parts = Vec::new();
    let mut failures = Vec::new();
    for (name, in_force) in shown {
        report.names.push(format!("repository/{name}"));
        match in_force {
            Ok(in_force) => {
                let lead = format!("repository/{name}   {}", reader.registry.location());
                parts.push(format!("{lead}\n{}", add(&name, &in_force, session, report)));
            }
            Err(failure) => failures.push((name, failure)),
        }
    }
    report.text = parts.join("\n\n");
    ended(failures)
}

async fn policy_of(reader: &RegistryReader, (name, repository): Found) -> (String, Outcome<InForce>) {
    let read = async || Ok(read::in_force(&reader.registry, &name).await?);
    let in_force = match repository {
        Err(failure) => Err(failure),
        Ok(_) => reader.turns.read(read, || reader.late(&name)).await,
    };
    (name, in_force)
}

/// Adds a repository to the report; its text.
fn add(name: &str, in_force: &InForce, session: &Session, report: &mut Report<ShowMembers>) -> String {
    let remarks: Vec<Remark> = in_force.policy().map(remarks).unwrap_or_default();
    let warn = |remark: &Remark| Finding::warns(name, remark.id, format!("rule {}: {}", remark.rule, remark.message));
    let findings: Vec<Finding> = remarks.iter().map(warn).collect();
    report.members.repositories.push(ShownRepository::new(name, in_force, &remarks));
    let shown = match in_force {
        InForce::None => "no lifecycle policy: nothing expires".to_owned(),
        InForce::Policy(policy) => text::rules(policy, session.wide()),
        InForce::Unreadable { text, problems } => {
            let lines: Vec<String> = problems.iter().map(|problem| format!("  {problem}")).collect();
            format!("the policy in force can't be read:\n{}\n{}", lines.join("\n"), text::unreadable(text))
        }
        // It is all that was asked for here.
        InForce::Unknown(why) => format!("the policy in force can't be read: {why}"),
    };
    let noted = session.plain(&findings);
    report.findings.extend(findings);
    if noted.is_empty() { shown } else { format!("{shown}\n{noted}") }
}
