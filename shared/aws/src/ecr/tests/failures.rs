use aws_config::imds::{self, credentials::ImdsCredentialsProvider};
use aws_config::provider_config::ProviderConfig;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{self, future};
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

use super::stub::{Reply, Stub, ok, refusal};
use super::*;
use release_core::failure::{Exit, Failure};

async fn error_of(reply: impl Fn() -> Reply + Send + Sync + 'static) -> RegistryError {
    let stub = Stub::answering(move |_, _| reply()).await;
    let error = registry(&stub.url).await.images("api").await.unwrap_err();
    keeps_secrets(&error);
    error
}

fn keeps_secrets(error: &RegistryError) {
    let failure = Failure::from(error.clone());
    let shown = format!(
        "{error} {error:?} {} {}",
        failure.message,
        failure.next.as_ref().map(ToString::to_string).unwrap_or_default()
    );
    for secret in SECRETS {
        assert!(!shown.contains(secret), "{shown}");
    }
    assert_eq!(failure.exit, Exit::Failed);
    assert!(failure.next.is_some(), "what to do next: {failure}");
}

#[tokio::test]
async fn a_throttled_read_is_sent_again_and_in_the_end_said_to_be_throttled() {
    let busy = || refusal(400, "ThrottlingException", "Rate exceeded");
    let stub = Stub::answering(move |_, nth| if nth < 3 { busy() } else { ok(json!({"imageDetails": []})) }).await;
    assert_eq!(registry(&stub.url).await.images("api").await.unwrap(), []);
    assert_eq!(stub.asked().len(), 4);
    assert_eq!(error_of(busy).await.trouble, Trouble::Throttled);
}

/// Which permission is missing, and why, without the name of the caller's session.
#[tokio::test]
async fn a_denied_call_names_role_and_reason() {
    let error = error_of(|| {
        refusal(
            400,
            "AccessDeniedException",
            "User: arn:aws:sts::123456789012:assumed-role/ci-deploy/theSessionToken is not \
         authorized to perform: ecr:DescribeImages on resource: arn:aws:ecr:eu-west-1:123456789012:repository/api \
         because no identity-based policy allows the ecr:DescribeImages action",
        )
    })
    .await;
    let Trouble::AccessDenied { who, because } = &error.trouble else { panic!("{error:?}") };
    assert_eq!(who.as_deref(), Some("role ci-deploy"));
    assert_eq!(because.as_deref(), Some("no identity-based policy allows it"));
    let shown = error.to_string();
    for part in ["ecr:DescribeImages", "api", ACCOUNT, "eu-west-1"] {
        assert!(shown.contains(part), "{part} in {shown}");
    }
}

#[tokio::test]
async fn refusals_are_told_apart() {
    let cases = [
        ("ExpiredTokenException", "ExpiredCredentials"),
        ("UnrecognizedClientException", "BadCredentials"),
        ("InvalidSignatureException", "BadCredentials"),
        ("RepositoryNotFoundException", "NoSuchRepository"),
        ("UnknownOperationException", "Unsupported"),
        ("InvalidParameterException", "RegistryError"),
    ];
    for (code, reason) in cases {
        // What AWS says about a signature holds the request that was signed.
        let message = if code.contains("Signature") { SECRETS.join(" ") } else { "as it says".to_owned() };
        let error = error_of(move || refusal(400, code, &message)).await;
        assert_eq!(error.reason(), reason, "{code}: {error}");
    }
}

#[tokio::test]
async fn a_missing_repository_names_where_it_was_looked_for() {
    let error = error_of(|| refusal(400, "RepositoryNotFoundException", "")).await;
    let failure = Failure::from(error);
    for part in [ACCOUNT, "eu-west-1"] {
        assert!(
            failure.message.contains(part) && failure.next.as_ref().unwrap().to_string().contains(part),
            "{failure:?}"
        );
    }
}

#[tokio::test]
async fn an_answer_that_makes_no_sense_is_no_empty_repository() {
    let bodies = [
        "<html>a proxy's login page</html>".to_owned(),
        r#"{"imageDetails": [{"imageDigest": "sha256:1"}]}"#.to_owned(),
        r#"{"imageDetails": [{"imagePushedAt": 5}]}"#.to_owned(),
        r#"{"imageDetails": [], "nextToken": "the same"}"#.to_owned(),
        r#"{"imageDetails": "#.to_owned(),
        // ECR says of an empty repository that it is one: `"imageDetails": []`.
        "{}".to_owned(),
        "null".to_owned(),
        String::new(),
        r#"{"imageDetails": null}"#.to_owned(),
        r#"{"imageDetails": {}}"#.to_owned(),
        r#"{"imageDetails": [null]}"#.to_owned(),
        r#"{"imageDetails": [{}]}"#.to_owned(),
        r#"{"imageDetails": [{"imageDigest": "", "imagePushedAt": 5}]}"#.to_owned(),
        r#"{"imageDetails": [{"imageDigest": "sha256:1", "imagePushedAt": null}]}"#.to_owned(),
        r#"{"images": []}"#.to_owned(),
    ];
    for body in bodies {
        let shown = body.clone();
        let error = error_of(move || (200, body.clone())).await;
        assert!(matches!(error.trouble, Trouble::Garbled(_)), "{shown}: {error:?}");
    }
    let error = error_of(|| (502, "<html>bad gateway</html>".into())).await;
    assert!(error.to_string().contains("502"), "{error}");
}

/// What was not said would be taken for "none": no image to lose, no policy to overwrite, nothing in an index.
#[tokio::test]
async fn an_answer_without_what_ecr_always_says_is_no_answer() {
    let cut =
        Stub::answering(
            |_, nth| {
                if nth == 0 { ok(json!({"imageDetails": [], "nextToken": "two"})) } else { ok(json!({})) }
            },
        )
        .await;
    let error = registry(&cut.url).await.images("api").await.unwrap_err();
    assert!(matches!(error.trouble, Trouble::Garbled(_)), "a later page: {error}");
    for body in
        [json!({}), json!({"repositories": null, "images": null, "lifecyclePolicyText": null, "imageDetails": null})]
    {
        let stub = Stub::answering(move |_, _| ok(body.clone())).await;
        let registry = registry(&stub.url).await;
        let errors = [
            registry.repositories().await.unwrap_err(),
            registry.repository("api").await.unwrap_err(),
            registry.lifecycle_policy("api").await.unwrap_err(),
            registry.index_children("api", &[digest(1)]).await.unwrap_err(),
            registry.images_by("api", &[ImageId::Tag("v1".into())]).await.unwrap_err(),
        ];
        for error in errors {
            assert!(matches!(error.trouble, Trouble::Garbled(_)), "{error:?}");
            keeps_secrets(&error);
        }
    }
}

/// Nobody could tell which images that run are of it, or another repository would get the policy.
#[tokio::test]
async fn a_repository_that_is_not_the_one_that_was_asked_for_or_is_nowhere_is_no_answer() {
    for (name, uri, account) in [("web", "host/web", ACCOUNT), ("api", "", ACCOUNT), ("api", "host/api", "")] {
        let repository = json!({"repositoryName": name, "repositoryUri": uri, "registryId": account});
        let stub = Stub::answering(move |_, _| ok(json!({"repositories": [repository.clone()]}))).await;
        let error = registry(&stub.url).await.repository("api").await.unwrap_err();
        assert!(matches!(error.trouble, Trouble::Garbled(_)), "{name} {uri} {account}: {error:?}");
    }
    let none = Stub::answering(|_, _| ok(json!({"repositories": []}))).await;
    assert_eq!(registry(&none.url).await.repository("api").await.unwrap_err().trouble, Trouble::NoSuchRepository);
}

/// Behind a code that nobody here knows stands a text of anybody's: a proxy's, a credential process's.
#[tokio::test]
async fn of_a_refusal_the_code_and_the_number_are_told_and_never_the_text() {
    let text = format!("{} \u{1b}[2J", SECRETS.join(" "));
    let shown_as = [
        ("KmsException", "KmsException"),
        ("SomethingNewException", "SomethingNewException"),
        ("com.amazonaws.ecr#LimitExceededException", "LimitExceededException"),
        (SECRETS[0], "HTTP 400"),
        ("theSessionToken=/+", "HTTP 400"),
        ("\u{1b}[2JException", "HTTP 400"),
        ("wJalrXUtnFEMI7MDENG", "HTTP 400"),
    ];
    for (code, shown) in shown_as {
        let message = text.clone();
        let error = error_of(move || refusal(400, code, &message)).await;
        let said = error.to_string();
        assert!(said.contains(&format!("({shown})")) && !said.contains('\u{1b}'), "{code}: {said}");
        assert!(said.contains("11111111-2222-3333-4444-555555555555"), "{said}");
        assert!(Failure::from(error).next.is_some_and(|next| next.to_string().contains("API_DescribeImages.html")));
    }
}

/// What follows "because" may be a sentence of somebody's, and a name none of IAM's.
#[tokio::test]
async fn of_a_denial_only_what_iam_says_is_told() {
    let denied =
        |who: &str, why: &str| refusal(400, "AccessDeniedException", &format!("User: {who} is not authorized {why}"));
    let role = "arn:aws:sts::123456789012:assumed-role/ci-deploy/theSessionToken";
    let told = async |who: &str, why: &str| {
        let (who, why) = (who.to_owned(), why.to_owned());
        match error_of(move || denied(&who, &why)).await.trouble {
            Trouble::AccessDenied { who, because } => (who, because),
            other => panic!("{other:?}"),
        }
    };
    let because = async |why: &str| told(role, why).await.1;
    assert_eq!(because("because of verySecretAccessKey").await, None);
    let scp =
        because("with an explicit deny in a service control policy: arn:aws:organizations::1:policy/theSessionToken")
            .await;
    assert_eq!(scp.as_deref(), Some("the service control policy denies it"));
    let endpoint = because("because no VPC endpoint policy allows the ecr:DescribeImages action").await;
    assert_eq!(endpoint.as_deref(), Some("no VPC endpoint policy allows it"));
    assert_eq!(told("arn:aws:iam::123456789012:user/\u{1b}[2J", "").await.0, None);
    assert_eq!(told("arn:aws:iam::123456789012:user/ops/on-call", "").await.0.as_deref(), Some("user on-call"));
}

#[tokio::test]
async fn nobody_at_the_endpoint_and_nobody_who_answers_are_told_apart() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://user:verySecretAccessKey@{}/theSessionToken", listener.local_addr().unwrap());
    drop(listener);
    let error = registry(&url).await.images("api").await.unwrap_err();
    keeps_secrets(&error);
    assert!(matches!(error.trouble, Trouble::Unreachable(_)), "{error:?}");
    assert!(!error.leaves_write_unclear(), "nothing was sent");

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            drop(stream)
        }
    });
    let error = registry(&url).await.put_lifecycle_policy("api", "{}").await.unwrap_err();
    assert!(matches!(error.trouble, Trouble::NoAnswer(_)) && error.leaves_write_unclear(), "{error:?}");
}

#[derive(Debug)]
struct Failing(Cause);

type Cause = fn() -> CredentialsError;

impl ProvideCredentials for Failing {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        let error: provider::Result = Err((self.0)());
        future::ProvideCredentials::ready(error)
    }
}

#[tokio::test]
async fn credentials_that_can_not_be_had_are_told_apart_and_nothing_is_sent() {
    let expired = || CredentialsError::provider_error("the SSO token has expired and cannot be refreshed");
    let process = || CredentialsError::provider_error("external process said verySecretAccessKey");
    let cases: [(Cause, &str); 4] = [
        (CredentialsError::not_loaded_no_source, "NoCredentials"),
        (expired, "ExpiredCredentials"),
        (process, "BadCredentials"),
        (|| CredentialsError::invalid_configuration("theSessionToken"), "BadCredentials"),
    ];
    let stub = Stub::answering(|_, _| ok(json!({}))).await;
    for (failing, reason) in cases {
        let error = registry_with(&stub.url, Failing(failing)).await.images("api").await.unwrap_err();
        keeps_secrets(&error);
        assert_eq!(error.reason(), reason, "{error}");
    }
    assert_eq!(stub.asked().len(), 0);
    assert!(!format!("{:?}", registry(&stub.url).await).contains(SECRETS[0]));
}

/// In a container on EC2 the metadata often refuses, or is a hop too far away.
#[tokio::test]
async fn metadata_that_refuses_is_no_source_of_credentials() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.write_all(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n").await;
        }
    });
    let http = ProviderConfig::without_region().with_http_client(connect::http_client().unwrap());
    let metadata = imds::Client::builder().configure(&http).endpoint(&url).unwrap().max_attempts(1).build();
    let credentials = ImdsCredentialsProvider::builder().configure(&http).imds_client(metadata).build();
    let error = registry_with(&url, credentials).await.images("api").await.unwrap_err();
    assert_eq!(error.trouble, Trouble::NoCredentials);
}
