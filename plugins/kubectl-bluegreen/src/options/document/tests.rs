//! A document is what its flags would be.

mod as_found;

use std::time::Duration;

use clap::Parser;
use release_core::failure::Exit;
use release_core::release::hooks::Hook;

use super::*;
use crate::args::{Cli, VerbArgs};

const TOPIC: &str = "arn:aws:sns:eu-west-1:123456789012:releases";
const WHOLE: &str = "
apiVersion: deploy.example.com/v1
kind: BlueGreenDeployment
metadata: {name: users, namespace: shop}
spec:
  service: user-service
  trackKey: slot
  router: service
  replicas: 3
  images: {app: 'r.io/app:2', proxy: 'r.io/proxy:7'}
  rollbackOnFailure: false
  retainPreviousVersion: 2h
  verify: {for: 45s}
";

/// Reads the text as `deploy -f` with more words does.
fn release(name: &str, text: &str, words: &str) -> Outcome<Release> {
    let path = std::env::temp_dir().join(format!("document-{}-{name}.yaml", std::process::id()));
    std::fs::write(&path, text).unwrap();
    let words = words.split_whitespace().map(str::to_owned);
    let typed = ["x".to_owned(), "deploy".to_owned(), format!("-f={}", path.display())].into_iter().chain(words);
    let VerbArgs::Deploy(args) = Cli::try_parse_from(typed).unwrap().verb else { panic!("another verb") };
    let filled = filled_in(args);
    std::fs::remove_file(&path).unwrap();
    filled
}

/// The same for one Service.
fn filled(name: &str, text: &str, words: &str) -> Outcome<FilledIn> {
    let Release { mut parts, .. } = release(name, text, words)?;
    assert_eq!(parts.len(), 1, "{name}");
    Ok(parts.remove(0))
}

#[test]
fn each_field_is_the_flag_that_says_the_same() {
    let FilledIn { args, namespace, notes, .. } = filled("whole", WHOLE, "").unwrap();
    assert_eq!((args.services[0].as_str(), namespace.as_deref()), ("user-service", Some("shop")));
    assert_eq!((args.track.track_key.as_deref(), args.replicas), (Some("slot"), Some(3)));
    assert_eq!(args.image, ["app=r.io/app:2", "proxy=r.io/proxy:7"]);
    assert!(args.after.no_rollback && notes.is_empty(), "{notes:?}");
    let times = (args.after.retain, args.after.verify_for);
    assert_eq!(times, (Some(Duration::from_secs(7200)), Some(Duration::from_secs(45))));
}

#[test]
fn what_was_typed_wins_and_that_is_said() {
    let words = "--replicas=5 --image=app=r.io/app:3 --retain=2h --verify-for=10s --track-key=color";
    let FilledIn { args, notes, .. } = filled("typed", WHOLE, words).unwrap();
    assert_eq!((args.replicas, args.track.track_key.as_deref()), (Some(5), Some("color")));
    assert_eq!(args.image, ["app=r.io/app:3", "proxy=r.io/proxy:7"]);
    assert_eq!(args.after.verify_for, Some(Duration::from_secs(10)));
    // What both say alike needs no word.
    assert_eq!(notes.len(), 4, "{notes:?}");
    let kept = filled("kept", &WHOLE.replace("false", "true"), "--no-rollback").unwrap();
    assert!(kept.args.after.no_rollback && kept.notes.len() == 1, "{:?}", kept.notes);
    let all = filled("all", WHOLE, "--images-from=build.json").unwrap();
    assert!(all.args.image.is_empty() && all.notes.len() == 2, "{:?}", all.notes);
}

/// Somebody whom nobody tells would be taken for one who was told.
#[test]
fn what_is_not_done_yet_is_refused_by_name() {
    let routed = filled("routed", &WHOLE.replace("router: service", "router: replicas"), "").unwrap_err();
    assert!(routed.exit == Exit::Failed && routed.message.contains("spec.router: replicas"), "{routed}");
    let mesh = filled("mesh", &WHOLE.replace("router: service", "router: virtualservice"), "").unwrap();
    assert_eq!(mesh.args.track.router.map(|router| router.to_string()).as_deref(), Some("virtualservice"));
}

/// A migration that nobody ran would be taken for one that ran.
#[test]
fn hooks_are_those_of_the_document_unless_they_were_typed() {
    let hooks = "hooks: {migrate: {manifest: m.yaml}, afterSwitch: {command: [a, b c]}, contract: {cronJob: drop}}";
    let FilledIn { args, notes, .. } = filled("hooks", &format!("{WHOLE}  {hooks}\n"), "").unwrap();
    let beside = std::env::temp_dir().join("m.yaml").display().to_string();
    assert_eq!(args.hooks.migrate, Some(Hook::Manifest(beside)), "from where the document lies");
    assert_eq!(args.hooks.around.after_switch, Some(Hook::Command(vec!["a".into(), "b c".into()])));
    assert!(notes.len() == 1 && notes[0].contains("cleanup user-service --contract cronjob/drop"), "{notes:?}");
    let typed = filled("typed-hooks", &format!("{WHOLE}  {hooks}\n"), "--migrate=cj/other").unwrap();
    assert_eq!(typed.args.hooks.migrate, Some(Hook::CronJob("other".into())));
    assert_eq!(typed.notes.len(), 2, "{:?}", typed.notes);
    for bad in ["migrate: {}", "migrate: {cronJob: a, manifest: b}", "migrate: {job: m.yaml}", "beforeSwitch: x"] {
        let failure = filled("bad-hooks", &format!("{WHOLE}  hooks: {{{bad}}}\n"), "").unwrap_err();
        assert_eq!(failure.exit, Exit::Usage, "{bad}: {failure}");
    }
}

/// A URL in a document would stand in the log of the job that reads it.
#[test]
fn receivers_are_those_of_the_document_unless_they_were_typed() {
    let text = format!(
        "{WHOLE}  notify: [{{slack: secret/ops/chat, stages: [failed]}}, {{pagerduty: secret/ops/pager}}, {{sns: '{TOPIC}'}}]\n"
    );
    let said = filled("told", &text, "").unwrap().args.notify.wanted().unwrap();
    let words: Vec<String> = said.receivers.iter().map(Receiver::words).collect();
    assert_eq!(words, ["slack=secret/ops/chat", "pagerduty=secret/ops/pager", &format!("sns={TOPIC}")]);
    assert!(!said.of_namespace && said.receivers[0].on.len() == 1 && said.receivers[1].on.is_empty());
    let typed = filled("typed-told", &text, "--notify=webhook=secret/ops/hook").unwrap();
    assert_eq!((typed.args.notify.wanted().unwrap().receivers.len(), typed.notes.len()), (1, 1), "{:?}", typed.notes);
    for bad in [
        "slack: 'https://hooks.slack.com/SECRET'",
        "slack: secret/a/b, webhook: secret/a/b",
        "stages: [failed]",
        "slack: secret/a/b, stages: [sometimes]",
        "teams: secret/a/b",
        "sns: secret/a/b",
        "sns: 'arn:aws:sns:eu-west-1:123456789012:a', slack: secret/a/b",
    ] {
        let failure = filled("bad-told", &format!("{WHOLE}  notify: [{{{bad}}}]\n"), "").unwrap_err();
        assert!(failure.exit == Exit::Usage && !failure.message.contains("SECRET"), "{failure}");
    }
}

#[test]
fn a_merged_key_is_a_key() {
    let merged = "apiVersion: deploy.example.com/v1\nkind: BlueGreenDeployment\nmetadata: {name: api}\nspec:\n  \
                  <<: {smokeTests: [{name: a, endpoint: /a}]}\n";
    let tests = filled("merged", merged, "").unwrap().tests;
    assert_eq!(tests.map(|tests| tests.smoke[0].name.clone()).as_deref(), Some("a"));
}

#[test]
fn of_several_documents_one_is_chosen_by_its_service() {
    let two = format!("{WHOLE}---{}", WHOLE.replace("user-service", "web").replace("'r.io/app:2'", "1.6"));
    let mistaken = filled("two", &two, "web").unwrap_err();
    assert!(mistaken.exit == Exit::Usage && mistaken.message.contains("line 23, "), "{mistaken}");
    let two = two.replace("app: 1.6", "app: 'r.io/app:6'");
    for words in ["api", "a/b", "web api"] {
        assert_eq!(release("several", &two, words).unwrap_err().exit, Exit::Usage, "{words}");
    }
    let web = filled("web", &two, "svc/web --image=app=r.io/app:6").unwrap();
    assert_eq!((web.args.services[0].as_str(), web.args.image[0].as_str()), ("web", "app=r.io/app:6"));
    let services = |words: &str| -> Vec<String> {
        let Release { parts, .. } = release("all", &two, words).unwrap();
        parts.into_iter().flat_map(|part| part.args.services).collect()
    };
    assert_eq!(services(""), ["user-service", "web"], "all that the file has are one release");
    assert_eq!(services("web user-service"), ["web", "user-service"]);
}

/// What one of the documents says would be dropped for the other without a word, or done to both.
#[test]
fn documents_of_one_release_share_what_a_release_has_once() {
    let two = |changed: &str| format!("{WHOLE}---{}", WHOLE.replace("user-service", "web").replacen(changed, "", 1));
    for (text, field, lines) in [
        (two("trackKey: slot\n  "), "spec.trackKey", ["line 15, ", "(line 2)"]),
        (two(", namespace: shop"), "metadata.namespace", ["line 15, ", "(line 2)"]),
        (two("router: service\n  "), "spec.router", ["line 15, ", "(line 2)"]),
        (two("rollbackOnFailure: false\n  "), "spec.rollbackOnFailure", ["line 15, ", "(line 2)"]),
        (format!("{}  notify: [{{slack: secret/a/b}}]\n", two("?")), "spec.notify", ["line 15, ", "(line 2)"]),
    ] {
        let failure = release("contradicts", &text, "").unwrap_err();
        assert_eq!(failure.exit, Exit::Usage, "{failure}");
        for part in lines.into_iter().chain([field, "service/web", "service/user-service"]) {
            assert!(failure.message.contains(part), "{part}: {failure}");
        }
        release("alone", &text, "web").unwrap();
    }
    // A flag wins over both, and what each has of its own may differ.
    release("typed", &two("trackKey: slot\n  "), "--track-key=color").unwrap();
    for own in ["replicas: 3\n  ", "retainPreviousVersion: 2h\n  ", "verify: {for: 45s}\n"] {
        release("own", &two(own), "").unwrap();
    }
    for words in
        ["--image=app=r.io/app:9", "--migrate=cronjob/a", "--before-switch=cronjob/a", "--after-switch=cronjob/a"]
    {
        let failure = release("words", &two("?"), words).unwrap_err();
        assert!(failure.exit == Exit::Usage && failure.next.is_some(), "{words}: {failure}");
    }
}

/// They are compared, and never applied.
#[test]
fn other_kinds_are_kept_apart() {
    let service = "apiVersion: v1\nkind: Service\nmetadata: {name: user-service}\n";
    let list = "apiVersion: v1\nkind: List\nitems: [{kind: ConfigMap}, {kind: Secret}]\n";
    let read = release("other", &format!("{WHOLE}---\n{service}---\n{list}"), "").unwrap();
    let kinds: Vec<&Value> = read.others.iter().map(|other| &other["kind"]).collect();
    assert_eq!(kinds, ["Service", "ConfigMap", "Secret"]);
    assert_eq!(filled("none", service, "").unwrap_err().exit, Exit::Usage);
}

const TESTED: &str = "
apiVersion: deploy.example.com/v1
kind: BlueGreenDeployment
metadata: {name: users}
spec:
  images: {app: 'r.io/app:2'}
  healthCheck: {httpGet: {path: /health, port: http}, initialDelaySeconds: 10}
  smokeTests: [{name: front, endpoint: /, timeout: 10s}]
  testsWithin: 1m
";

/// The command that goes on would move untested what was to be tested.
#[test]
fn tests_are_said_again_by_their_file() {
    let FilledIn { args, tests, .. } = filled("tested", TESTED, "").unwrap();
    let tests = tests.expect("its tests");
    let times = (tests.delay().as_secs(), tests.within.as_secs(), tests.smoke.len());
    assert_eq!(times, (10, 60, 1));
    let resolved = crate::options::deploy::deploy(args, Some(tests.clone())).unwrap();
    assert!(resolved.again[0].starts_with("--filename=") && resolved.can_be_pasted, "{:?}", resolved.again);
    let mut piped = filled("piped", TESTED, "").unwrap().args;
    piped.filename = Some("-".into());
    assert!(!crate::options::deploy::deploy(piped, Some(tests)).unwrap().can_be_pasted);
    // Without tests the words say all of it.
    let untested = filled("untested", TESTED, "").unwrap().args;
    let untested = crate::options::deploy::deploy(untested, None).unwrap();
    assert!(!untested.again.iter().any(|word| word.starts_with("--filename")), "{:?}", untested.again);
}

#[test]
fn a_test_that_can_not_be_meant_is_told_where_it_is() {
    for (bad, about) in [
        ("path: /health", "path: health", "is no path"),
        ("port: http", "port: 0", "not from 1 to 65535"),
        ("endpoint: /", "endpoint: /, expects: {}", "expects"),
    ]
    .map(|(from, to, about)| (TESTED.replace(from, to), about))
    {
        let failure = filled("tested-bad", &bad, "").unwrap_err();
        assert!(failure.exit == Exit::Usage && failure.message.contains(about), "{failure}");
        assert!(failure.message.contains(": line 7, ") || failure.message.contains(": line 8, "), "{failure}");
    }
    let long = filled("tested-long", &TESTED.replace("1m", "5s"), "").unwrap_err();
    assert!(long.message.contains("spec.smokeTests[0].timeout is 10s"), "{}", long.message);
}
