//! The plan and its findings, as a person reads them.

use kubectl_release::image::ImageRef;
use kubectl_release::selector::Color;

use crate::plan::{Move, Step};

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
