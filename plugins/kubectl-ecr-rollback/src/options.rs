//! From what was typed to what is meant; conflicts that clap can't see end here.

use release_cli::flags::WriteArgs;
use release_core::checks::weighing::Weighing;
use release_core::failure::{Failure, Outcome};
use release_core::registry::image::{TypedImage, is_tag};
use release_core::registry::push_history::{Options as Wanted, Source};
use release_core::registry::scan_gate::Gate;
use release_core::text::printable;

use crate::args::{CheckArgs, RollbackArgs, RolloutArgs, SourceFlag, UnpinArgs};
use crate::names::WorkloadName;
use crate::typed::Typed;

/// What is to be moved where.
#[derive(Debug, Clone)]
pub struct RollbackOptions {
    pub workload: WorkloadName,
    /// None means: the only one.
    pub containers: Vec<String>,
    pub include_init_containers: bool,
    pub wanted: Wanted,
    /// What stood before the tag or digest that was named: it has to be the image's.
    pub of_repository: Option<String>,
    pub again: bool,
    pub if_running: Option<String>,
    /// What `--max-severity` lets through.
    pub gate: Gate,
    pub write: WriteOptions,
}

/// How a change of images is made.
#[derive(Debug, Clone)]
pub struct WriteOptions {
    pub weighing: Weighing,
    pub wait: bool,
    pub rollback_on_failure: bool,
    pub reason: String,
    pub yes: bool,
    /// For commands that are printed.
    pub typed: Typed,
}

impl RollbackOptions {
    /// True where the user named the image.
    #[must_use]
    pub fn is_explicit(&self) -> bool {
        self.wanted.to_tag.is_some() || self.wanted.to_digest.is_some()
    }

    /// True where no registry may be asked.
    #[must_use]
    pub fn is_offline(&self) -> bool {
        self.wanted.from == Some(Source::RolloutHistory)
    }
}

/// Resolves a rollback.
///
/// # Errors
/// Exit 2 for what is no workload, no tag and no digest.
pub fn rollback(args: RollbackArgs) -> Outcome<RollbackOptions> {
    let typed = Typed::rollback(&args);
    let target = args.target;
    let asked = asked(target.to_tag.as_deref(), target.to_digest.as_deref())?;
    let from = target.from.map(|source| match source {
        SourceFlag::Registry => Source::Registry,
        SourceFlag::RolloutHistory => Source::RolloutHistory,
    });
    if from == Some(Source::RolloutHistory) && (target.to_tag.is_some() || target.to_digest.is_some()) {
        return Err(Failure::usage("--from rollout-history can't be used with --to-tag or --to-digest"));
    }
    if from == Some(Source::RolloutHistory) && args.max_severity.is_some() {
        return Err(Failure::usage("--max-severity asks the registry, --from rollout-history does not"));
    }
    Ok(RollbackOptions {
        workload: WorkloadName::parse(&args.workload.workload)?,
        containers: args.containers.container,
        include_init_containers: args.include_init_containers,
        wanted: Wanted {
            to_tag: asked.tag.map(str::to_owned),
            to_digest: asked.digest.map(str::to_owned),
            steps: usize::from(target.steps.unwrap_or(1)),
            from,
            tag_filter: target.tag_filter,
            pin_digest: target.pin_digest,
        },
        of_repository: asked.repository.map(str::to_owned),
        again: args.again,
        if_running: args.if_running,
        gate: args.max_severity.into(),
        write: write_options(typed, args.checks, &args.rollout, args.write),
    })
}

/// The image that was named, as a tag or digest alone or as a whole reference.
fn asked<'t>(to_tag: Option<&'t str>, to_digest: Option<&'t str>) -> Outcome<TypedImage<'t>> {
    let nothing = TypedImage { repository: None, tag: None, digest: None };
    match (to_tag, to_digest) {
        (None, None) => Ok(nothing),
        (Some(typed), _) => match TypedImage::parse(typed) {
            // A reference with both means the digest, as runtimes read it.
            TypedImage { repository, digest: digest @ Some(_), tag: Some(_) } => {
                Ok(TypedImage { repository, tag: None, digest })
            }
            named if named.tag.is_some_and(is_tag) => Ok(named),
            _ => Err(Failure::usage(format!("--to-tag: \"{}\" is no tag", printable(typed)))),
        },
        (None, Some(typed)) => match TypedImage::parse(typed) {
            TypedImage { repository, digest: digest @ Some(_), .. } => Ok(TypedImage { repository, tag: None, digest }),
            TypedImage { repository: Some(_), .. } => {
                Err(Failure::usage(format!("--to-digest: \"{}\" has no digest", printable(typed))).next("use --to-tag"))
            }
            _ => Ok(TypedImage { digest: Some(typed), ..nothing }),
        },
    }
}

/// Which container goes back to its tag.
#[derive(Debug, Clone)]
pub struct UnpinOptions {
    pub workload: WorkloadName,
    /// None means: the only one.
    pub containers: Vec<String>,
    pub write: WriteOptions,
}

/// Resolves an `unpin`.
///
/// # Errors
/// Exit 2 for what is no workload.
pub fn unpin(args: UnpinArgs) -> Outcome<UnpinOptions> {
    let workload = WorkloadName::parse(&args.workload.workload)?;
    let typed = Typed::unpin(&args);
    let write = write_options(typed, args.checks, &args.rollout, args.write);
    Ok(UnpinOptions { workload, containers: args.containers.container, write })
}

fn write_options(typed: Typed, checks: CheckArgs, rollout: &RolloutArgs, write: WriteArgs) -> WriteOptions {
    WriteOptions {
        weighing: Weighing { force: checks.force, strict: checks.strict },
        wait: !rollout.no_wait,
        rollback_on_failure: !rollout.no_rollback,
        reason: printable(&write.reason),
        yes: write.yes,
        typed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_named_by_what_people_paste() {
        let host = "123456789012.dkr.ecr.ap-southeast-2.amazonaws.com/api";
        let named = |to_tag: Option<&str>, to_digest: Option<&str>| {
            let TypedImage { repository, tag, digest } = asked(to_tag, to_digest).unwrap();
            [repository, tag, digest].map(|part| part.map(str::to_owned))
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(named(Some("1.0.4"), None), [None, some("1.0.4"), None]);
        assert_eq!(named(Some("api:1.0.4"), None), [some("api"), some("1.0.4"), None]);
        let both = format!("{host}:1.0.4@sha256:abc");
        assert_eq!(named(Some(&both), None), [some(host), None, some("sha256:abc")]);
        assert_eq!(named(None, Some(&both)), [some(host), None, some("sha256:abc")]);
        assert_eq!(named(None, Some("0123456")), [None, None, some("0123456")]);
        assert_eq!(named(None, Some("@sha256:abc")), [None, None, some("sha256:abc")]);
        for (to_tag, to_digest) in [(Some("-x"), None), (Some("a/b"), None), (None, Some("api:1.0.4"))] {
            assert!(asked(to_tag, to_digest).is_err(), "{to_tag:?} {to_digest:?}");
        }
    }
}
