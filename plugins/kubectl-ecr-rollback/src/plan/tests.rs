//! What is written, on which condition, and when nothing is.

use clap::Parser as _;
use release_core::checks::weighing::Weighing;
use release_core::command::Scope;
use release_core::kube::{Workload, WorkloadKind};
use release_core::registry::push_history::{Options as Wanted, Source};
use release_core::release::change::Action;
use release_core::release::record::{Record as _, RunResult};
use serde_json::{Value, json};

use super::image_change::{At, resumed};
use super::state_of_record::{StateOfRecord, state_of_record};
use crate::args::Cli;
use crate::names::WorkloadName;
use crate::options::{RollbackOptions, WriteOptions};
use crate::record::samples::record;
use crate::record::{ImageRecord, RecordVerb, recorded_on};
use crate::selection::{Asked, Selected, Selection, select};
use crate::typed::Typed;
use release_core::workload::container_image::containers_of;

const REPOSITORY: &str = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/api";

fn write_options() -> WriteOptions {
    WriteOptions {
        weighing: Weighing::default(),
        wait: true,
        rollback_on_failure: true,
        reason: "bad; really".into(),
        yes: true,
        typed: Typed::rollback(&Cli::parse_from(["kubectl-ecr_rollback", "deploy/api"]).rollback),
    }
}

fn workload(tag: &str, annotations: &Value) -> Workload {
    let template = json!({"spec": {"containers": [{"name": "app", "image": format!("{REPOSITORY}:{tag}")}]}});
    let object = json!({"metadata": {"name": "api", "uid": "u", "annotations": annotations, "generation": 1},
        "spec": {"replicas": 1, "selector": {}, "template": template},
        "status": {"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1, "availableReplicas": 1}});
    serde_json::from_value::<k8s_openapi::api::apps::v1::Deployment>(object).unwrap().into()
}

fn selected(workload: &Workload) -> Selected {
    let scope = Scope::default();
    let asked = Asked { containers: &[], include_init: false, names_target: false, offline: false, scope: &scope };
    let Selection::Clear(selected) = select(workload, &asked).unwrap() else { panic!("several") };
    selected
}

fn moved(from: &str, to: &str, result: Option<RunResult>) -> ImageRecord {
    let reference = |tag: &str| format!("{REPOSITORY}:{tag}");
    ImageRecord { id: "7".into(), result, ..record(&reference(from), &reference(to)) }
}

fn options() -> RollbackOptions {
    RollbackOptions {
        workload: WorkloadName { kind: WorkloadKind::Deployment, name: "api".into() },
        containers: Vec::new(),
        include_init_containers: false,
        wanted: Wanted { steps: 1, ..Wanted::default() },
        of_repository: None,
        again: false,
        if_running: None,
        gate: release_core::registry::scan_gate::Gate::Off,
        write: write_options(),
    }
}

fn stands(running: &str, record: Option<ImageRecord>, options: &RollbackOptions) -> Result<StateOfRecord, u8> {
    let annotations = record.map_or(json!({}), |r| json!({ImageRecord::CURRENT: json!(r).to_string()}));
    let workload = workload(running, &annotations);
    let recorded = recorded_on(&workload);
    state_of_record(&workload, &recorded, &selected(&workload), options, &Scope::default())
        .map_err(|failure| failure.exit.code())
}

fn is_nothing(state: &Result<StateOfRecord, u8>) -> bool {
    matches!(state, Ok(StateOfRecord::Nothing { .. }))
}

fn is_attached(state: &Result<StateOfRecord, u8>) -> bool {
    matches!(state, Ok(StateOfRecord::Attach(_)))
}

/// A CI job that is retried would go back two releases.
#[test]
fn the_same_words_again_change_nothing_until_something_new_is_deployed() {
    let done = || Some(moved("2", "1", Some(RunResult::Done)));
    assert!(is_nothing(&stands("1", done(), &options())));
    assert_eq!(stands("3", done(), &options()), Ok(StateOfRecord::Open), "something new");
    assert_eq!(stands("2", done(), &options()), Ok(StateOfRecord::Open), "somebody went forward again");
    assert_eq!(stands("1", done(), &RollbackOptions { again: true, ..options() }), Ok(StateOfRecord::Open));
    assert_eq!(stands("1", None, &options()), Ok(StateOfRecord::Open));
}

/// "Nothing to do" would be said of what nobody has done, in a job that goes on with exit 0.
#[test]
fn other_words_than_those_that_led_here_are_refused_and_not_called_done() {
    let typed = |words: &[&str], steps: usize| {
        let words = ["kubectl-ecr_rollback", "deploy/api"].into_iter().chain(words.iter().copied());
        let typed = Typed::rollback(&Cli::parse_from(words).rollback);
        let wanted = Wanted { steps, ..options().wanted };
        RollbackOptions { wanted, write: WriteOptions { typed, ..write_options() }, ..options() }
    };
    let went = |steps: Option<usize>, result| Some(ImageRecord { steps, ..moved("3", "1", result) });
    let (one, two) = (typed(&["--steps=1"], 1), typed(&["--steps=2"], 2));
    for result in [None, Some(RunResult::Done), Some(RunResult::Failed)] {
        assert_eq!(stands("1", went(None, result.clone()), &two), Err(1), "{result:?}");
        assert_eq!(stands("1", went(Some(2), result.clone()), &one), Err(1), "{result:?}");
        let leaves_it = RollbackOptions { if_running: Some("1".into()), ..options() };
        assert_eq!(stands("1", went(None, result), &leaves_it), Err(1));
    }
    assert!(is_nothing(&stands("1", went(Some(2), Some(RunResult::Done)), &two)), "the same words");
    assert!(is_nothing(&stands("1", went(None, Some(RunResult::Done)), &one)));
    assert!(is_attached(&stands("1", went(Some(2), None), &options())), "the words that watch on");
    let safe = RollbackOptions { if_running: Some("3".into()), ..two };
    assert_eq!(stands("1", went(None, Some(RunResult::Done)), &safe), Err(1), "it went one back from there");
    assert!(is_nothing(&stands("1", went(Some(2), Some(RunResult::Done)), &safe)));
    let again = RollbackOptions { again: true, if_running: None, ..safe };
    assert_eq!(stands("1", went(None, Some(RunResult::Done)), &again), Ok(StateOfRecord::Open));
}

/// A laptop lid that closed in the middle would leave a rollback that nobody finishes.
#[test]
fn a_rollback_without_a_result_is_taken_up() {
    let open = || Some(moved("2", "1", None));
    assert!(is_attached(&stands("1", open(), &options())));
    assert!(is_attached(&stands("1", open(), &RollbackOptions { again: true, ..options() })), "never two back");
    assert!(is_attached(&stands("1", Some(moved("2", "1", Some(RunResult::Unfinished))), &options())));
    assert_eq!(stands("2", open(), &options()), Ok(StateOfRecord::Open), "taken back by hand");
    let elsewhere = Wanted { to_tag: Some("0".into()), ..options().wanted };
    assert_eq!(stands("1", open(), &RollbackOptions { wanted: elsewhere, ..options() }), Ok(StateOfRecord::Open));
    let there = Wanted { to_tag: Some("1".into()), ..options().wanted };
    assert!(is_attached(&stands("1", open(), &RollbackOptions { wanted: there, ..options() })));
}

/// A rollback that was taken back has not happened.
#[test]
fn a_failed_rollback_may_be_tried_again() {
    assert_eq!(stands("2", Some(moved("2", "1", Some(RunResult::RolledBack))), &options()), Ok(StateOfRecord::Open));
}

/// The bad release would stay: "rolled back already".
#[test]
fn a_move_forward_is_no_rollback() {
    let forward = |result| Some(ImageRecord { verb: RecordVerb::Forward, ..moved("1", "2", result) });
    for again in [false, true] {
        for result in [None, Some(RunResult::Done), Some(RunResult::Failed), Some(RunResult::Unfinished)] {
            let back = RollbackOptions { again, ..options() };
            assert_eq!(stands("2", forward(result.clone()), &back), Ok(StateOfRecord::Open), "{again} {result:?}");
        }
    }
    let there = RollbackOptions { wanted: Wanted { to_tag: Some("2".into()), ..options().wanted }, ..options() };
    assert!(is_attached(&stands("2", forward(None), &there)), "the same words take it up");
    assert_eq!(stands("2", forward(Some(RunResult::Done)), &there), Ok(StateOfRecord::Open), "it runs already");
    let by_history =
        RollbackOptions { wanted: Wanted { from: Some(Source::RolloutHistory), ..options().wanted }, ..options() };
    let counted = |result| forward(result).map(|record| ImageRecord { by_history: true, ..record });
    assert!(is_nothing(&stands("2", counted(Some(RunResult::Done)), &by_history)), "the same words");
    assert!(is_attached(&stands("2", counted(None), &by_history)));
    assert_eq!(stands("2", counted(Some(RunResult::Done)), &options()), Ok(StateOfRecord::Open), "other words");
    assert_eq!(stands("2", forward(Some(RunResult::Done)), &by_history), Ok(StateOfRecord::Open));
    let safe = RollbackOptions { if_running: Some("1".into()), ..there };
    assert!(is_nothing(&stands("2", forward(Some(RunResult::Done)), &safe)));
}

/// Two people on call type the same command at the same minute.
#[test]
fn if_running_makes_a_call_safe_for_two() {
    let only = |tag: &str| RollbackOptions { if_running: Some(tag.into()), ..options() };
    assert_eq!(stands("2", None, &only("2")), Ok(StateOfRecord::Open));
    assert!(is_nothing(&stands("1", Some(moved("2", "1", Some(RunResult::Done))), &only("2"))));
    assert!(is_attached(&stands("1", Some(moved("2", "1", None)), &only("2"))));
    assert_eq!(stands("1", None, &only("2")), Err(3));
    assert_eq!(stands("1", Some(moved("3", "1", Some(RunResult::Done))), &only("2")), Err(3));
}

/// A patch without conditions would overwrite what somebody else wrote in between.
#[test]
fn the_patch_is_conditional_on_images_and_record() {
    let annotations = json!({ImageRecord::CURRENT: "as it was"});
    let workload = workload("2", &annotations);
    let image_change = resumed(&moved("2", "1", None), &containers_of(&workload), &[]);
    let recorded = recorded_on(&workload);
    let scope = Scope::default().in_namespace("shop");
    let change = image_change.forward(&workload, &recorded, At { namespace: "shop", scope: &scope });
    let Action::JsonPatch(ops) = &change.action else { panic!("{change:?}") };
    let ops: Vec<&Value> = ops.iter().map(|op| &op.0).collect();
    let tests: Vec<&Value> = ops.iter().filter(|op| op["op"] == "test").map(|op| &op["value"]).collect();
    assert_eq!(tests, [&json!("u"), &json!("as it was"), &json!("app"), &json!(format!("{REPOSITORY}:2"))]);
    let last = ops.last().unwrap();
    assert_eq!((&last["op"], &last["value"]), (&json!("replace"), &json!(format!("{REPOSITORY}:1"))));
    assert_eq!(last["path"], "/spec/template/spec/containers/0/image");
    assert_eq!(
        change.undo.map(|undo| undo.to_string()),
        Some(format!("kubectl set image deploy/api app={REPOSITORY}:2 -n shop"))
    );
    assert_eq!(change.path, "/apis/apps/v1/namespaces/shop/deployments/api");
}
