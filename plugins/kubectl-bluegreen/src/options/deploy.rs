//! `deploy`, resolved.

use std::path::Path;
use std::time::Duration;

use release_core::duration::typed_duration;
use release_core::failure::{Failure, Outcome};
use release_core::release::pod_tests::PodTests;

use super::analysis::analysis;
use super::{MoveOptions, Target, plain_switch};
use crate::args::DeployArgs;
use crate::names::service_names;
use crate::vetting::known::Vetting;
use release_cli::images::{TypedImage, images};

/// A deploy, resolved.
#[derive(Debug, Clone)]
pub struct DeployOptions {
    pub service: String,
    pub images: Vec<TypedImage>,
    /// The color to prepare, where it was named.
    pub to: Option<String>,
    pub sync: bool,
    /// At least so many pods.
    pub replicas: Option<i32>,
    pub no_switch: bool,
    /// Between a color that is ready and the move to it.
    pub switch_after: Option<Duration>,
    /// What is asked of its images before anything is written.
    pub vetting: Vetting,
    /// What is asked of the color's pods before the traffic moves.
    pub tests: Option<PodTests>,
    /// How the move is made, once it is known where to.
    pub movement: MoveOptions,
    /// What was typed, as words to type again: all but the Service, `--to`, `--force`, `--yes`, and what says
    /// where the output goes.
    pub again: Vec<String>,
    /// False where tests came by a pipe: no command to paste has them.
    pub can_be_pasted: bool,
}

impl DeployOptions {
    /// The move to a color.
    #[must_use]
    pub fn move_to(&self, color: &str) -> MoveOptions {
        MoveOptions { target: Target::Color(color.to_owned()), ..self.movement.clone() }
    }
}

/// Resolves `deploy`.
///
/// # Errors
/// Exit 2 for names and images that are none, and where nothing says what is to be deployed.
pub fn deploy(args: DeployArgs, tests: Option<PodTests>) -> Outcome<DeployOptions> {
    let images = images(&args.image, args.images_from.as_deref(), args.write.timeout)?;
    let services = service_names(&args.services)?;
    something_to_deploy(&args, &images)?;
    waits_within(&args)?;
    // Without its document the same deploy would move untested.
    let is_judged = !args.after.analysis.of_document.is_empty() || args.after.analysis.compare_of_document.is_some();
    let document = args.filename.filter(|_| tests.is_some() || is_judged);
    let can_be_pasted = document.as_deref() != Some(Path::new("-"));
    let document = document.map(|path| format!("--filename={}", path.display()));
    let analysis = analysis(&args.after.analysis, args.after.verify_for, args.write.timeout)?;
    let plain = plain_switch(services.clone(), &args.after, args.checks, args.track, args.write);
    let movement = MoveOptions { scale: true, prepares: true, analysis, ..plain };
    let hooks: Vec<String> = args.hooks.again().collect();
    let preparing = images.iter().map(said).chain(args.sync.then(|| "--sync".to_owned()));
    let sized = args.replicas.map(|replicas| format!("--replicas={replicas}"));
    let stays = args.no_switch.then(|| "--no-switch".to_owned());
    let pauses = args.switch_after.map(|pause| format!("--switch-after={}", typed_duration(pause)));
    Ok(DeployOptions {
        again: document
            .into_iter()
            .chain(preparing)
            .chain(sized)
            .chain(stays)
            .chain(pauses)
            .chain(args.vetting.again())
            .chain(movement.again.iter().cloned())
            .chain(hooks)
            .chain(args.notify.again())
            .collect(),
        service: services.into_iter().next().unwrap_or_default(),
        images,
        to: args.to,
        sync: args.sync,
        replicas: args.replicas,
        no_switch: args.no_switch,
        switch_after: args.switch_after.filter(|_| !args.no_switch),
        vetting: args.vetting.asked(),
        tests,
        movement,
        can_be_pasted,
    })
}

/// Without an image a color is deployed as it is, which has to be named: once it is done, the same words would go
/// to the other one, and back.
fn something_to_deploy(args: &DeployArgs, images: &[TypedImage]) -> Outcome<()> {
    if !images.is_empty() || args.to.is_some() {
        return Ok(());
    }
    if args.sync {
        return Err(Failure::usage("without an image, --sync needs --to COLOR").next("name the idle color"));
    }
    let next = "--image CONTAINER=IMAGE, --images-from FILE, or --to COLOR for the images that it has";
    Err(Failure::usage("nothing says what to deploy").next(next))
}

/// A run that has to end before would have prepared in vain.
fn waits_within(args: &DeployArgs) -> Outcome<()> {
    let timeout = args.write.timeout;
    let Some(pause) = args.switch_after.filter(|pause| *pause >= timeout) else { return Ok(()) };
    let (pause, timeout) = (typed_duration(pause), typed_duration(timeout));
    let text = format!("--switch-after={pause} leaves no time of --timeout={timeout}");
    Err(Failure::usage(text).next("give it longer with --timeout"))
}

/// As it is typed.
fn said(image: &TypedImage) -> String {
    match &image.container {
        Some(container) => format!("--image={container}={}", image.image),
        None => format!("--image={}", image.image),
    }
}
