//! From what was typed to what is meant; conflicts that clap can't see end here.

mod again;
pub mod analysis;
mod apart;
pub mod deploy;
pub mod document;
pub mod init;
pub mod preview;
pub mod release;

use std::time::Duration;

use release_cli::confirm::has_terminal;
use release_cli::flags::WriteArgs;
use release_core::checks::weighing::{Urgency, Weighing};
use release_core::command::{Command, Scope};
use release_core::failure::{Failure, Outcome};
use release_core::release::pod_tests::Covered;
use release_core::traffic::router::NamedRouter;

use crate::args::{AfterArgs, CheckArgs, PreflightArgs, RollbackArgs, SwitchArgs, TargetArgs, TrackArgs};
use crate::fingerprint::Fingerprint;
use crate::hooks::Hooks;
use crate::names::service_names;
use crate::record::RecordedVerb;
use crate::settings::MinReady;
pub use again::RETAINED;
use again::{afterwards, again, because};
use analysis::Analysis;

/// What is about to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    Switch,
    Rollback,
}

impl Verb {
    /// `switched`, `rolled back`.
    #[must_use]
    pub fn past(self) -> &'static str {
        self.recorded().past()
    }

    /// As the record has it.
    #[must_use]
    pub fn recorded(self) -> RecordedVerb {
        match self {
            Self::Switch => RecordedVerb::Switch,
            Self::Rollback => RecordedVerb::Rollback,
        }
    }

    /// Rollback is for the middle of an outage: only an empty target stops it.
    #[must_use]
    pub fn urgency(self) -> Urgency {
        match self {
            Self::Switch => Urgency::Ordinary,
            Self::Rollback => Urgency::Outage,
        }
    }
}

/// Where a move goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    Color(String),
    /// The color whose workloads run this image tag.
    Image(String),
    /// The only other color.
    Other,
    /// Where the last switch came from.
    Back,
}

/// Which failures of a move are taken back by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TakeBack {
    EveryFailure,
    /// Only one that leaves the Service without a ready endpoint.
    Emergency,
    Nothing,
}

impl TakeBack {
    fn of(args: &AfterArgs) -> Self {
        if args.no_rollback { Self::Nothing } else { Self::EveryFailure }
    }
}

/// A switch, a rollback or a preflight, resolved.
#[derive(Debug, Clone)]
pub struct MoveOptions {
    pub verb: Verb,
    pub services: Vec<String>,
    pub target: Target,
    pub track_key: Option<String>,
    pub router: Option<NamedRouter>,
    pub min_ready: Option<MinReady>,
    pub weighing: Weighing,
    /// Bring the target to size before the move.
    pub scale: bool,
    /// A deploy makes the target what it is to be, its size among it.
    pub prepares: bool,
    /// Both colors are selected until load balancers reach the target.
    pub widen: bool,
    /// One ready pod is enough.
    pub now: bool,
    pub verify_for: VerifyFor,
    pub retain: Duration,
    /// The numbers that judge the target while it is watched.
    pub analysis: Analysis,
    pub take_back: TakeBack,
    pub reason: String,
    pub yes: bool,
    /// Nothing is moved: what is printed moves nothing either, where it isn't clear where to.
    pub only_checks: bool,
    /// What the target has to be, where only that was tested or asked for.
    pub expect: Option<Fingerprint>,
    /// Who of the target's pods has passed its tests, where it was tested.
    pub tested: Option<Covered>,
    /// What is run around the move.
    pub hooks: Hooks,
    /// What a command that goes on from here says again, as words: all but Services, color, `--scale`,
    /// `--force`, `--yes` and what says where the output goes.
    pub again: Vec<String>,
    /// The same for each Service by itself, where they were asked for apart; empty where all are asked for alike.
    pub parts: Vec<MoveOptions>,
}

/// How long a move is watched once it has arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VerifyFor {
    Typed(Duration),
    /// The target's readiness failure window; longer where the Service's annotation asks for that, and as long
    /// as the run may take.
    Usual {
        at_most: Duration,
    },
}

impl VerifyFor {
    fn of(args: &AfterArgs, timeout: Duration) -> Self {
        args.verify_for.map_or(Self::Usual { at_most: timeout }, Self::Typed)
    }
}

/// Resolves `switch`.
///
/// # Errors
/// Exit 2 for names that are none, and for a bare switch without a terminal: it toggles, and a
/// CI job that is retried would restore the old version.
pub fn switch(args: SwitchArgs, scope: &Scope) -> Outcome<MoveOptions> {
    let target = target(&args.target);
    let services = service_names(&args.services.services)?;
    if target == Target::Other && !has_terminal() {
        return Err(Failure::usage("without a terminal, switch needs --to COLOR or --to-image TAG")
            .look(Command::new("kubectl bluegreen status").args(services).scope(scope)));
    }
    let analysis = analysis::analysis(&args.after.analysis, args.after.verify_for, args.write.timeout)?;
    let plain = plain_switch(services, &args.after, args.checks, args.track, args.write);
    // What was approved is approved of nothing else.
    let approved = args.expect.iter().map(|expected| format!("--expect={expected}"));
    let again = approved.chain(plain.again.clone()).chain(args.hooks.again()).chain(args.notify.again()).collect();
    Ok(MoveOptions { target, scale: args.scale, expect: args.expect, again, analysis, ..plain })
}

/// A switch of these Services by what all that move forward can be told.
#[must_use]
pub fn plain_switch(
    services: Vec<String>,
    after: &AfterArgs,
    checks: CheckArgs,
    track: TrackArgs,
    write: WriteArgs,
) -> MoveOptions {
    MoveOptions {
        again: again(&checks).chain(afterwards(after)).chain(because(&write.reason)).collect(),
        expect: None,
        tested: None,
        verb: Verb::Switch,
        services,
        target: Target::Other,
        track_key: track.track_key,
        router: track.router,
        min_ready: checks.min_ready,
        weighing: weighing(checks),
        scale: false,
        prepares: false,
        widen: after.widen,
        now: false,
        verify_for: VerifyFor::of(after, write.timeout),
        retain: after.retain.unwrap_or(RETAINED),
        analysis: Analysis::default(),
        take_back: TakeBack::of(after),
        reason: write.reason,
        yes: write.yes,
        only_checks: false,
        hooks: Hooks::default(),
        parts: Vec::new(),
    }
}

/// Resolves `preflight`: the checks of a switch, which may toggle because nothing is written.
///
/// # Errors
/// Exit 2 for names that are none.
pub fn preflight(args: PreflightArgs) -> Outcome<MoveOptions> {
    Ok(MoveOptions {
        again: again(&args.checks).collect(),
        expect: None,
        tested: None,
        verb: Verb::Switch,
        services: service_names(&args.services.services)?,
        target: target(&args.target),
        track_key: args.track.track_key,
        router: args.track.router,
        min_ready: args.checks.min_ready,
        weighing: weighing(args.checks),
        scale: false,
        prepares: false,
        widen: false,
        now: false,
        verify_for: VerifyFor::Typed(Duration::ZERO),
        retain: Duration::ZERO,
        analysis: Analysis::default(),
        take_back: TakeBack::Nothing,
        reason: String::new(),
        yes: false,
        only_checks: true,
        hooks: Hooks::default(),
        parts: Vec::new(),
    })
}

/// Resolves `rollback`.
///
/// # Errors
/// Exit 2 for names that are none.
pub fn rollback(args: RollbackArgs) -> Outcome<MoveOptions> {
    Ok(MoveOptions {
        again: because(&args.write.reason).into_iter().chain(args.notify.again()).collect(),
        services: service_names(&args.services.services)?,
        track_key: args.track.track_key,
        router: args.track.router,
        now: args.now,
        weighing: Weighing { force: args.force, strict: false },
        verify_for: VerifyFor::Typed(args.verify_for),
        reason: args.write.reason,
        yes: args.write.yes,
        ..plain_rollback("")
    })
}

/// `rollback SERVICE` without a flag.
#[must_use]
pub fn plain_rollback(service: &str) -> MoveOptions {
    MoveOptions {
        verb: Verb::Rollback,
        services: vec![service.to_owned()],
        target: Target::Back,
        track_key: None,
        router: None,
        min_ready: None,
        weighing: Weighing::default(),
        scale: true,
        prepares: false,
        widen: false,
        now: false,
        verify_for: VerifyFor::Typed(Duration::ZERO),
        retain: RETAINED,
        analysis: Analysis::default(),
        take_back: TakeBack::Emergency,
        reason: String::new(),
        yes: false,
        only_checks: false,
        expect: None,
        tested: None,
        hooks: Hooks::default(),
        again: Vec::new(),
        parts: Vec::new(),
    }
}

fn target(typed: &TargetArgs) -> Target {
    match (&typed.to, &typed.to_image) {
        (Some(color), _) => Target::Color(color.clone()),
        (None, Some(tag)) => Target::Image(tag.clone()),
        (None, None) => Target::Other,
    }
}

fn weighing(checks: CheckArgs) -> Weighing {
    Weighing { force: checks.force, strict: checks.strict }
}
