//! The plan of a release: the colors that are prepared, the move of all of them, and what every check found.

use release_cli::run::Run;
use release_core::checks::finding::Finding;
use release_core::checks::ids;
use release_core::checks::severity::Severity;
use release_core::duration::typed_duration;
use release_core::failure::Outcome;
use release_core::release::pod_tests::ForWorkload;

use crate::checks::deploy::{DeployCase, run as checks};
use crate::compared::Compared;
use crate::moves::make_plan;
use crate::options::MoveOptions;
use crate::options::deploy::DeployOptions;
use crate::options::release::ReleaseOptions;
use crate::plan::deploy::{self as planning, DeployPlan, Deploying, Objects, Preparation};
use crate::plan::{SwitchPlan, moves_text};
use crate::prepared::Prepared;
use crate::refusal::deploying::autoscaler_taken;
use crate::service_view::ServiceView;
use crate::snapshot::Snapshot;
use crate::vetting::known::{self, Vetted};

/// The workloads of one Service as they are to be, with what ECR knows of their images.
pub type Looked = (Vec<Prepared>, Vec<Vetted>);

/// One Service whose color is prepared.
#[derive(Debug, Clone, Copy)]
pub struct Part<'b> {
    pub options: &'b DeployOptions,
    pub deploying: &'b Deploying<'b>,
}

/// What a release is made from: what was read, which colors, the objects as they are, and those that its file has
/// besides.
#[derive(Debug)]
pub struct Basis<'b> {
    pub snapshot: &'b Snapshot,
    /// Of all its Services.
    pub views: &'b [ServiceView<'b>],
    /// Those of which something is prepared.
    pub parts: Vec<Part<'b>>,
    pub objects: &'b Objects,
    pub compared: &'b [Compared],
}

impl Basis<'_> {
    /// The workloads of each part as they are to be.
    ///
    /// # Errors
    /// Exit 1 where images are for no container.
    pub fn prepared(&self) -> Outcome<Vec<Vec<Prepared>>> {
        self.parts.iter().map(|part| planning::prepare(part.deploying, self.objects, part.options)).collect()
    }

    /// What else the file holds and is a part's to judge: what belongs to none of them is the first one's.
    fn compared_of(&self, at: usize) -> Vec<&Compared> {
        let owner = |one: &Compared| self.parts.iter().position(|part| is_of(part.deploying, one)).unwrap_or(0);
        self.compared.iter().filter(|one| owner(one) == at).collect()
    }
}

/// True for the Service itself, the route that decides about it, and the workloads of its colors.
fn is_of(deploying: &Deploying<'_>, one: &Compared) -> bool {
    let Deploying { view, tracks, pairs, .. } = deploying;
    let is = |kind: &str, name: &str| kind == one.kind && name == one.name;
    is("Service", view.name())
        || view.route.as_ref().is_some_and(|route| is(route.kind.kind(), &route.name))
        || pairs.iter().any(|pair| is(pair.kind.kind(), &pair.name))
        || tracks.colors.iter().flat_map(|color| &color.workloads).any(|own| is(own.kind.kind(), own.name()))
}

/// Plans all of it.
///
/// # Errors
/// Where a Service can't be moved, or a color not be prepared.
pub fn plan(
    run: &Run,
    (options, movement): (&ReleaseOptions, &MoveOptions),
    basis: &Basis<'_>,
    (prepared, world, views): (Vec<Looked>, &Snapshot, &[ServiceView<'_>]),
) -> Outcome<DeployPlan> {
    let with_tests = |(part, (prepared, vetted)): (&Part<'_>, Looked)| {
        let tests = planning::tests_for(part.options, part.deploying.view.service, (&prepared, world))?;
        Ok((prepared, vetted, tests))
    };
    let prepared = basis.parts.iter().zip(prepared).map(with_tests).collect::<Outcome<Vec<_>>>()?;
    let mut moves = make_plan(run, movement, world, views, false)?;
    if options.no_switch {
        leave_to_the_switch(&mut moves.findings);
    }
    let parts = basis.parts.iter().zip(prepared).map(|(part, own)| one(run, basis, part, own, (&moves, views)));
    let mut parts = parts.collect::<Outcome<Vec<_>>>()?;
    planning::written_once(&mut parts)?;
    let findings = findings(basis, movement, &parts, &moves);
    Ok(DeployPlan { parts, moves, findings })
}

fn one(
    run: &Run,
    basis: &Basis<'_>,
    part: &Part<'_>,
    (prepared, vetted, tests): (Vec<Prepared>, Vec<Vetted>, Vec<ForWorkload>),
    (moves, views): (&SwitchPlan, &[ServiceView<'_>]),
) -> Outcome<Preparation> {
    let Part { options, deploying } = part;
    let prepared = planning::sized(prepared, moves, views, options)?;
    let writes = planning::writes(&prepared, basis.objects, basis.snapshot, &deploying.exchange());
    if let Some(taken) = planning::autoscaler_taken(&writes, basis.snapshot) {
        return Err(autoscaler_taken(taken, &deploying.color, run.scope()));
    }
    let (service, color) = (options.service.clone(), deploying.color.clone());
    Ok(Preparation { service, color, prepared, writes, tests, vetted })
}

/// What the checks of each color and those of the move found.
fn findings(basis: &Basis<'_>, movement: &MoveOptions, parts: &[Preparation], moves: &SwitchPlan) -> Vec<Finding> {
    let of_part = |(at, (part, own)): (usize, (&Part<'_>, &Preparation))| {
        let Deploying { view, tracks, color, .. } = part.deploying;
        let compared = basis.compared_of(at);
        let (snapshot, prepared) = (basis.snapshot, own.prepared.as_slice());
        let (vetting, vetted) = (part.options.vetting, own.vetted.as_slice());
        let case = DeployCase { snapshot, view, tracks, color, prepared, compared: &compared, vetting, vetted };
        checks(&case, &movement.weighing)
    };
    let mut findings: Vec<Finding> = basis.parts.iter().zip(parts).enumerate().flat_map(of_part).collect();
    findings.extend(moves.findings.iter().cloned());
    findings.sort_by_key(|finding| (finding.severity, finding.overridden));
    findings
}

/// Who would stay behind is a matter of the move, which judges it again.
fn leave_to_the_switch(findings: &mut [Finding]) {
    for finding in findings.iter_mut().filter(|finding| finding.id == ids::TWIN_SERVICE) {
        finding.severity = finding.severity.max(Severity::Warns);
    }
}

/// The plan for people.
pub fn text(
    plan: &DeployPlan,
    options: &ReleaseOptions,
    basis: &Basis<'_>,
    (views, world): (&[ServiceView<'_>], &Snapshot),
) -> String {
    let is_of_one = options.is_of_one();
    let mut lines = Vec::new();
    for (part, own) in basis.parts.iter().zip(&plan.parts) {
        lines.extend(planning::lines(part.deploying, &own.prepared, &own.writes, basis.snapshot));
        lines.extend(known::lines(&own.vetted, part.options.vetting));
        let moving = plan.moves.moves().find(|moving| moving.service() == own.service);
        let required = moving.map_or(1, |moving| moving.required);
        let of = if is_of_one { String::new() } else { format!(" of service/{}", own.service) };
        let then = if options.no_switch || !is_of_one { "" } else { ", then" };
        lines.push(format!("  wait for {required} ready pods of {}{of}{then}", own.color));
        lines.extend(planning::tests_text(part.options, &own.tests));
    }
    if !is_of_one && !options.no_switch {
        lines.push("  once all of that is so, all of this as one:".to_owned());
    }
    lines.extend(options.switch_after.map(|pause| format!("  wait for {}, then", typed_duration(pause))));
    if !options.no_switch {
        lines.push(moves_text(&plan.moves, views, &world.pods));
    }
    lines.join("\n")
}
