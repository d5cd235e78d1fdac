//! `status`: what is so, for one Service, a namespace or the cluster; once, watched, or waited for.

mod overview;

use std::time::Duration;

use kubectl_release::error::{Failure, Outcome};
use kubectl_release::flags::Output;
use tokio::time::sleep;

use crate::args::StatusArgs;
use crate::itinerary::subjects;
use crate::moving::slice_view::SliceView;
use crate::options::{Aim, MoveOptions, service_names};
use crate::plan::Context;
use crate::refusal::not_switchable;
use crate::report::plan_text;
use crate::report::status_text::{self, ServiceStatus};
use crate::snapshot::{Reach, Snapshot, load};
use kubectl_release::report::Report;
use kubectl_release::run::Run;

/// A watched Service is read again at least this often: workloads change without endpoints.
const REFRESH: Duration = Duration::from_secs(2);
/// Between two looks while waiting.
const POLL: Duration = Duration::from_millis(300);

/// Runs the verb.
///
/// # Errors
/// Exit 1 where a Service can't be read or has no colors; exit 4 where `--wait-for` ran out of time.
pub async fn run(run: &Run, args: &StatusArgs, report: &mut Report) -> Outcome<()> {
    let names = service_names(&args.services)?;
    if names.is_empty() {
        return overview::show(run, args.all_namespaces, args.track.track_key.as_deref(), report).await;
    }
    if let Some(condition) = &args.wait_for {
        return wait_for(run, &names, args, &Condition::parse(condition)?, report).await;
    }
    if args.watch {
        return watch(run, &names, args).await;
    }
    let (_, shown) = look(run, &names, args).await?;
    fill(run, &names, shown, report);
    Ok(())
}

async fn look(run: &Run, names: &[String], args: &StatusArgs) -> Outcome<(Snapshot, Vec<ServiceStatus>)> {
    let key = args.track.track_key.as_deref();
    let snapshot = load(&run.cluster, names, key, Reach::Colors).await?;
    let shown = judge(run, &snapshot, key)?;
    Ok((snapshot, shown))
}

fn judge(run: &Run, snapshot: &Snapshot, key: Option<&str>) -> Outcome<Vec<ServiceStatus>> {
    let options = MoveOptions::for_status();
    let context = Context { options: &options, suffix: &run.suffix, flags: &run.cluster.flags, run_id: "", user: "" };
    subjects(snapshot, key)
        .iter()
        .map(|subject| match &subject.tracks {
            Ok(tracks) => Ok(status_text::service(subject, tracks, snapshot, &run.suffix)),
            Err(why) => Err(not_switchable(subject, why, snapshot, &context)),
        })
        .collect()
}

fn fill(run: &Run, names: &[String], shown: Vec<ServiceStatus>, report: &mut Report) {
    let parts = names.iter().zip(&shown).map(|(name, status)| {
        let heading = plan_text::heading(std::slice::from_ref(name), &run.cluster.context, &run.cluster.namespace);
        format!("{heading}\n{}", status.text)
    });
    report.text = parts.collect::<Vec<_>>().join("\n\n");
    report.names = names.iter().map(|name| format!("service/{name}")).collect();
    report.items = shown.into_iter().map(|status| status.value).collect();
}

/// Prints again whenever what is shown has changed; ends when interrupted.
async fn watch(run: &Run, names: &[String], args: &StatusArgs) -> Outcome<()> {
    let mut last = String::new();
    loop {
        let (snapshot, shown) = look(run, names, args).await?;
        let mut report = Report {
            kind: "Status",
            context: run.cluster.context.clone(),
            namespace: run.cluster.namespace.clone(),
            ..Report::default()
        };
        let text: Vec<&str> = shown.iter().map(|s| s.text.as_str()).collect();
        // Ages move all the time; what matters is the documents without them.
        let now = format!("{:?}", shown.iter().map(|s| without_ages(&s.value)).collect::<Vec<_>>());
        let changed = now != last && !text.is_empty();
        last = now;
        if changed {
            fill(run, names, shown, &mut report);
            kubectl_release::print::report(
                &report,
                if run.output == Output::Json { Output::Jsonl } else { run.output },
                None,
                &[],
            );
            if !run.output.is_machine() {
                println!();
            }
        }
        let mut view = SliceView::of(&run.cluster, &names[0], &snapshot);
        view.changed(REFRESH).await;
    }
}

fn without_ages(value: &serde_json::Value) -> serde_json::Value {
    let mut value = value.clone();
    if let Some(colors) = value["colors"].as_array_mut() {
        for color in colors {
            color["state"].take();
        }
    }
    value
}

/// What `--wait-for` waits for.
enum Condition {
    Active(String),
    Converged,
}

impl Condition {
    fn parse(text: &str) -> Outcome<Self> {
        match text.split_once('=') {
            None if text == "converged" => Ok(Self::Converged),
            Some(("active", color)) if !color.is_empty() => Ok(Self::Active(color.to_owned())),
            _ => Err(Failure::usage(format!("--wait-for: \"{}\" is no condition", text.escape_debug()))
                .next("active=COLOR, or converged")),
        }
    }

    fn holds(&self, status: &ServiceStatus) -> bool {
        match self {
            Self::Active(color) => status.active == *color && status.converged,
            Self::Converged => status.converged,
        }
    }
}

async fn wait_for(
    run: &Run,
    names: &[String],
    args: &StatusArgs,
    condition: &Condition,
    report: &mut Report,
) -> Outcome<()> {
    loop {
        let (_, shown) = look(run, names, args).await?;
        let holds = shown.iter().all(|status| condition.holds(status));
        let text: Vec<String> =
            shown.iter().map(|s| format!("{}{}", s.active, if s.converged { "" } else { " (converging)" })).collect();
        fill(run, names, shown, report);
        if holds {
            return Ok(());
        }
        if run.left().is_zero() {
            return Err(Failure::out_of_time(format!("out of time: active is {}", text.join(", "))));
        }
        run.progress.step("waiting", &format!("active is {}", text.join(", ")));
        sleep(POLL.min(run.left())).await;
    }
}

impl MoveOptions {
    /// Options that printed refusals of `status` are worded with.
    pub fn for_status() -> Self {
        Self {
            verb: crate::checks::Verb::Switch,
            services: Vec::new(),
            aim: Aim::Other,
            track_key: None,
            min_ready: None,
            weighing: crate::checks::Weighing::default(),
            scale: false,
            now: false,
            verify_for: None,
            retain: Duration::ZERO,
            rollback_on_failure: false,
            reason: String::new(),
            yes: false,
            dry_run: kubectl_release::flags::DryRunFlag::None,
        }
    }
}
