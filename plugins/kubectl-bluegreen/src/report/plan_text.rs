//! The plan and its findings, as a person reads them.

use kubectl_release::image::ImageRef;
use kubectl_release::selector::Color;

use crate::checks::{Finding, Severity};
use crate::plan::{Move, Step};

/// How findings are shown.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    /// Also those that are kept behind `-o wide`.
    pub wide: bool,
    /// Several Services: each finding names its own.
    pub several: bool,
    pub colored: bool,
}

/// `service/api   context prod-eu   namespace shop`
#[must_use]
pub fn heading(services: &[String], context: &str, namespace: &str) -> String {
    let names: Vec<String> = services.iter().map(|name| format!("service/{name}")).collect();
    format!("{}   context {context}   namespace {namespace}", names.join(" "))
}

/// One or two lines for each Service.
#[must_use]
pub fn steps(steps: &[Step], image_of: impl Fn(&str, &str) -> String) -> String {
    let several = steps.len() > 1;
    let lines = steps.iter().map(|step| match step {
        Step::Move(m) => move_line(m, several, &image_of),
        Step::Nothing { service, message, next, .. } => {
            let hint = next.as_ref().map(|next| format!("\n  {next}")).unwrap_or_default();
            format!("  {}{message}{hint}", if several { format!("{service}: ") } else { String::new() })
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn move_line(m: &Move, several: bool, image_of: impl Fn(&str, &str) -> String) -> String {
    let lead = if several { format!("{}  ", m.service) } else { String::new() };
    let (before, after) = (image_of(&m.service, &m.from), image_of(&m.service, &m.to));
    let images = if before == after || after.is_empty() { String::new() } else { format!("   {before} -> {after}") };
    let note = m.note.as_ref().map(|note| format!("\n  ({note})")).unwrap_or_default();
    format!("  {lead}{}: {} -> {}{images}{note}", m.key, m.from, m.to)
}

/// Images of a color without their registry: `api:1.5.0`.
#[must_use]
pub fn short_image(color: &Color) -> String {
    let mut images: Vec<String> = color
        .workloads
        .iter()
        .map(|w| w.image())
        .filter(|i| !i.is_empty())
        .map(|i| ImageRef::parse(i).short())
        .collect();
    images.dedup();
    images.join(", ")
}

/// Findings a line each: `x` blocks, `!` warns, `?` was not checked, `-` blocks but is overridden.
#[must_use]
pub fn findings(findings: &[Finding], look: Look) -> String {
    let shown: Vec<&Finding> = findings.iter().filter(|f| look.wide || !f.quiet).collect();
    let id_width =
        shown.iter().filter(|f| f.severity != Severity::NotChecked).map(|f| f.id.len()).max().unwrap_or(0).max(11);
    let text_width = shown.iter().map(|f| f.message.chars().count()).max().unwrap_or(0).min(48);
    let lines = shown.iter().map(|finding| {
        let (symbol, paint) = match finding.severity {
            Severity::Blocks if finding.overridden => ("-", "33"),
            Severity::Blocks => ("x", "31"),
            Severity::Warns => ("!", "33"),
            Severity::NotChecked => ("?", "36"),
        };
        let symbol = if look.colored { format!("\u{1b}[{paint}m{symbol}\u{1b}[0m") } else { symbol.to_owned() };
        let id = if finding.severity == Severity::NotChecked { "not checked" } else { finding.id };
        let service = if look.several { format!("{}: ", finding.service) } else { String::new() };
        let fix = finding.fix.as_deref().unwrap_or_default();
        let forced = if finding.overridden { "(overridden) " } else { "" };
        format!("{symbol} {id:<id_width$}  {:<text_width$}  {fix}", format!("{service}{forced}{}", finding.message))
            .trim_end()
            .to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}
