//! Hooks of a document, as if they had been typed.

use std::path::Path;

use release_core::command::Command;
use release_core::failure::{Failure, Outcome};
use release_core::release::document::{BlueGreenDeployment, HookSpec, KIND};
use release_core::release::hooks::Hook;
use release_core::text::printable;

use super::preferred::{overruled, prefer};
use crate::args::DeployArgs;

/// Takes what the document says where nothing was typed. Its contract isn't a deploy's to run: how it is run is told.
///
/// # Errors
/// Exit 2 for a hook that is none.
pub fn fill(args: &mut DeployArgs, document: &BlueGreenDeployment, notes: &mut Vec<String>) -> Outcome<()> {
    let Some(hooks) = &document.spec.hooks else { return Ok(()) };
    let path = args.filename.clone();
    let read = |field: &str, spec: &Option<HookSpec>| -> Outcome<Option<Hook>> {
        let hook = spec.as_ref().map(HookSpec::hook).transpose();
        let hook = hook.map_err(|why| {
            Failure::usage(format!("{KIND}/{}: spec.hooks.{field}: {why}", printable(&document.metadata.name)))
        })?;
        Ok(hook.map(|hook| beside(path.as_deref(), hook)))
    };
    let around = &mut args.hooks.around;
    for (field, flag, typed, spec) in [
        ("migrate", "migrate", &mut args.hooks.migrate, &hooks.migrate),
        ("beforeSwitch", "before-switch", &mut around.before_switch, &hooks.before_switch),
        ("afterSwitch", "after-switch", &mut around.after_switch, &hooks.after_switch),
    ] {
        prefer(typed, read(field, spec)?, |said, typed| {
            let flag = format!("--{flag}={}", typed.word());
            notes.push(overruled(&format!("spec.hooks.{field}"), &said.word(), &flag));
        });
    }
    if let Some(contract) = read("contract", &hooks.contract)? {
        // As a shell takes it; which cluster and namespace is not known yet.
        let said = Command::new("cleanup").arg(document.service()).flag("--contract", contract.word());
        notes.push(format!("spec.hooks.contract is not run by deploy, but by {said}, once the color before is down"));
    }
    Ok(())
}

/// A file is meant from where the document lies; one that came by a pipe lies here.
fn beside(document: Option<&Path>, hook: Hook) -> Hook {
    let folder = document.filter(|path| *path != Path::new("-")).and_then(Path::parent);
    match (hook, folder) {
        (Hook::Manifest(path), Some(folder)) => Hook::Manifest(folder.join(path).display().to_string()),
        (hook, _) => hook,
    }
}
