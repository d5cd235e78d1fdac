//! From what was typed to what is meant.

use std::time::Duration;

use release_cli::images::{TypedImage, images};
use release_core::failure::{Failure, Outcome};
use release_core::release::canary::step::{Pause, Step};
use release_core::release::canary::steps::Steps;
use release_core::release::canary::steps::typed::{TypedSteps, pauses, weights};

use crate::args::{ReleaseArgs, RouterFlag};

/// A file of images is read within this.
const READING: Duration = Duration::from_secs(30);

/// What is to be released, and how.
#[derive(Debug, Clone)]
pub struct Release {
    pub images: Vec<TypedImage>,
    pub plan: Steps,
    pub time_scale: Option<u32>,
}

/// True where something was said of a release: else the one that is under way is meant.
#[must_use]
pub fn is_said(args: &ReleaseArgs) -> bool {
    !args.image.is_empty() || args.images_from.is_some() || args.steps.is_some() || args.pause.is_some()
}

/// A release by its steps.
///
/// # Errors
/// Exit 2 for what makes no sense, and what isn't there yet.
pub fn release(args: &ReleaseArgs) -> Outcome<Release> {
    let Some(steps) = &args.steps else {
        return Err(Failure::usage("a release has steps").next("--steps 5,20,50,100 --pause 10m"));
    };
    let wrong = |why: String| Failure::usage(why).next("--steps 5,20,50,100 --pause 5m,10m,10m");
    let pauses = args.pause.as_deref().map(pauses).transpose().map_err(wrong)?.unwrap_or_default();
    let typed = TypedSteps { weights: weights(steps).map_err(wrong)?, pauses };
    of_plan(args, typed.steps().map_err(wrong)?)
}

/// A release of one share that is held until somebody says more.
///
/// # Errors
/// See [`release`].
pub fn held_at(args: &ReleaseArgs, weight: u32) -> Outcome<Release> {
    if args.steps.is_some() || args.pause.is_some() {
        return Err(
            Failure::usage("a weight by hand has no steps").next("leave out --steps and --pause, or run it by steps")
        );
    }
    let steps = vec![Step::SetWeight(weight), Step::Pause(Pause { duration: None })];
    of_plan(args, Steps { steps, ..Steps::default() })
}

fn of_plan(args: &ReleaseArgs, plan: Steps) -> Outcome<Release> {
    has_router(args)?;
    let images = images(&args.image, args.images_from.as_deref(), READING)?;
    if images.is_empty() {
        return Err(Failure::usage("a release has a new image").next("--image CONTAINER=IMAGE or --images-from FILE"));
    }
    let plan = args.time_scale.map_or_else(|| plan.clone(), |times| plan.scaled(times));
    Ok(Release { images, plan, time_scale: args.time_scale })
}

/// The one router that there is so far.
fn has_router(args: &ReleaseArgs) -> Outcome<()> {
    match args.router {
        Some(RouterFlag::Replicas) => Ok(()),
        None => Err(Failure::usage("who shares the requests between the versions isn't said")
            .next("--router replicas: the pods do, by their number, behind their Service")),
        Some(other) => {
            let name = format!("{other:?}").to_lowercase();
            let message = format!("--router={name} isn't there yet");
            Err(Failure::failed("NotYet", message).next("--router replicas shares requests by the number of pods"))
        }
    }
}

/// The words of `set-weight`: the workload's, and the weight.
///
/// # Errors
/// Exit 2 where the last one is no weight.
pub fn weight_of(words: &[String]) -> Outcome<(Vec<String>, u32)> {
    let (last, workload) = words.split_last().map(|(last, rest)| (last.as_str(), rest)).unwrap_or_default();
    let digits = last.strip_suffix('%').unwrap_or(last);
    match digits.parse::<u32>().ok().filter(|weight| *weight <= 100) {
        Some(weight) => Ok((workload.to_vec(), weight)),
        None => {
            let message = format!("\"{}\" is no weight from 0 to 100", last.escape_debug());
            Err(Failure::usage(message).next("behind the workload: api 20"))
        }
    }
}
