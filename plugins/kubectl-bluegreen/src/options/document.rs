//! What `BlueGreenDeployment` documents say, as if it had been typed. What was typed wins, and that is said.

mod filled;
mod hooks;
mod preferred;
#[cfg(test)]
mod tests;
mod together;
mod vetting;

use std::path::Path;

use release_cli::manifest_file::{self, Manifest};
use release_core::failure::{Failure, Outcome};
use release_core::release::argo_rollout::{NotHonoured, Rollout, Understood, is_rollout};
use release_core::release::document::{API_VERSIONS, BlueGreenDeployment, KIND, Spec, Time, refused_in};
use release_core::release::notice::receiver::{Entry, Receiver};
use release_core::release::pod_tests::PodTests;
use release_core::text::printable;
use serde_json::Value;

use crate::args::DeployArgs;
use crate::names::service_names;
pub use filled::{FilledIn, Release};
pub use preferred::overruled;
use preferred::prefer;

/// Reads the documents, where there are any.
///
/// # Errors
/// Exit 2 with the place for a file that is none, and for documents that are no one release; exit 1 for what they ask
/// for and no release does yet. Nothing has been sent anywhere by then.
pub fn filled_in(args: DeployArgs) -> Outcome<Release> {
    let Some(path) = &args.filename else { return without_a_file(args) };
    let manifests = manifest_file::read(path, args.write.timeout)?;
    let Releases { documents, others } = releases(&manifests)?;
    let chosen = chosen(&documents, &args.services, path)?;
    let services: Vec<&str> = chosen.iter().map(|(_, one)| one.service()).collect();
    together::words_for_each(&args, &services)?;
    let mut parts = Vec::new();
    for (manifest, release) in &chosen {
        let part = with_document(args.clone(), release, chosen.len() > 1)?;
        parts.push((*manifest, part));
    }
    together::one_release(&parts)?;
    let others = others.iter().flat_map(|other| objects_of(&other.value)).collect();
    let parts = parts.into_iter().map(|(_, part)| part).collect();
    Ok(Release { parts, others, typed: args })
}

/// Words alone are for one Service.
fn without_a_file(args: DeployArgs) -> Outcome<Release> {
    let services = service_names(&args.services)?;
    if services.len() > 1 {
        let text = format!("several Services need a file with a document for each: {}", services.join(", "));
        return Err(Failure::usage(text).next("-f FILE, or deploy each with --no-switch and switch all of them"));
    }
    let part = FilledIn { args: args.clone(), namespace: None, notes: Vec::new(), tests: None };
    Ok(Release { parts: vec![part], others: Vec::new(), typed: args })
}

/// The words with what the document of one Service says.
fn with_document(mut args: DeployArgs, release: &Understood, is_one_of_several: bool) -> Outcome<FilledIn> {
    let document = &release.document;
    refuse(document)?;
    let mut notes = release.notes.clone();
    args.services = vec![document.service().to_owned()];
    args.no_switch |= release.no_switch;
    fill(&mut args, &document.spec, &mut notes);
    hooks::fill(&mut args, document, &mut notes)?;
    if is_one_of_several {
        notes.iter_mut().for_each(|note| *note = format!("service/{}: {note}", document.service()));
    }
    let tests = tests(document)?;
    Ok(FilledIn { args, namespace: document.metadata.namespace.clone(), notes, tests })
}

/// The releases of a file, and what else it holds.
struct Releases<'m> {
    documents: Vec<(&'m Manifest, Understood)>,
    others: Vec<&'m Manifest>,
}

/// Documents of ours; where there is none, Rollouts of Argo's are releases, too.
fn releases(manifests: &[Manifest]) -> Outcome<Releases<'_>> {
    let (ours, others): (Vec<&Manifest>, Vec<&Manifest>) = manifests.iter().partition(|m| is_ours(&m.value));
    if let Some(list) = others.iter().find(|other| items_of(&other.value).any(is_ours)) {
        return Err(list.wrong(&format!("a {KIND} in a list is not read; make it a document of its own")));
    }
    if !ours.is_empty() {
        let own = |document| Understood { document, no_switch: false, notes: Vec::new() };
        let documents = ours.into_iter().map(|m| Ok((m, own(m.read_as()?)))).collect::<Outcome<Vec<_>>>()?;
        return Ok(Releases { documents, others });
    }
    let (rollouts, others): (Vec<&Manifest>, Vec<&Manifest>) = others.into_iter().partition(|m| is_rollout(&m.value));
    let documents = rollouts.into_iter().map(|m| Ok((m, rollout(m)?))).collect::<Outcome<Vec<_>>>()?;
    Ok(Releases { documents, others })
}

/// A Rollout as a release of ours.
fn rollout(manifest: &Manifest) -> Outcome<Understood> {
    let mut understood = manifest.read_as::<Rollout>()?.understood().map_err(|NotHonoured(fields)| {
        let message = format!("{} is no release that deploy can make: {}", manifest.reference(), fields.join(", "));
        let next = "nothing was written; with a BlueGreenDeployment document it would be released";
        Failure::failed("NotHonoured", message).next(next)
    })?;
    understood.notes.iter_mut().for_each(|note| *note = format!("{}: {note}", manifest.reference()));
    Ok(understood)
}

/// One that says that it is a release, or was meant to.
fn is_ours(object: &Value) -> bool {
    let word = |field: &str| object[field].as_str().unwrap_or_default();
    word("kind").eq_ignore_ascii_case(KIND) || API_VERSIONS.contains(&word("apiVersion"))
}

/// Of a `List`, as `kubectl get` prints it.
fn items_of(object: &Value) -> impl Iterator<Item = &Value> {
    object["items"].as_array().into_iter().flatten()
}

/// What it asks of the idle color's pods.
fn tests(document: &BlueGreenDeployment) -> Outcome<Option<PodTests>> {
    let tests = PodTests::of(&document.spec);
    let contradiction = tests.as_ref().and_then(PodTests::contradiction);
    let name = printable(&document.metadata.name);
    contradiction.map_or(Ok(tests), |why| Err(Failure::usage(format!("{KIND}/{name}: {}", printable(&why)))))
}

/// What no release does yet.
fn refuse(document: &BlueGreenDeployment) -> Outcome<()> {
    // As it was read: merged keys and aliases are in it.
    let read = serde_json::to_value(document);
    let refused = refused_in(&read.map_err(|error| Failure::usage(printable(&error.to_string())))?);
    if refused.is_empty() {
        return Ok(());
    }
    let name = printable(&document.metadata.name);
    let message = format!("{KIND}/{name} asks for what deploy does not do yet: {}", refused.join(", "));
    Err(Failure::failed("NotHonoured", message).next("nothing was written; without them it would be released"))
}

/// A document, and the release that it is understood as.
type Chosen<'d> = (&'d Manifest, &'d Understood);

/// The releases of the file, or those of the Services that were named.
fn chosen<'d>(documents: &'d [(&Manifest, Understood)], services: &[String], path: &Path) -> Outcome<Vec<Chosen<'d>>> {
    for (index, (manifest, document)) in documents.iter().enumerate() {
        if documents.iter().take(index).any(|(_, before)| before.service() == document.service()) {
            return Err(manifest.wrong(&format!("a second document for service/{}", document.service())));
        }
    }
    let named = service_names(services)?;
    let file = manifest_file::name(path);
    if documents.is_empty() {
        let schema = "the verb schema prints what it is like";
        let text = format!("{file} has no document of kind {KIND}, and no Rollout of Argo's");
        return Err(Failure::usage(text).next(schema));
    }
    if named.is_empty() {
        return Ok(documents.iter().map(|(manifest, one)| (*manifest, one)).collect());
    }
    let all: Vec<String> = documents.iter().map(|(_, one)| format!("service/{}", one.service())).collect();
    let of = |name: &String| {
        let found = documents.iter().find(|(_, one)| one.service() == name).map(|(manifest, one)| (*manifest, one));
        let missing = || format!("{file} has no document for service/{name}, only for {}", all.join(", "));
        found.ok_or_else(|| Failure::usage(missing()))
    };
    named.iter().map(of).collect()
}

/// The object, or those of a list.
fn objects_of(object: &Value) -> Vec<Value> {
    if object["kind"] == "List" { items_of(object).cloned().collect() } else { vec![object.clone()] }
}

fn fill(args: &mut DeployArgs, spec: &Spec, notes: &mut Vec<String>) {
    let mut overrule = |field: &str, said: String, flag: String| notes.push(overruled(field, &said, &flag));
    let time = |time: std::time::Duration| String::from(Time(time));
    prefer(&mut args.replicas, spec.replicas, |said, typed| {
        overrule("spec.replicas", said.to_string(), format!("--replicas={typed}"));
    });
    prefer(&mut args.switch_after, spec.switch_after.map(|Time(pause)| pause), |said, typed| {
        overrule("spec.switchAfter", time(*said), format!("--switch-after={}", time(*typed)));
    });
    prefer(&mut args.track.track_key, spec.track_key.clone(), |said, typed| {
        overrule("spec.trackKey", said.clone(), format!("--track-key={typed}"));
    });
    let router = spec.router.as_deref().and_then(|router| router.parse().ok());
    prefer(&mut args.track.router, router, |said, typed| {
        overrule("spec.router", said.to_string(), format!("--router={typed}"));
    });
    prefer(&mut args.after.retain, spec.retain_previous_version.map(|Time(kept)| kept), |said, typed| {
        overrule("spec.retainPreviousVersion", time(*said), format!("--retain={}", time(*typed)));
    });
    let watched = spec.verify.as_ref().and_then(|verify| verify.for_).map(|Time(watched)| watched);
    prefer(&mut args.after.verify_for, watched, |said, typed| {
        overrule("spec.verify.for", time(*said), format!("--verify-for={}", time(*typed)));
    });
    match (args.after.no_rollback, spec.rollback_on_failure) {
        (true, Some(true)) => overrule("spec.rollbackOnFailure", "true".into(), "--no-rollback".into()),
        (false, said) => args.after.no_rollback = said == Some(false),
        _ => {}
    }
    for (field, said, flag) in fill_analysis(args, spec) {
        overrule(field, said, flag);
    }
    if let Some(typed) = fill_receivers(args, spec) {
        overrule("spec.notify", typed.0, typed.1);
    }
    vetting::fill(args, spec, &mut overrule);
    fill_images(args, spec, &mut overrule);
}

/// Metrics and a comparison that were typed win over the document's.
fn fill_analysis(args: &mut DeployArgs, spec: &Spec) -> Vec<(&'static str, String, String)> {
    let Some(verify) = &spec.verify else { return Vec::new() };
    let typed = &mut args.after.analysis;
    let mut lost = Vec::new();
    match &typed.analysis {
        Some(path) if !verify.analysis.is_empty() => {
            let names: Vec<&str> = verify.analysis.iter().map(|metric| metric.name.as_str()).collect();
            lost.push(("spec.verify.analysis", names.join(", "), format!("--analysis={}", path.display())));
        }
        _ => typed.of_document.clone_from(&verify.analysis),
    }
    match (&typed.compare_requests, &verify.compare) {
        (Some(requests), Some(said)) => {
            lost.push(("spec.verify.compare", said.requests.clone(), format!("--compare-requests={requests}")));
        }
        (_, said) => typed.compare_of_document.clone_from(said),
    }
    lost
}

/// Receivers that were typed win over all of the document's.
fn fill_receivers(args: &mut DeployArgs, spec: &Spec) -> Option<(String, String)> {
    let said: Vec<Receiver> = spec.notify.iter().flat_map(Entry::receivers).collect();
    let words = |all: &[Receiver]| all.iter().map(Receiver::words).collect::<Vec<_>>().join(", ");
    if args.notify.notify.is_empty() || said.is_empty() {
        args.notify.of_document = said;
        return None;
    }
    Some((words(&said), "--notify".to_owned()))
}

/// A container's image that was typed wins; images that name no container, or a file of them, win over all.
fn fill_images(args: &mut DeployArgs, spec: &Spec, overrule: &mut impl FnMut(&str, String, String)) {
    let typed = args.image.clone();
    let file = args.images_from.as_ref().map(|path| format!("--images-from={}", path.display()));
    for (container, image) in &spec.images {
        let field = format!("spec.images.{container}");
        let own = |word: &&String| word.split_once('=').is_none_or(|(name, _)| name == container);
        let wins = typed.iter().find(own).map(|word| format!("--image={word}"));
        match wins.or_else(|| file.clone()) {
            Some(flag) if flag == format!("--image={container}={image}") => {}
            Some(flag) => overrule(&field, image.clone(), flag),
            None => args.image.push(format!("{container}={image}")),
        }
    }
}
