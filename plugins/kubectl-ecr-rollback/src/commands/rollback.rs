//! The rollback: load, see where things stand, ask the registry, choose, check, agree, write, watch.

use futures::future::try_join;
use jiff::Timestamp;
use kubectl_release::cluster::read::Reading;
use kubectl_release::error::{Failure, Outcome};
use kubectl_release::objects::Workload;
use kubectl_release::push_history::{
    Candidate, Choice, Chosen, IndexChildren, Pinned, PushedImage, Question, Repository, Why, choose,
};
use kubectl_release::report::Report;
use kubectl_release::run::Run;

use super::change::{Plan, attach, carry_out, nothing};
use super::decide::{Decided, settle};
use super::registry::Shelf;
use super::select;
use crate::checks::{Case, Gate, Pushed};
use crate::listing;
use crate::options::RollbackOptions;
use crate::placement::{Asked, Selected, places};
use crate::plan::{self, Context, Roll, Standing, pinned_short, resumed, short_digest, standing};
use crate::record::Recorded;
use crate::refusal::passed_over;
use crate::snapshot::{self, Snapshot};
use crate::typed::{CONTAINERS, OF_REGISTRY};

/// Runs the verb.
///
/// # Errors
/// As the exit codes say.
pub async fn run(run: &Run, options: &RollbackOptions, report: &mut Report) -> Outcome<()> {
    let workload = snapshot::workload(&run.cluster, &options.workload).await?;
    let asked = Asked {
        containers: &options.containers,
        include_init: options.include_init_containers,
        offline: options.is_offline(),
        suffix: &run.suffix,
    };
    let selected = select::containers(run, &workload, &asked, &options.carry.typed)?;
    let recorded = Recorded::read(workload.metadata.annotations.as_ref());
    match standing(&workload, &recorded, &selected, options, &run.suffix)? {
        Standing::Nothing { message, next } => {
            nothing(run, &workload, &message, next.as_deref(), report);
            Ok(())
        }
        Standing::Attach(record) => {
            let roll = resumed(&record, &places(&workload));
            attach(run, &workload, &recorded, &roll, &options.carry, report).await
        }
        Standing::Open => plan_and_go(run, options, workload, &selected, report).await,
    }
}

async fn plan_and_go(
    run: &Run,
    options: &RollbackOptions,
    workload: Workload,
    selected: &Selected,
    report: &mut Report,
) -> Outcome<()> {
    let (snapshot, mut shelf) =
        try_join(snapshot::beside(&run.cluster, workload), shelf(run, options, selected)).await?;
    let pods = snapshot.pod_images(selected.container());
    if let Some(shelf) = &mut shelf {
        shelf.resolve_parts(&pods).await.map_err(|failure| without_registry(run, options, failure))?;
    }
    let left_behind = snapshot.recorded.left_behind(selected.container(), selected.image());
    let question = Question {
        spec: selected.image(),
        container: selected.container(),
        pods: &pods,
        repository: shelf.as_ref().map(|s| Repository { images: &s.images, children: &s.children }),
        revisions: &snapshot.revisions,
        left_behind: &left_behind,
        options: &options.wanted,
    };
    let choice = choose(&question);
    let chosen = match settle(run, &question, &choice, selected, options)? {
        Decided::Chosen(chosen) => chosen,
        Decided::AlreadyRuns => {
            let message = format!("{} asks for {} already", snapshot.workload, pinned_short(selected.image()));
            nothing(run, &snapshot.workload, &message, None, report);
            return Ok(());
        }
    };
    let context = Context { carry: &options.carry, run_id: &run.id, user: &run.cluster.user };
    let roll = plan::back(&snapshot, selected, &choice.left, &chosen, &context);
    let known = Known::of(shelf.as_ref(), &chosen).await;
    let case = Case {
        snapshot: &snapshot,
        selected,
        roll: &roll,
        pushed: shelf.as_ref().map(|s| known.pushed(s)),
        gate: gate(options),
        now: Timestamp::now(),
    };
    let again = format!("{}{}", options.carry.typed.only(&CONTAINERS[..1]), run.suffix);
    let lines = lines(&snapshot, &choice, &chosen, &roll, &again);
    let plan = Plan { name: &options.workload, case: &case, carry: &options.carry, past: "rolled back", lines };
    carry_out(run, &plan, report).await
}

/// All images of the repository, unless the rollout history alone decides.
async fn shelf(run: &Run, options: &RollbackOptions, selected: &Selected) -> Outcome<Option<Shelf>> {
    let Some(repository) = selected.repository.as_ref().filter(|_| !options.is_offline()) else { return Ok(None) };
    Shelf::read(run, repository).await.map(Some).map_err(|failure| without_registry(run, options, failure))
}

/// The registry has failed; what the workload ran before is in the cluster.
fn without_registry(run: &Run, options: &RollbackOptions, failure: Failure) -> Failure {
    let typed = options.carry.typed.without(&OF_REGISTRY);
    let fallback = format!("kubectl ecr-rollback {} --from rollout-history{typed}{}", options.workload, run.suffix);
    let next = match &failure.next {
        Some(step) => format!("{step}\nor without ECR: {fallback}"),
        None => fallback,
    };
    failure.next(next)
}

/// What is asked of the registry about the chosen image alone.
struct Known {
    target: Option<PushedImage>,
    policy: Reading<Option<String>>,
}

impl Known {
    async fn of(shelf: Option<&Shelf>, chosen: &Chosen) -> Self {
        let Some(shelf) = shelf else { return Self { target: None, policy: Ok(None) } };
        let policy = async {
            let loses_its_tag =
                matches!(chosen.pinned, Some(Pinned::TagWasMoved | Pinned::TagMoves | Pinned::Untagged));
            if loses_its_tag { shelf.policy().await } else { Ok(None) }
        };
        let (target, policy) = futures::join!(shelf.with_scan(chosen.digest.as_deref()), policy);
        Self { target, policy }
    }

    fn pushed<'a>(&'a self, shelf: &'a Shelf) -> Pushed<'a> {
        let children: &IndexChildren = &shelf.children;
        Pushed { images: &shelf.images, children, target: self.target.as_ref(), policy: &self.policy }
    }
}

fn gate(options: &RollbackOptions) -> Gate {
    match options.gate {
        Some(severity) => Gate::UpTo(severity),
        None if options.gate_allows_none => Gate::NoFindings,
        None => Gate::Off,
    }
}

/// What is left, what is gone to, and why that.
fn lines(snapshot: &Snapshot, choice: &Choice<'_>, chosen: &Chosen, roll: &Roll, suffix: &str) -> Vec<String> {
    let names: Vec<String> = roll.places.iter().map(ToString::to_string).collect();
    let of = |digest: Option<&str>| choice.candidates.iter().find(|c| Some(c.image.digest.as_str()) == digest);
    let mut lines = vec![format!("{}: {}", names.join(", "), roll.summary())];
    if let Some(left) = of(choice.left.digest.as_deref()) {
        lines.push(format!("from  {}", described(left, snapshot.at)));
    }
    let ready = choice.left.ready_pods_run.iter().map(|image| pinned_short(image)).collect::<Vec<_>>();
    if !ready.is_empty() {
        lines.push(format!("ready pods still run {}", ready.join(", ")));
    }
    if let Some(moved) = &choice.left.tag_moved_to {
        lines.push(format!("its tag is on {} now", short_digest(moved)));
    }
    if let Some(to) = of(chosen.digest.as_deref()) {
        lines.push(format!("to    {} ({})", described(to, snapshot.at), why(chosen)));
    } else {
        lines.push(format!("to    {} ({})", pinned_short(&chosen.image), why(chosen)));
    }
    lines.extend(chosen.skipped.iter().map(|s| format!("passed over {}", passed_over(s))));
    let moves = choice.left.tag_moves || choice.left.tag_moved_to.is_some();
    if let (true, Some(tag), true) = (moves, &choice.left.tag, chosen.pinned.is_some()) {
        lines.push(format!("pinned to the digest: pushing {tag} and restarting deploys nothing from now on"));
        lines.push(format!("  undone by: kubectl ecr-rollback unpin {}{suffix}", snapshot.workload));
    }
    lines
}

fn described(candidate: &Candidate<'_>, now: Timestamp) -> String {
    let tags: Vec<&str> = candidate.image.tags.iter().map(String::as_str).collect();
    let tags = if tags.is_empty() { String::new() } else { format!("{}  ", tags.join(",")) };
    format!("{tags}{}  {}", listing::pushed(candidate.image, now), short_digest(&candidate.image.digest))
}

fn why(chosen: &Chosen) -> String {
    let revision = chosen.revision.map(|r| format!(", revision {r}")).unwrap_or_default();
    let word = match chosen.why {
        Why::PushedBefore => "pushed before",
        Why::DeployedBefore => "deployed before",
        Why::PushedAndDeployedBefore => "pushed and deployed before",
        Why::Asked => "asked for",
    };
    format!("{word}{revision}")
}
