//! What each receiver is sent.

use serde_json::Value;

use super::gauges::{Ended, begun, ended, path};
use super::receiver::{Kind, Receiver};
use super::testing::notice;
use super::*;
use crate::failure::Exit;
use crate::hostile::{hostile_word, is_obeyed_or_unseen};

fn said(notice: &Notice) -> String {
    slack::message(notice)["text"].as_str().unwrap().to_owned()
}

#[test]
fn stages_are_known_by_the_words_that_are_printed() {
    for stage in Stage::ALL {
        assert_eq!(Stage::of(stage.word()), Some(stage));
        assert_eq!(serde_json::to_value(stage).unwrap(), stage.word());
    }
    assert_eq!(Stage::of("rolled back"), None);
}

#[test]
fn slack_is_told_what_where_whose_and_why() {
    let text = said(&notice(Stage::Verified));
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines,
        [
            ":white_check_mark: verified: deploy of service/api: blue -&gt; green (shop, prod-eu)",
            "service/api is served by green",
            "by lee · reason: faster",
        ]
    );
}

/// dfinity/stable-structures pull request 359 (`<&test>` in a title); a reason that calls everybody.
#[test]
fn words_of_others_call_nobody_and_link_nowhere() {
    for (reason, shown) in [
        ("<!channel> look", "&lt;!channel&gt; look"),
        ("<@U012AB3CD>", "&lt;@U012AB3CD&gt;"),
        ("<https://evil.example|the release>", "&lt;https://evil.example|the release&gt;"),
        ("a & b &lt;!here&gt;", "a &amp; b &amp;lt;!here&amp;gt;"),
        ("@channel @Here @everyone @all", "@ channel @ Here @ everyone @ all"),
        ("app@sha256:0123", "app@sha256:0123"),
        // GoogleCloudPlatform/cloud-build-notifiers issue 159: a line feed in a commit message.
        ("one\ntwo \"three\"", "one two \"three\""),
    ] {
        let told = said(&Notice { reason: word(reason), ..notice(Stage::Started) });
        assert_eq!(told.lines().last().unwrap().split_once("reason: ").unwrap().1, shown);
        assert!(!told.contains("<"), "{told}");
    }
    let message = slack::message(&notice(Stage::Started));
    assert_eq!(message["blocks"][0]["text"]["verbatim"], true);
    // fluxcd/flagger issue 1009: without a text Slack answers no_text.
    assert!(message["text"].as_str().is_some_and(|text| !text.is_empty()));
}

/// DependencyTrack issue 3742: Slack refuses the whole message (invalid_blocks) where a part is too long.
#[test]
fn nothing_is_too_long_for_slack_or_cut_within_an_escape() {
    for letter in ["<", "&", "a", "東"] {
        let long = Notice { message: message(&letter.repeat(9000)), ..notice(Stage::Failed) };
        let text = said(&long);
        assert!(text.chars().count() <= 3000 && text.contains('…'), "{}", text.chars().count());
        let after = text.rsplit('&').next().unwrap();
        assert!(letter == "東" || letter == "a" || after.contains(';'), "{after}");
    }
}

/// prometheus/alertmanager issues 1700 and 1840: a summary of more than 1,024 characters is refused, and the page lost.
#[test]
fn a_page_has_a_summary_that_is_taken() {
    let long = Notice { message: message(&"x".repeat(5000)), ..notice(Stage::Failed) };
    let event = &pagerduty::events(&long, "KEY")[0];
    assert_eq!(event["payload"]["summary"].as_str().unwrap().chars().count(), 1024);
    assert!(event.to_string().len() < 512 << 10);
}

/// sensu-plugins-pagerduty issue 20: an incident was opened under one key and closed under another.
#[test]
fn an_incident_is_closed_under_the_key_that_it_was_opened_under() {
    let mut both = notice(Stage::RolledBack);
    both.services.push(Released { uid: Some("u-2".into()), ..Released::named("web") });
    let opened = pagerduty::events(&both, "KEY");
    let closed = pagerduty::events(&Notice { stage: Stage::Verified, verb: Deed::Rollback, ..both.clone() }, "KEY");
    let keys = |events: &[Value]| events.iter().map(|event| event["dedup_key"].clone()).collect::<Vec<_>>();
    assert_eq!((keys(&opened), opened.len()), (keys(&closed), 2));
    assert_ne!(opened[0]["dedup_key"], opened[1]["dedup_key"]);
    assert_eq!((&opened[0]["event_action"], &closed[0]["event_action"]), (&"trigger".into(), &"resolve".into()));
    assert_eq!(opened[0]["payload"]["severity"], "error");
    assert_eq!(pagerduty::events(&notice(Stage::Failed), "KEY")[0]["payload"]["severity"], "critical");
}

/// What was refused before it began would wake somebody for nothing.
#[test]
fn a_pager_hears_what_broke_and_that_it_is_over() {
    let hears = |stage, began, verb| Kind::Pagerduty.hears(&Notice { began, verb, ..notice(stage) });
    for stage in Stage::ALL {
        let wanted = matches!(stage, Stage::Failed | Stage::RolledBack | Stage::Verified);
        assert_eq!(hears(stage, true, Deed::Switch), wanted, "{stage:?}");
        assert!(!hears(stage, false, Deed::Switch) && !hears(stage, true, Deed::Cleanup), "{stage:?}");
        assert!(Kind::Slack.hears(&notice(stage)));
    }
    let chosen = Receiver::typed("slack=secret/a/b", &[Stage::Failed]).unwrap();
    assert!(chosen.hears(&notice(Stage::Failed)) && !chosen.hears(&notice(Stage::Started)));
}

#[test]
fn whoever_says_no_or_mistypes_is_no_news() {
    for (exit, began, news) in [
        (Exit::Usage, true, false),
        (Exit::Waiting, false, false),
        (Exit::Interrupted, false, false),
        (Exit::Interrupted, true, true),
        (Exit::Failed, false, true),
        (Exit::RolledBack, true, true),
    ] {
        assert_eq!(is_news(exit, began), news, "{exit:?}");
    }
}

fn run(exit: Exit) -> Ended {
    Ended {
        exit,
        at: 100.0,
        seconds: 12.5,
        reached: vec![(Stage::Started, 1.0), (Stage::CleanedUp, 2.0), (Stage::CleanedUp, 3.0)],
    }
}

/// prometheus/pushgateway issue 133: the time of the last success was gone after a run that failed.
#[test]
fn a_run_that_failed_says_nothing_of_the_last_success() {
    let (done, failed) = (ended(&run(Exit::Done)), ended(&run(Exit::RolledBack)));
    assert!(done.contains("\nkubectl_release_last_success_timestamp_seconds 100.000\n"), "{done}");
    assert!(!failed.contains("last_success"), "{failed}");
    for line in [
        "last_run_success 0.000",
        "last_run_rolled_back 1.000",
        "last_run_exit_code 5.000",
        "last_run_start_timestamp_seconds 87.500",
        "last_run_stage_seconds{stage=\"cleaned-up\"} 2.000",
    ] {
        assert!(failed.contains(&format!("\nkubectl_release_{line}\n")), "{line} in {failed}");
    }
    assert_eq!(failed.matches("stage=\"cleaned-up\"").count(), 1);
    let started = begun(&notice(Stage::Started));
    assert!(started.ends_with("_start_timestamp_seconds 1953667369.500\n"), "{started}");
}

/// prometheus/pushgateway issue 375: an empty label value and one with a slash are no steps of a path.
#[test]
fn labels_are_steps_of_a_path_or_base64() {
    let of = |namespace: &str| path(namespace, &Released::named("api"), Deed::Rollback);
    assert_eq!(of("shop"), "/metrics/job/kubectl-release/namespace/shop/service/api/verb/rollback");
    for (namespace, step) in [
        ("", "namespace@base64/="),
        ("..", "namespace@base64/Li4="),
        ("a/b", "namespace@base64/YS9i"),
        ("a?b", "namespace@base64/YT9i"),
        ("\u{ff}\u{fe}x", "namespace@base64/w7_Dvng="),
    ] {
        assert!(of(namespace).contains(&format!("/{step}/")), "{}", of(namespace));
    }
}

proptest::proptest! {
    /// A channel, a page or a terminal that shows an audit file would show another name than is meant.
    #[test]
    fn nothing_unseen_goes_out(text in hostile_word()) {
        let hostile = Notice { reason: word(&text), by: word(&text), message: message(&text), ..notice(Stage::Failed) };
        let body = serde_json::to_value(&hostile).unwrap();
        for sent in [&body["reason"], &body["message"], &slack::message(&hostile)["text"], &pagerduty::events(&hostile, "K")[0]["payload"]["summary"]] {
            let sent = sent.as_str().unwrap_or_default();
            proptest::prop_assert!(!sent.chars().any(|c| c != '\n' && is_obeyed_or_unseen(c)), "{:?}", sent);
        }
        proptest::prop_assert!(!said(&hostile).contains('<'));
    }
}
