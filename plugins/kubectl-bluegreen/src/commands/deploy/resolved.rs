//! From the words and documents of a deploy to what is asked of each of its Services.

use release_cli::run::Run;
use release_core::failure::Outcome;
use release_core::release::hooks::Moment;

use super::admitted::as_admitted;
use crate::args::{DeployArgs, DeployHookArgs};
use crate::hooks::Hooks;
use crate::options::deploy::DeployOptions;
use crate::options::document::FilledIn;
use crate::options::release::{ReleaseOptions, release};
use crate::plan::deploy::{Deploying, Objects, allotted};

/// The options, with their hooks.
///
/// # Errors
/// Exit 2 for words that make no sense, 1 for hooks that can't be run.
pub async fn resolved(run: &Run, parts: Vec<FilledIn>, typed: &DeployArgs) -> Outcome<ReleaseOptions> {
    let hooks: Vec<DeployHookArgs> = parts.iter().map(|part| part.args.hooks.clone()).collect();
    let mut options = release(parts, typed)?;
    for (part, typed) in options.parts.iter_mut().zip(&hooks) {
        part.movement.hooks = load_hooks(run, typed, part).await?;
    }
    Ok(options)
}

/// What goes with the switch is left to that.
async fn load_hooks(run: &Run, typed: &DeployHookArgs, options: &DeployOptions) -> Outcome<Hooks> {
    let around = &typed.around;
    let moves = !options.no_switch;
    if !moves && (around.before_switch.is_some() || around.after_switch.is_some()) {
        run.say("note: before-switch and after-switch run with the switch that follows, where they are said again");
    }
    let hooks = [
        (Moment::Migrate, typed.migrate.as_ref()),
        (Moment::BeforeSwitch, around.before_switch.as_ref().filter(|_| moves)),
        (Moment::AfterSwitch, around.after_switch.as_ref().filter(|_| moves)),
    ];
    Hooks::load(run, hooks, &options.service).await
}

/// The same with each Service's images as they will be there.
///
/// # Errors
/// Exit 1 where it isn't clear whose an image of a file is.
pub async fn with_images(
    run: &Run,
    mut options: ReleaseOptions,
    (deploying, objects): (&[Deploying<'_>], &Objects),
) -> Outcome<ReleaseOptions> {
    if options.shares_images {
        let images = options.parts.first().map(|part| part.images.clone()).unwrap_or_default();
        let own = allotted(&images, deploying, objects)?;
        options.parts.iter_mut().zip(own).for_each(|(part, own)| part.images = own);
    }
    for (part, one) in options.parts.iter_mut().zip(deploying) {
        as_admitted(run, one, objects, &mut part.images).await;
    }
    Ok(options)
}
