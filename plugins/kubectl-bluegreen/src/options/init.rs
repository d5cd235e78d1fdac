//! `init`, resolved.

use std::time::Duration;

use release_core::checks::weighing::Weighing;
use release_core::failure::{Failure, Outcome};
use release_core::text::{is_label_key, is_label_value};
use release_core::traffic::selector::{is_identity_key, is_machine_key};

use crate::args::InitArgs;
use crate::names::service_names;

/// An `init`, resolved.
#[derive(Debug, Clone)]
pub struct InitOptions {
    pub service: String,
    /// The color's name, where it was typed.
    pub color: Option<String>,
    pub key: String,
    pub verify_for: Duration,
    /// A failure is left as it is.
    pub no_rollback: bool,
    pub weighing: Weighing,
    pub yes: bool,
    /// What was typed, as words to type again: all but the Service, `--force` and `--yes`.
    pub again: Vec<String>,
}

/// Resolves `init`.
///
/// # Errors
/// Exit 2 for names and labels that are none, and for a label that tells applications apart.
pub fn init(args: InitArgs) -> Outcome<InitOptions> {
    let services = service_names(&[args.service])?;
    let key = args.track_key;
    if !is_label_key(&key) {
        return Err(Failure::usage(format!("--track-key: \"{}\" is no label", key.escape_debug())));
    }
    if is_identity_key(&key) || is_machine_key(&key) {
        let text = format!("--track-key: \"{key}\" says which application a pod is of, and not which color");
        return Err(Failure::usage(text).next("a label of its own: version, color, track"));
    }
    if let Some(color) = args.to.as_deref().filter(|color| color.is_empty() || !is_label_value(color)) {
        return Err(Failure::usage(format!("--to: \"{}\" is no label's value", color.escape_debug())));
    }
    let color = args.to.iter().map(|color| format!("--to={color}"));
    let along = (key != "version").then(|| format!("--track-key={key}"));
    let left = args.no_rollback.then(|| "--no-rollback".to_owned());
    let strict = args.strict.then(|| "--strict".to_owned());
    Ok(InitOptions {
        again: color.chain(along).chain(left).chain(strict).collect(),
        service: services.into_iter().next().unwrap_or_default(),
        color: args.to,
        key,
        verify_for: args.verify_for,
        no_rollback: args.no_rollback,
        weighing: Weighing { force: args.force, strict: args.strict },
        yes: args.write.yes,
    })
}
