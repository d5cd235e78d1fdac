//! Whether several documents can be one release: what all of them share has to be alike in all of them.

use release_cli::manifest_file::Manifest;
use release_core::failure::{Failure, Outcome};
use release_core::release::notice::receiver::Receiver;
use release_core::text::printable;

use super::filled::FilledIn;
use crate::args::DeployArgs;

/// What is so once for a release: the field, and what a Service's words say of it.
type Shared = (&'static str, fn(&FilledIn) -> Option<String>);

const SHARED: [Shared; 6] = [
    ("metadata.namespace", |part| part.namespace.clone()),
    ("spec.trackKey", |part| part.args.track.track_key.clone()),
    ("spec.router", |part| part.args.track.router.as_ref().map(ToString::to_string)),
    ("spec.rollbackOnFailure", |part| Some((!part.args.after.no_rollback).to_string())),
    ("spec.notify", |part| receivers(&part.args)),
    ("autoPromotionEnabled", |part| Some((!part.args.no_switch).to_string())),
];

fn receivers(args: &DeployArgs) -> Option<String> {
    let all = &args.notify.of_document;
    (!all.is_empty()).then(|| all.iter().map(told).collect::<Vec<_>>().join(", "))
}

/// `slack=secret/ops/chat (failed, verified)`
fn told(receiver: &Receiver) -> String {
    let stages: Vec<&str> = receiver.on.iter().map(|stage| stage.word()).collect();
    if stages.is_empty() { receiver.words() } else { format!("{} ({})", receiver.words(), stages.join(", ")) }
}

/// Holds each document against the first one. Flags, which win over all of them, are no contradiction.
///
/// # Errors
/// Exit 2 with both places: what one of them says would be dropped without a word.
pub fn one_release(parts: &[(&Manifest, FilledIn)]) -> Outcome<()> {
    let Some((first, rest)) = parts.split_first() else { return Ok(()) };
    for part in rest {
        for (field, of) in SHARED {
            let (there, here) = (of(&first.1), of(&part.1));
            if there != here {
                return Err(contradiction(field, (first, there), (part, here)));
            }
        }
    }
    Ok(())
}

/// A document, and what it says of the field.
type Said<'p> = (&'p (&'p Manifest, FilledIn), Option<String>);

fn contradiction(field: &str, (first, there): Said<'_>, (part, here): Said<'_>) -> Failure {
    let word = |said: Option<String>| said.map_or_else(|| "left out".to_owned(), |said| printable(&said));
    let text = format!(
        "{field} is {} for service/{}, and {} for service/{} (line {}): Services that are released as one have it in common",
        word(here),
        part.1.args.services.join(" "),
        word(there),
        first.1.args.services.join(" "),
        first.0.line(),
    );
    part.0.wrong(&text).next("say it alike in both, or release each by its name: deploy SERVICE -f FILE")
}

/// Refuses words that are for one Service where several are meant.
///
/// # Errors
/// Exit 2.
pub fn words_for_each(args: &DeployArgs, services: &[&str]) -> Outcome<()> {
    if services.len() < 2 {
        return Ok(());
    }
    let hooks = &args.hooks;
    let typed = [
        ("--image", !args.image.is_empty(), "spec.images"),
        ("--migrate", hooks.migrate.is_some(), "spec.hooks.migrate"),
        ("--before-switch", hooks.around.before_switch.is_some(), "spec.hooks.beforeSwitch"),
        ("--after-switch", hooks.around.after_switch.is_some(), "spec.hooks.afterSwitch"),
    ];
    let Some((flag, _, field)) = typed.into_iter().find(|(_, is_typed, _)| *is_typed) else { return Ok(()) };
    let all: Vec<String> = services.iter().map(|name| format!("service/{name}")).collect();
    let text = format!("{flag} is for one Service, and {} are released as one", all.join(", "));
    Err(Failure::usage(text).next(format!("name the SERVICE that is meant, or say it in its document: {field}")))
}
