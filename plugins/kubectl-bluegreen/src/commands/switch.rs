//! `switch`: load, plan, check, agree, bring to size, write, prove, report.

use kubectl_release::confirm::agree;
use kubectl_release::error::{Failure, Outcome};
use kubectl_release::finding;
use kubectl_release::flags::DryRunFlag;
use serde_json::{Value, json};

use crate::checks::{EMPTY_TARGET, Verb, blocking};
use crate::itinerary::{Itinerary, subjects};
use crate::moving::{self, Reached, scale, write};
use crate::options::MoveOptions;
use crate::plan::{Context, Move, Step, size};
use crate::report::plan_text;
use crate::snapshot::{Reach, Snapshot, load};
use crate::subject::Subject;
use kubectl_release::report::Report;
use kubectl_release::run::Run;

/// Runs the verb.
///
/// # Errors
/// As the exit codes say.
pub async fn run(run: &Run, options: &MoveOptions, report: &mut Report) -> Outcome<()> {
    travel(run, options, Reach::Everything, report).await
}

/// The way of every move, a rollback's too.
///
/// # Errors
/// As the exit codes say.
pub async fn travel(run: &Run, options: &MoveOptions, reach: Reach, report: &mut Report) -> Outcome<()> {
    let key = options.track_key.as_deref();
    let snapshot = load(&run.cluster, &options.services, key, reach).await?;
    let subjects = subjects(&snapshot, key);
    let context = context(run, options);
    let itinerary = Itinerary::of(&snapshot, &subjects, &context, false)?;
    show(run, options, &itinerary, &subjects, report);
    if itinerary.moves().is_empty() {
        return Ok(());
    }
    refuse_blocked(run, options, &itinerary)?;
    if options.dry_run == DryRunFlag::Client {
        would_be(run, &itinerary, report);
        return Ok(());
    }
    if options.dry_run != DryRunFlag::Server {
        agree(&question(&itinerary), options.yes)?;
    }
    let sizes = scaling(&itinerary, &subjects, &snapshot, &run.cluster.namespace);
    if options.dry_run == DryRunFlag::Server {
        let moves = itinerary.journeys(&subjects, options);
        let writes: Vec<_> =
            sizes.into_iter().chain(moves.iter().map(|j| j.movement.change(j.subject, &run.cluster.flags))).collect();
        write::rehearse(run, &writes).await?;
        would_be(run, &itinerary, report);
        return Ok(());
    }
    let scales = !itinerary.to_scale().is_empty();
    if scales {
        bring_to_size(run, options, &itinerary, &subjects, &sizes).await?;
    }
    if scales || !options.yes {
        return go_anew(run, options, reach, &itinerary, report).await;
    }
    go(run, options, &snapshot, &subjects, &itinerary, report).await
}

/// Pods took their time to start, or a person to answer: everything is read, planned and checked
/// anew, and has to be what was agreed to.
async fn go_anew(
    run: &Run,
    options: &MoveOptions,
    reach: Reach,
    agreed: &Itinerary,
    report: &mut Report,
) -> Outcome<()> {
    let key = options.track_key.as_deref();
    let snapshot = load(&run.cluster, &options.services, key, reach).await?;
    let subjects = subjects(&snapshot, key);
    let itinerary = Itinerary::of(&snapshot, &subjects, &context(run, options), true)?;
    let ways = |i: &Itinerary| {
        i.moves().iter().map(|m| (m.service.clone(), m.previous.clone(), m.selector.clone())).collect::<Vec<_>>()
    };
    if ways(&itinerary) != ways(agreed) {
        return Err(Failure::changed("someone else moved a Service meanwhile; nothing was switched").next(format!(
            "kubectl bluegreen status {}{}",
            options.services.join(" "),
            run.suffix
        )));
    }
    report.findings.clone_from(&itinerary.findings);
    if let Err(refused) = refuse_blocked(run, options, &itinerary) {
        run.say(&finding::lines(&itinerary.findings, run.look(options.services.len())));
        return Err(refused);
    }
    go(run, options, &snapshot, &subjects, &itinerary, report).await
}

async fn go(
    run: &Run,
    options: &MoveOptions,
    snapshot: &Snapshot,
    subjects: &[Subject<'_>],
    itinerary: &Itinerary,
    report: &mut Report,
) -> Outcome<()> {
    let journeys = itinerary.journeys(subjects, options);
    let reached = moving::carry_out(run, options, snapshot, &journeys).await;
    for (index, journey) in journeys.iter().enumerate() {
        let mut entry = move_value(journey.movement, reached.as_ref().ok().and_then(|r| r.get(index)), run, itinerary);
        entry["changed"] = json!(journey.moved.get());
        put_service(report, &journey.movement.service, entry);
    }
    reached?;
    let past = if options.verb == Verb::Rollback { "rolled back" } else { "switched" };
    report.text = lines(journeys.iter().map(|j| format!("service/{} {past} to {}", j.movement.service, j.movement.to)));
    Ok(())
}

fn context<'a>(run: &'a Run, options: &'a MoveOptions) -> Context<'a> {
    Context { options, suffix: &run.suffix, flags: &run.cluster.flags, run_id: &run.id, user: &run.cluster.user }
}

/// Shows plan and findings before anything happens, and puts them into the report.
pub fn show(run: &Run, options: &MoveOptions, itinerary: &Itinerary, subjects: &[Subject<'_>], report: &mut Report) {
    run.say(&plan_text::heading(&options.services, &run.cluster.context, &run.cluster.namespace));
    run.say(&itinerary.text(subjects));
    run.say(&finding::lines(&itinerary.findings, run.look(options.services.len())));
    report.findings.clone_from(&itinerary.findings);
    for step in &itinerary.steps {
        match step {
            Step::Move(movement) => report.items.push(move_value(movement, None, run, itinerary)),
            Step::Nothing { service, color, message, next } => {
                let entry =
                    json!({"name": service, "active": color, "changed": false, "message": message, "next": next});
                report.items.push(entry);
                report.text = joined(&report.text, &format!("service/{service} unchanged ({color}); nothing to do"));
            }
        }
    }
    report.names = options.services.iter().map(|name| format!("service/{name}")).collect();
}

/// Stops where a blocking finding isn't overridden.
///
/// # Errors
/// Exit 1, with the same command completed by what is missing.
pub fn refuse_blocked(run: &Run, options: &MoveOptions, itinerary: &Itinerary) -> Outcome<()> {
    let ids: Vec<&str> = blocking(&itinerary.findings).map(|f| f.id).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let what = if options.verb == Verb::Rollback { "not rolled back" } else { "not switched" };
    Err(Failure::failed("Blocked", format!("{what}; nothing was written"))
        .next(better_command(run, options, itinerary, &ids)))
}

/// The command that would go through: with the twins named, and with `--scale` where that helps.
fn better_command(run: &Run, options: &MoveOptions, itinerary: &Itinerary, ids: &[&str]) -> String {
    let to = itinerary.moves().first().map_or(String::new(), |m| format!(" --to {}", m.to));
    let mut words = options.services.join(" ");
    for finding in blocking(&itinerary.findings).filter(|f| f.id == "twin-service") {
        if let Some(twin) = finding.message.split_whitespace().next() {
            words = format!("{words} {twin}");
        }
    }
    let growable = blocking(&itinerary.findings).any(|f| f.fix.as_deref() == Some("add --scale"));
    if ids.contains(&EMPTY_TARGET) && !growable {
        return first_look(run, options, itinerary);
    }
    let scale = if growable { " --scale" } else { "" };
    let others: Vec<&str> = ids
        .iter()
        .copied()
        .filter(|id| !["ready-below-active", "no-ready-pods", "twin-service"].contains(id))
        .collect();
    let force = if others.is_empty() { String::new() } else { format!(" --force={}", others.join(",")) };
    let hint = if force.is_empty() { "" } else { "   (after fixing, or knowing better)" };
    format!("kubectl bluegreen switch {words}{to}{scale}{force}{}{hint}", run.suffix)
}

/// Where no flag helps: what shows why the target has no ready pod.
fn first_look(run: &Run, options: &MoveOptions, itinerary: &Itinerary) -> String {
    let why = itinerary.findings.iter().find(|f| f.id == "pods-not-ready").and_then(|f| f.fix.clone());
    why.unwrap_or_else(|| format!("kubectl bluegreen status {}{}", options.services.join(" "), run.suffix))
}

fn question(itinerary: &Itinerary) -> String {
    let moves: Vec<String> = itinerary.moves().iter().map(|m| format!("service/{} to {}", m.service, m.to)).collect();
    let warnings = itinerary.findings.iter().filter(|f| !f.quiet).count();
    let know = if warnings == 0 { String::new() } else { format!(" ({warnings} findings above)") };
    format!("Switch {}{know}?", moves.join(", "))
}

fn would_be(run: &Run, itinerary: &Itinerary, report: &mut Report) {
    let mode = if run.dry_run == DryRunFlag::Server { "server dry run" } else { "dry run" };
    let past = |m: &Move| if m.record.verb == "rollback" { "rolled back" } else { "switched" };
    let line = |m: &&Move| format!("service/{} {} to {} ({mode})", m.service, past(m), m.to);
    report.text = lines(itinerary.moves().iter().map(line));
}

fn scaling(
    itinerary: &Itinerary,
    subjects: &[Subject<'_>],
    snapshot: &Snapshot,
    namespace: &str,
) -> Vec<kubectl_release::change::Change> {
    let mut changes = Vec::new();
    for (leg, movement, subject) in scaled_legs(itinerary, subjects) {
        let Ok(tracks) = &subject.tracks else { continue };
        let (Some(target), Some(active)) = (tracks.color(&movement.to), tracks.color(&movement.from)) else { continue };
        for change in scale::changes(&size::parity(target, active, leg.required), snapshot, namespace) {
            // Services that move together share workloads: each is scaled once.
            if !changes.contains(&change) {
                changes.push(change);
            }
        }
    }
    changes
}

fn scaled_legs<'a>(
    itinerary: &'a Itinerary,
    subjects: &'a [Subject<'a>],
) -> impl Iterator<Item = (&'a crate::itinerary::Leg, &'a Move, &'a Subject<'a>)> {
    let moves = itinerary.moves();
    itinerary.to_scale().into_iter().filter_map(move |leg| {
        let movement = moves.iter().find(|m| m.service == leg.service).copied()?;
        let subject = subjects.iter().find(|s| s.name() == leg.service)?;
        Some((leg, movement, subject))
    })
}

async fn bring_to_size(
    run: &Run,
    options: &MoveOptions,
    itinerary: &Itinerary,
    subjects: &[Subject<'_>],
    changes: &[kubectl_release::change::Change],
) -> Outcome<()> {
    scale::apply(run, changes).await?;
    for (leg, movement, subject) in scaled_legs(itinerary, subjects) {
        let Ok(tracks) = &subject.tracks else { continue };
        if let Some(target) = tracks.color(&movement.to) {
            scale::wait_ready(run, tracks, target, leg.required, options.verb == Verb::Switch).await?;
        }
    }
    Ok(())
}

/// `{name, trackKey, from, to, changed, ready: {target, active, required}, undo}`, and once moved
/// `readyEndpoints`, `convergedMillis` and `totalMillis`.
fn move_value(m: &Move, reached: Option<&Reached>, run: &Run, itinerary: &Itinerary) -> Value {
    let undo = kubectl_release::change::selector_command(&m.service, &m.namespace, &run.cluster.flags, &m.previous);
    let leg = itinerary.leg(&m.service);
    let mut value = json!({"name": m.service, "trackKey": m.key, "from": m.from, "to": m.to, "changed": reached.is_some(),
        "ready": {"target": leg.map(|l| l.target_ready), "active": leg.map(|l| l.active_ready), "required": leg.map(|l| l.required)},
        "undo": undo});
    if let Some(reached) = reached {
        value["readyEndpoints"] = json!(reached.ready);
        value["convergedMillis"] = json!(reached.converged_millis);
        value["totalMillis"] = json!(run.millis());
    }
    value
}

fn put_service(report: &mut Report, service: &str, entry: Value) {
    match report.items.iter_mut().find(|v| v["name"] == service) {
        Some(slot) => *slot = entry,
        None => report.items.push(entry),
    }
}

fn lines(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join("\n")
}

fn joined(before: &str, line: &str) -> String {
    if before.is_empty() { line.to_owned() } else { format!("{before}\n{line}") }
}
