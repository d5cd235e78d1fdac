//! The workloads of the idle color as they are to be.

use std::collections::BTreeMap;

use release_core::failure::Outcome;
use release_core::kube::Workload;
use release_core::workload::twin::{
    AskedImage, Exchange, differences, edits as images_in, synced, twin_of, with_images,
};
use serde_json::Value;

use super::chosen::Deploying;
use super::containers::{asked, for_workload};
use super::pairs::Pair;
use crate::options::deploy::DeployOptions;
use crate::prepared::Prepared;

/// Whole objects by their reference: `deploy/api-blue`, `hpa/api-blue`.
pub type Objects = BTreeMap<String, Value>;

/// Makes each of them.
///
/// # Errors
/// Exit 1 where images are for no container.
pub fn prepare(deploying: &Deploying<'_>, objects: &Objects, options: &DeployOptions) -> Outcome<Vec<Prepared>> {
    let Deploying { view, pairs, .. } = deploying;
    let exchange = deploying.exchange();
    let object = |workload: &Workload| objects.get(&workload.reference()).cloned();
    let mut sources = Vec::new();
    for pair in pairs {
        let like = pair.active.as_ref().and_then(|w| object(w));
        let idle = pair.idle.as_ref().and_then(|w| object(w));
        sources.push((pair, like, idle));
    }
    let bases: Vec<Value> =
        sources.iter().map(|(_, like, idle)| basis(like.as_ref(), idle.as_ref(), &exchange)).collect();
    let all: Vec<&Value> = bases.iter().collect();
    let images = asked(view, &options.images, &all)?;
    let mut prepared = Vec::new();
    for ((pair, like, idle), base) in sources.into_iter().zip(&bases) {
        let own = for_workload(view, &images, base, &all)?;
        prepared.push(one(pair, (like, idle), (base, &own), (&exchange, options.sync)));
    }
    Ok(prepared)
}

/// What images are set in: what is there, else the twin of the active one.
fn basis(like: Option<&Value>, idle: Option<&Value>, exchange: &Exchange<'_>) -> Value {
    match (idle, like) {
        (Some(idle), _) => idle.clone(),
        (None, Some(like)) => made(like, exchange),
        (None, None) => Value::Null,
    }
}

/// One that was paused would never begin.
fn made(like: &Value, exchange: &Exchange<'_>) -> Value {
    let mut twin = twin_of(like, exchange);
    if let Some(spec) = twin["spec"].as_object_mut() {
        spec.remove("paused");
    }
    twin
}

fn one(
    pair: &Pair,
    (like, idle): (Option<Value>, Option<Value>),
    (base, images): (&Value, &[AskedImage]),
    (exchange, sync): (&Exchange<'_>, bool),
) -> Prepared {
    let edits = images_in(base, images);
    let mut wanted = base.clone();
    let both = like.as_ref().zip(idle.as_ref()).filter(|_| sync);
    if let Some((like, idle)) = both {
        wanted["spec"]["template"] = synced(like, idle, exchange);
    }
    let is_synced = both.is_some();
    // Containers of a template that was synced may stand elsewhere.
    let wanted = with_images(&wanted, &images_in(&wanted, images));
    let differences = like.as_ref().map(|like| differences(like, &wanted, exchange)).unwrap_or_default();
    Prepared { kind: pair.kind, name: pair.name.clone(), like, idle, edits, is_synced, wanted, differences }
}

/// True where the active color has all images that were asked for: a deploy that is done, or was overtaken.
///
/// # Errors
/// Exit 1 where images are for no container.
pub fn runs_already(deploying: &Deploying<'_>, objects: &Objects, options: &DeployOptions) -> Outcome<bool> {
    let own = deploying.pairs.iter().filter_map(|pair| objects.get(&pair.active.as_ref()?.reference()));
    let own: Vec<&Value> = own.collect();
    if options.images.is_empty() || own.is_empty() {
        // As it is, it is deployed: no image was asked for, and nothing is copied.
        return Ok(options.images.is_empty() && !options.sync && options.to.is_some());
    }
    let images = asked(deploying.view, &options.images, &own)?;
    for workload in &own {
        let images = for_workload(deploying.view, &images, workload, &own)?;
        if images_in(workload, &images).iter().any(|edit| !edit.follows && !edit.is_so()) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// True where the active color asks for fewer pods.
#[must_use]
pub fn is_smaller(deploying: &Deploying<'_>, size: i32) -> bool {
    let active = deploying.tracks.color(&deploying.tracks.active);
    active.is_some_and(|active| active.asked() < usize::try_from(size).unwrap_or(0))
}
