//! The contract of a release: what only the color before needed is taken away, once that is down.

use release_cli::flags::DryRunFlag;
use release_cli::report::Report;
use release_cli::run::Run;
use release_cli::verb::{Agreed, agree, would_be};
use release_core::command::Command;
use release_core::failure::{Failure, Outcome};
use release_core::release::change::{Action, Change};
use release_core::release::hooks::{Identity, Moment};
use release_core::release::record::{Record as _, RunResult};
use release_core::text::printable;
use release_core::traffic::selector::{Color, Tracks};

use crate::apply;
use crate::args::CleanupArgs;
use crate::cleanup::removal::stays;
use crate::contracted::Contracted;
use crate::hooks::{self, About, Loaded};
use crate::left::differences;
use crate::names::service_names;
use crate::record::{Record, RecordedVerb};
use crate::refusal::{self, not_switchable};
use crate::report::cleanup_document::CleanupMembers;
use crate::routed_view::seen;
use crate::service_view::ServiceView;
use crate::snapshot::{Looking, ReadScope, Snapshot, load};

/// A contract that was asked for.
#[derive(Debug)]
pub struct Contract {
    service: String,
    hook: Loaded,
}

impl Contract {
    /// Reads what is to be run.
    ///
    /// # Errors
    /// Exit 2 for several Services; where it can't be run.
    pub async fn load(run: &Run, args: &CleanupArgs) -> Outcome<Option<Self>> {
        let Some(hook) = &args.contract else { return Ok(None) };
        let services = service_names(&args.services)?;
        let [service] = services.as_slice() else {
            return Err(Failure::usage("--contract is of one Service's release"));
        };
        let hook = Loaded::load(run, Moment::Contract, hook, service).await?;
        Ok(Some(Self { service: service.clone(), hook }))
    }

    /// The color that it is about: the one that the last release left.
    ///
    /// # Errors
    /// Exit 1 where that was no release, or has gone back: nothing is taken down then. Exit 2 for another color.
    pub async fn left(&self, run: &Run, args: &CleanupArgs) -> Outcome<String> {
        let snapshot = self.look(run, args).await?;
        let view = seen(&snapshot.services[0], &snapshot, args.track.track_key.as_deref());
        let (_, record) = released(&view, &snapshot, run)?;
        match args.color.as_ref().filter(|color| **color != record.from) {
            Some(other) => Err(Failure::usage(format!(
                "--contract is of what the last release left, {}, and not of {}",
                record.from,
                printable(other)
            ))),
            None => Ok(record.from.clone()),
        }
    }

    async fn look(&self, run: &Run, args: &CleanupArgs) -> Outcome<Snapshot> {
        let key = args.track.track_key.as_deref();
        let looking = Looking { key, router: args.track.router.as_ref(), extent: ReadScope::Everything, images: false };
        run.within(load(&run.cluster, std::slice::from_ref(&self.service), looking)).await
    }

    /// Runs it once for the last release, where the color before is down. From its beginning on, that is no way back.
    ///
    /// # Errors
    /// Exit 1 where that color is up, or the move was not proven; where the hook fails.
    pub async fn run(&self, run: &Run, args: &CleanupArgs, report: &mut Report<CleanupMembers>) -> Outcome<()> {
        let snapshot = self.look(run, args).await?;
        let view = seen(&snapshot.services[0], &snapshot, args.track.track_key.as_deref());
        let (tracks, record) = released(&view, &snapshot, run)?;
        let before = view.contracted.as_ref().filter(|note| note.record == record.id);
        if before.is_some_and(|note| note.done) {
            said(report, "contract was run already");
            return Ok(());
        }
        // In a dry run it would be.
        let up = tracks.color(&record.from).filter(|_| run.dry_run == DryRunFlag::None);
        if let Some(color) = up.filter(|color| is_up(color, tracks, &snapshot)) {
            let text = format!("{} of service/{} is not down: contract was not run", color.name, view.name());
            let look = Command::new("kubectl bluegreen status").arg(view.name()).scope(run.scope());
            return Err(Failure::failed("NotDown", text).look(look));
        }
        let note = begun_by(run, &snapshot, record);
        let about = self.about(&view, tracks, record);
        let question =
            format!("Run contract of service/{}: then there is no rollback to {}?", view.name(), record.from);
        let begun = noted(&view, tracks, &note, &snapshot.namespace);
        match agree(run, &question, args.write.yes)? {
            Agreed::ToLook => said(report, &would_be(run, "contract run")),
            Agreed::ToRehearse => {
                apply::rehearse(run, &[begun]).await?;
                said(report, &would_be(run, "contract run"));
            }
            Agreed::ToWrite => {
                write(run, &begun).await?;
                self.hook.run(run, &about).await?;
                let done = Contracted { done: true, ..note };
                write(run, &noted(&view, tracks, &done, &snapshot.namespace)).await?;
                hooks::tidy(run, &self.service).await;
                said(report, &format!("contract run: there is no rollback to {}", record.from));
            }
        }
        Ok(())
    }

    fn about(&self, view: &ServiceView<'_>, tracks: &Tracks, record: &Record) -> About {
        let what = self.hook.identity();
        About {
            release: Identity::of([Moment::Contract.word(), what.as_str(), record.id.as_str()]),
            services: view.name().to_owned(),
            color: tracks.active.clone(),
            selectors: tracks.colors.iter().map(|color| tracks.labels_of(&color.name)).collect(),
            so_far: format!("there is no rollback to {} any more: it may have been done in part", record.from),
            again: None,
        }
    }
}

fn begun_by(run: &Run, snapshot: &Snapshot, record: &Record) -> Contracted {
    let by = snapshot.who.clone().unwrap_or_else(|_| format!("{} (kubeconfig)", run.cluster.user));
    Contracted { record: record.id.clone(), color: record.from.clone(), by, at: snapshot.at, done: false }
}

/// The colors, and the move whose color before is done with: one that led forward.
fn released<'v>(view: &'v ServiceView<'_>, snapshot: &Snapshot, run: &Run) -> Outcome<(&'v Tracks, &'v Record)> {
    let asked = || refusal::Asked::about("cleanup", view.name());
    let tracks = view.tracks.as_ref().map_err(|why| not_switchable(view, why, snapshot, &asked()))?;
    let last = view.recorded.current.as_ref().filter(|record| record.key == tracks.key && record.to == tracks.active);
    let (name, active) = (view.name(), &tracks.active);
    let refused = |text: String| {
        let history = Command::new("kubectl bluegreen history").arg(name).scope(run.scope());
        Failure::failed("NotReleased", format!("{text}: contract was not run, and nothing was taken down"))
            .look(history)
    };
    let proven = last.filter(|record| record.result == Some(RunResult::Done));
    let record =
        proven.ok_or_else(|| refused(format!("no proven release of ours has led service/{name} to {active}")))?;
    if went_back(view, tracks, record, snapshot) {
        return Err(refused(format!(
            "service/{name} went back from {} to {active}, which is the version before",
            record.from
        )));
    }
    Ok((tracks, record))
}

/// By a rollback; or by a switch to a version that was left before the other one, as the records tell of what both still
/// are.
fn went_back(view: &ServiceView<'_>, tracks: &Tracks, last: &Record, snapshot: &Snapshot) -> bool {
    let is_as_left = |record: &Record| {
        let color = tracks.color(&record.from);
        let pods = tracks.pods_of(&record.from, &snapshot.pods);
        color.is_some_and(|color| differences(&record.left, record.at, color, &pods).is_empty())
    };
    let records: Vec<&Record> = view.recorded.all().collect();
    let of_both =
        records.into_iter().rev().filter(|one| one.key == last.key && [&last.from, &last.to].contains(&&one.from));
    let left_first = of_both.filter(|one| is_as_left(one)).map(|one| &one.from).next();
    last.verb != RecordedVerb::Switch || left_first == Some(&last.to)
}

fn is_up(color: &Color, tracks: &Tracks, snapshot: &Snapshot) -> bool {
    let has_pods = tracks.pods_with_labels(&color.name, &snapshot.pods).iter().any(|pod| stays(pod));
    has_pods || color.workloads.iter().any(|workload| workload.replicas > 0)
}

fn noted(view: &ServiceView<'_>, tracks: &Tracks, note: &Contracted, namespace: &str) -> Change {
    Change {
        object: view.decider(namespace),
        path: view.home_path(namespace),
        action: Action::Note(note.written(view.still(tracks), (Record::CURRENT, view.recorded.raw_current.as_ref()))),
        summary: format!("note: contract of the release to {}", tracks.active),
        undo: None,
    }
}

async fn write(run: &Run, change: &Change) -> Outcome<()> {
    match run.cluster.apply_and_see(change, run.write_mode()).await {
        Ok(_) => Ok(()),
        Err(error) if matches!(error.code(), Some(409 | 422)) => {
            let text = format!("{} was moved by somebody else meanwhile: {}", change.object, error.short());
            let name = change.object.trim_start_matches("service/");
            Err(Failure::changed(text).look(Command::new("kubectl bluegreen status").arg(name).scope(run.scope())))
        }
        Err(error) => Err(error.into()),
    }
}

fn said(report: &mut Report<CleanupMembers>, line: &str) {
    let before = std::mem::take(&mut report.text);
    // That there was nothing to take down is no news beside this.
    let is_first = before.is_empty() || report.members.services.is_empty();
    report.text = if is_first { line.to_owned() } else { format!("{before}\n{line}") };
}
