//! What a person reads of one repository.

use jiff::Timestamp;
use release_cli::table::table;
use release_core::duration;
use release_core::registry::image::short_digest;
use release_core::registry::lifecycle_policy::{Action, Kept, LimitKind, Policy, Raised, Rule, Verdict};
use release_core::text::{and_more, one_line, printable};

use super::compare::Comparison;
use super::going_later;
use super::outlook::{InForce, Outlook};
use super::row::Row;
use super::words::{image_name, images};

/// So many rows are shown without `-o wide`.
const SHOWN: usize = 20;

/// How an outlook is shown.
#[derive(Debug, Clone, Copy)]
pub struct View {
    /// Every image, with digest and reason.
    pub wide: bool,
    pub now: Timestamp,
    /// Everything was read that may need images.
    pub whole: bool,
}

/// Heading, rules with what changes, images that go, and a summary.
#[must_use]
pub fn outlook(outlook: &Outlook, location: &str, view: View) -> String {
    let mut parts = vec![heading(&outlook.repository, location, outlook.rows.len())];
    if let InForce::Unreadable { text, .. } = &outlook.in_force {
        parts.push(format!("in force, and overwritten:\n{}", unreadable(text)));
    }
    parts.extend(outlook.difference.changes.iter().map(ToString::to_string));
    let rows: Vec<&Row> =
        outlook.rows.iter().filter(|row| view.wide || row.goes().is_some() || row.is_threatened()).collect();
    if !rows.is_empty() {
        parts.push(String::new());
        parts.push(if view.wide { wide_table(&rows, view.now) } else { short_table(&rows, view.now) });
    }
    parts.push(String::new());
    parts.push(summary(outlook, view.whole));
    parts.extend(disagreements(outlook, view));
    parts.join("\n")
}

/// A policy as ECR has it, which we can't read: its own lines, each as one of ours.
#[must_use]
pub fn unreadable(text: &str) -> String {
    text.lines().map(|line| format!("  | {}", one_line(line))).collect::<Vec<_>>().join("\n")
}

/// `repository/api   123456789012 ap-southeast-2   6 images`
#[must_use]
pub fn heading(repository: &str, location: &str, count: usize) -> String {
    format!("repository/{repository}   {location}   {}", images(count))
}

fn short_table(rows: &[&Row], now: Timestamp) -> String {
    let shown: Vec<Vec<String>> = rows
        .iter()
        .take(SHOWN)
        .map(|row| vec![goes(row), image_name(&row.tags, &row.digest), age(row, now), rule(row), in_use(row)])
        .collect();
    let mut text = table(&["GOES", "IMAGE", "PUSHED", "RULE", "IN USE"], &shown);
    if let Some(hidden @ 1..) = rows.len().checked_sub(SHOWN) {
        text.push_str(&format!("\n… and {hidden} more (-o wide shows all)"));
    }
    text
}

fn wide_table(rows: &[&Row], now: Timestamp) -> String {
    let cells = |row: &&Row| {
        vec![
            goes(row),
            row.tags.iter().map(|t| printable(t)).collect::<Vec<_>>().join(","),
            row.digest.clone(),
            age(row, now),
            rule(row),
            why(row),
            in_use(row),
        ]
    };
    let shown: Vec<Vec<String>> = rows.iter().map(cells).collect();
    table(&["GOES", "TAGS", "DIGEST", "PUSHED", "RULE", "WHY", "IN USE"], &shown)
}

fn goes(row: &Row) -> String {
    match row.goes() {
        Some((Action::Expire, _)) => "expires",
        Some((Action::Archive, _)) => "archived",
        None if row.verdict.may_go() => "maybe",
        None => "",
    }
    .to_owned()
}

fn rule(row: &Row) -> String {
    let ours = match &row.verdict {
        Verdict::Taken(taken) => Some(taken.rule),
        Verdict::Kept(Kept::Spared { rule, .. } | Kept::NeededBy { rule, .. }) => Some(*rule),
        Verdict::Kept(Kept::NoRule) => None,
    };
    ours.or_else(|| row.theirs.as_ref().map(|t| t.rule)).map(|rule| rule.to_string()).unwrap_or_default()
}

fn why(row: &Row) -> String {
    match &row.verdict {
        Verdict::Taken(taken) => match &taken.with {
            Some(subject) => format!("goes with {}", short_digest(subject)),
            None => "beyond the limit".to_owned(),
        },
        Verdict::Kept(Kept::NoRule) => "no rule".to_owned(),
        Verdict::Kept(Kept::Spared { tied: false, .. }) => "within the limit".to_owned(),
        Verdict::Kept(Kept::Spared { tied: true, .. }) => "same time as one that goes".to_owned(),
        Verdict::Kept(Kept::NeededBy { index, .. }) => format!("part of {}", short_digest(index)),
    }
}

/// The gravest use in a word or two; the findings say more.
fn in_use(row: &Row) -> String {
    row.uses.first().map(|used| used.id().as_str().replace('-', " ")).unwrap_or_default()
}

/// In whole days, once there is one.
fn age(row: &Row, now: Timestamp) -> String {
    let days = now.duration_since(row.pushed_at).as_hours() / 24;
    if days > 0 { format!("{days}d") } else { duration::age(row.pushed_at, now) }
}

/// `stay 5, expire 1; nothing in use goes`; only what was read can be spoken of.
#[must_use]
pub fn summary(outlook: &Outlook, whole: bool) -> String {
    let archive = outlook.count(Action::Archive);
    let archived = if archive > 0 { format!(", archive {archive}") } else { String::new() };
    let threatened = outlook.threatened().count();
    let later = going_later::in_words(outlook);
    let in_use = match (threatened, later) {
        (0, Some(later)) => later,
        (0, None) if whole => "nothing in use goes".to_owned(),
        (0, None) => "nothing goes that is known to be in use".to_owned(),
        (some, later) => {
            let later = later.map(|later| format!("; {later}")).unwrap_or_default();
            format!("{} in use would go{later}", images(some))
        }
    };
    let ecr = if outlook.comparison == Comparison::Same { "; ECR's preview says the same" } else { "" };
    format!("stay {}, expire {}{archived}; {in_use}{ecr}", outlook.staying(), outlook.count(Action::Expire))
}

fn disagreements(outlook: &Outlook, view: View) -> Vec<String> {
    let Comparison::Differs(found) = &outlook.comparison else { return Vec::new() };
    if !view.wide {
        return Vec::new();
    }
    let side = |side: Option<(u32, Action)>| {
        side.map_or("stays".to_owned(), |(rule, action)| format!("{} by rule {rule}", action.word()))
    };
    let cells = found.iter().map(|d| {
        let row = outlook.rows.iter().find(|row| row.digest == d.digest);
        let name = row.map_or_else(|| short_digest(&d.digest), |row| image_name(&row.tags, &row.digest));
        vec![name, side(d.ours), side(d.ecr), d.why.unwrap_or_default().to_owned()]
    });
    vec![String::new(), table(&["IMAGE", "HERE", "ECR", "MAYBE BECAUSE"], &cells.collect::<Vec<_>>())]
}

/// The rules in words, for `show`.
#[must_use]
pub fn rules(policy: &Policy, wide: bool) -> String {
    let row = |rule: &Rule| {
        vec![
            rule.priority.to_string(),
            rule.images_in_words(),
            rule.limit.in_words(),
            rule.action.word().to_owned(),
            rule.description.as_deref().map(printable).unwrap_or_default(),
        ]
    };
    let rows: Vec<Vec<String>> = policy.rules.iter().map(row).collect();
    let headers = ["RULE", "IMAGES", "KEEPS", "THEN", "DESCRIPTION"];
    let columns = if wide { 5 } else { 4 };
    let rows: Vec<Vec<String>> = rows.into_iter().map(|row| row[..columns].to_vec()).collect();
    table(&headers[..columns], &rows)
}

/// What spares everything in use: what was raised, or what `--keep-rollback-target` would raise.
#[must_use]
pub fn protection(outlook: &Outlook) -> Vec<String> {
    let Some(protection) = &outlook.protection else { return Vec::new() };
    let done = protection.policy == outlook.policy;
    let lead = if done { "raised by --keep-rollback-target" } else { "--keep-rollback-target would raise" };
    protection.raised.iter().map(|one| format!("{lead}: {}", raised(one, outlook))).collect()
}

/// `rule 1: 5 -> 7 images, for latest-release-1.0.0`
fn raised(raised: &Raised, outlook: &Outlook) -> String {
    let unit = if raised.kind == LimitKind::Newest { "images" } else { "days" };
    let name = |digest: &String| {
        let row = outlook.rows.iter().find(|row| row.digest == *digest);
        row.map_or_else(|| short_digest(digest), |row| image_name(&row.tags, &row.digest))
    };
    let names: Vec<String> = raised.spares.iter().take(3).map(name).collect();
    let more = and_more(raised.spares.len(), 3);
    format!("rule {}: {} -> {} {unit}, for {}{more}", raised.rule, raised.from, raised.to, names.join(", "))
}

#[cfg(test)]
mod tests;
