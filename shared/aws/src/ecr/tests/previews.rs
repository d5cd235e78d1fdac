use serde_json::{Value, json};
use tokio::time::Instant;

use super::stub::{Reply, Stub, ok, refusal};
use super::*;

const OURS: &str = r#"{"rules": [{"rulePriority": 1}]}"#;
const THEIRS: &str = r#"{"rules": [{"rulePriority": 9}]}"#;

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

fn page(status: &str, text: &str, results: Value, token: Option<&str>) -> Reply {
    ok(json!({"lifecyclePolicyText": text, "status": status, "previewResults": results, "nextToken": token}))
}

fn started() -> Reply {
    ok(json!({"lifecyclePolicyText": OURS, "status": "IN_PROGRESS"}))
}

fn expiring(n: usize) -> Value {
    json!({"imageDigest": digest(n), "imageTags": ["b", "a"], "imagePushedAt": 5.0, "appliedRulePriority": 1,
           "action": {"type": "EXPIRE"}})
}

#[tokio::test]
async fn a_preview_is_waited_for_and_read_to_its_last_page() {
    let stub = Stub::answering(|asked, nth| match (asked.operation.as_str(), nth) {
        ("StartLifecyclePolicyPreview", _) => ok(json!({"lifecyclePolicyText": OURS, "status": "IN_PROGRESS"})),
        (_, 0 | 1) => page("IN_PROGRESS", OURS, json!([]), None),
        // The same JSON in another form.
        (_, 2) => page("COMPLETE", r#"{"rules":[{"rulePriority":1}]}"#, json!([expiring(1)]), Some("two")),
        _ => {
            let archived =
                json!({"imageDigest": digest(2), "appliedRulePriority": 2, "action": {"type": "TRANSITION"}});
            page("COMPLETE", OURS, json!([archived]), None)
        }
    })
    .await;
    let found = registry(&stub.url).await.preview("api", Some(OURS), soon()).await.unwrap();
    let pushed_at = Some("1970-01-01T00:00:05Z".parse().unwrap());
    let (tags, action) = (vec!["a".to_owned(), "b".to_owned()], PreviewAction::Expire);
    let first = PreviewedImage { digest: digest(1), tags, pushed_at, rule: 1, action };
    let action = PreviewAction::Transition;
    let second = PreviewedImage { digest: digest(2), tags: vec![], pushed_at: None, rule: 2, action };
    assert_eq!(found, [first, second]);
    assert_eq!(stub.asked()[0].body["lifecyclePolicyText"], OURS);
}

/// The answer to somebody else's policy would be taken for what ours does.
#[tokio::test]
async fn another_preview_of_the_repository_is_waited_out_and_never_taken_for_ours() {
    let stub = Stub::answering(|asked, nth| match (asked.operation.as_str(), nth) {
        ("StartLifecyclePolicyPreview", 0) => refusal(400, "LifecyclePolicyPreviewInProgressException", "one runs"),
        ("StartLifecyclePolicyPreview", _) => ok(json!({"lifecyclePolicyText": OURS})),
        (_, 0) => page("IN_PROGRESS", THEIRS, json!([]), None),
        (_, 1) => page("COMPLETE", THEIRS, json!([expiring(7)]), None),
        _ => page("COMPLETE", OURS, json!([expiring(1)]), None),
    })
    .await;
    let found = registry(&stub.url).await.preview("api", Some(OURS), soon()).await.unwrap();
    assert_eq!(found.iter().map(|i| i.digest.clone()).collect::<Vec<_>>(), [digest(1)]);
    assert_eq!(stub.count("StartLifecyclePolicyPreview"), 2);
}

#[tokio::test]
async fn without_a_text_it_is_the_policy_in_force() {
    let stub = Stub::answering(|asked, _| match asked.operation.as_str() {
        "StartLifecyclePolicyPreview" => ok(json!({"lifecyclePolicyText": THEIRS})),
        _ => page("COMPLETE", THEIRS, json!([]), None),
    })
    .await;
    assert_eq!(registry(&stub.url).await.preview("api", None, soon()).await.unwrap(), []);
    assert_eq!(stub.asked()[0].body.get("lifecyclePolicyText"), None);
}

/// "Nothing expires" would be ECR's own word for a policy of which it has said nothing.
#[tokio::test]
async fn a_preview_that_does_not_say_what_and_of_what_is_none() {
    let done = |more: Value| {
        let mut page = json!({"status": "COMPLETE", "lifecyclePolicyText": OURS, "previewResults": []});
        page.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        page.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        page
    };
    let cases = [
        (json!({}), done(json!({}))),
        (json!({"lifecyclePolicyText": OURS}), done(json!({"previewResults": null}))),
        (json!({"lifecyclePolicyText": OURS}), done(json!({"lifecyclePolicyText": null}))),
        (json!({"lifecyclePolicyText": OURS}), done(json!({"summary": {"expiringImageTotalCount": 3}}))),
        (json!({"lifecyclePolicyText": OURS}), done(json!({"previewResults": [{"appliedRulePriority": 1}]}))),
    ];
    for (started, shown) in cases {
        let case = format!("{started} {shown}");
        let stub = Stub::answering(move |asked, _| match asked.operation.as_str() {
            "StartLifecyclePolicyPreview" => ok(started.clone()),
            _ => ok(shown.clone()),
        })
        .await;
        let error = registry(&stub.url).await.preview("api", Some(OURS), soon()).await.unwrap_err();
        assert!(matches!(error.trouble, Trouble::Garbled(_)), "{case}: {error}");
    }
}

#[tokio::test]
async fn a_preview_that_ends_badly_never_or_not_at_all_is_said_to_do_so() {
    let start = |asked: &stub::Asked| asked.operation == "StartLifecyclePolicyPreview";
    let failing =
        Stub::answering(move |asked, _| if start(asked) { started() } else { page("FAILED", OURS, json!([]), None) })
            .await;
    let error = registry(&failing.url).await.preview("api", Some(OURS), soon()).await.unwrap_err();
    assert_eq!(error.trouble, Trouble::PreviewFailed("FAILED".into()));

    let running = Stub::answering(
        move |asked, _| {
            if start(asked) { started() } else { page("IN_PROGRESS", OURS, json!([]), None) }
        },
    )
    .await;
    let error = registry(&running.url).await.preview("api", Some(OURS), Instant::now()).await.unwrap_err();
    assert_eq!(error.trouble, Trouble::PreviewRunning);

    let unknown = Stub::answering(|_, _| refusal(400, "UnknownOperationException", "")).await;
    let error = registry(&unknown.url).await.preview("api", Some(OURS), soon()).await.unwrap_err();
    assert_eq!(error.trouble, Trouble::Unsupported);
}
