use serde_json::json;

use super::stub::{Stub, ok, refusal};
use super::*;

const POLICY: &str = r#"{"rules": [{"rulePriority": 1}]}"#;

#[tokio::test]
async fn a_throttled_write_is_sent_again_and_a_refused_one_is_not() {
    let busy = Stub::answering(|asked, nth| {
        assert_eq!((&asked.body["lifecyclePolicyText"], &asked.body["registryId"]), (&json!(POLICY), &json!(ACCOUNT)));
        if nth < 2 { refusal(400, "ThrottlingException", "Rate exceeded") } else { ok(asked.body.clone()) }
    })
    .await;
    registry(&busy.url).await.put_lifecycle_policy("api", POLICY).await.unwrap();
    assert_eq!(busy.count("PutLifecyclePolicy"), 3);

    let strict = Stub::answering(|_, _| refusal(400, "InvalidParameterException", "Invalid parameter at 'x'")).await;
    let error = registry(&strict.url).await.put_lifecycle_policy("api", POLICY).await.unwrap_err();
    assert!(matches!(&error.trouble, Trouble::Service { code, .. } if code == "InvalidParameterException"), "{error}");
    assert_eq!(strict.asked().len(), 1);
}

/// Repeating it could undo what somebody else put in between.
#[tokio::test]
async fn after_an_unclear_answer_the_policy_in_force_says_what_is_so() {
    for (in_force, done) in [(r#"{"rules":[{"rulePriority":1}]}"#, true), (r#"{"rules":[]}"#, false)] {
        let stub = Stub::answering(move |asked, _| match asked.operation.as_str() {
            "PutLifecyclePolicy" => refusal(500, "ServerException", "sorry"),
            _ => ok(json!({"lifecyclePolicyText": in_force})),
        })
        .await;
        put_once(&stub, done).await;
    }
}

async fn put_once(stub: &Stub, done: bool) {
    let answer = registry(&stub.url).await.put_lifecycle_policy("api", POLICY).await;
    assert_eq!(answer.is_ok(), done, "{answer:?}");
    assert!(answer.err().is_none_or(|error| error.leaves_write_unclear()));
    assert_eq!(stub.count("PutLifecyclePolicy"), 1, "never repeated");
}

/// A stand-in, or what answers in ECR's place, would have a policy called applied that is nowhere.
#[tokio::test]
async fn a_yes_that_says_nothing_of_the_policy_is_an_unclear_answer() {
    for (in_force, done) in [(json!({"lifecyclePolicyText": POLICY}), true), (json!({}), false)] {
        let stub = Stub::answering(move |asked, _| match asked.operation.as_str() {
            "PutLifecyclePolicy" => ok(json!({})),
            _ => ok(in_force.clone()),
        })
        .await;
        put_once(&stub, done).await;
    }
}
