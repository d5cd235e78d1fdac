//! A deploy of one Service, or of several as one release, resolved.

use std::path::Path;
use std::time::Duration;

use release_core::duration::typed_duration;
use release_core::failure::{Failure, Outcome};

use super::MoveOptions;
use super::again::{afterwards, again, because};
use super::deploy::{DeployOptions, deploy};
use super::document::FilledIn;
use crate::args::DeployArgs;

/// A release, resolved.
#[derive(Debug, Clone)]
pub struct ReleaseOptions {
    /// What each of its Services is to be, in the order asked.
    pub parts: Vec<DeployOptions>,
    /// What is so once for all of them.
    pub whole: MoveOptions,
    pub no_switch: bool,
    /// Between colors that are ready and the move to them: as long as each of them asks for.
    pub switch_after: Option<Duration>,
    /// What was typed for several of them, as words to type again: all but `--force`, `--yes`, and what says where the
    /// output goes.
    pub again: Vec<String>,
    /// False where it came by a pipe: no command to paste has it.
    pub can_be_pasted: bool,
    /// Their images are those of a file, which doesn't say whose.
    pub shares_images: bool,
}

impl ReleaseOptions {
    /// True for one Service alone.
    #[must_use]
    pub fn is_of_one(&self) -> bool {
        self.parts.len() == 1
    }

    /// The move of all of them, each to its color.
    #[must_use]
    pub fn move_to<'c>(&self, colors: impl Iterator<Item = &'c str>) -> MoveOptions {
        let mut parts: Vec<MoveOptions> = self.parts.iter().zip(colors).map(|(part, to)| part.move_to(to)).collect();
        match (parts.pop(), parts.is_empty()) {
            (Some(only), true) => only,
            (last, _) => MoveOptions { parts: parts.into_iter().chain(last).collect(), ..self.whole.clone() },
        }
    }
}

/// Resolves `deploy`: `typed` are the words alone, which each of the Services has with its document's.
///
/// # Errors
/// Exit 2 as for each Service by itself.
pub fn release(parts: Vec<FilledIn>, typed: &DeployArgs) -> Outcome<ReleaseOptions> {
    let mut parts = if parts.len() == 1 {
        parts.into_iter().map(|part| deploy(part.args, part.tests)).collect::<Outcome<Vec<_>>>()?
    } else {
        parts.into_iter().map(one_of_several).collect::<Outcome<Vec<_>>>()?
    };
    let services: Vec<String> = parts.iter().map(|part| part.service.clone()).collect();
    let words = words(typed);
    let is_piped = typed.filename.as_deref() == Some(Path::new("-"));
    if parts.len() > 1 {
        for part in &mut parts {
            (part.again, part.can_be_pasted) = (words.clone(), !is_piped);
        }
    }
    let Some(first) = parts.first() else { return Err(Failure::usage("no Service was named")) };
    Ok(ReleaseOptions {
        whole: MoveOptions { services, ..first.movement.clone() },
        no_switch: first.no_switch,
        switch_after: parts.iter().filter_map(|part| part.switch_after).max(),
        again: typed.services.iter().cloned().chain(words).collect(),
        can_be_pasted: first.can_be_pasted,
        shares_images: parts.len() > 1 && typed.images_from.is_some(),
        parts,
    })
}

/// What is wrong is told with whose it is.
fn one_of_several(part: FilledIn) -> Outcome<DeployOptions> {
    let service = part.args.services.join(" ");
    let named = |failure: Failure| Failure { message: format!("service/{service}: {}", failure.message), ..failure };
    deploy(part.args, part.tests).map_err(named)
}

/// The flags that say how, and the file.
fn words(typed: &DeployArgs) -> Vec<String> {
    let path = |flag: &str, path: &Option<std::path::PathBuf>| {
        path.as_ref().map(|path| format!("--{flag}={}", path.display()))
    };
    let documents = path("filename", &typed.filename);
    let preparing = [
        path("images-from", &typed.images_from),
        typed.to.as_ref().map(|color| format!("--to={color}")),
        typed.sync.then(|| "--sync".to_owned()),
        typed.replicas.map(|replicas| format!("--replicas={replicas}")),
        typed.no_switch.then(|| "--no-switch".to_owned()),
        typed.switch_after.map(|pause| format!("--switch-after={}", typed_duration(pause))),
    ];
    documents
        .into_iter()
        .chain(preparing.into_iter().flatten())
        .chain(typed.vetting.again())
        .chain(again(&typed.checks))
        .chain(afterwards(&typed.after))
        .chain(because(&typed.write.reason))
        .chain(typed.notify.again())
        .collect()
}
