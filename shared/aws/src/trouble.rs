//! What kind of trouble a failed call is in, read from the SDK's error.
//!
//! Nothing of a request is ever repeated: a refused signature's message holds the canonical
//! request with its token, a credential process may print anything, and a principal's session name
//! may be a person's.

use std::error::Error;

use aws_config::imds::client::error::ImdsError;
use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_types::request_id::RequestId;
use hyper_util::client::legacy::Error as HttpError;

use crate::bounded::{TOO_LONG, is_too_long};
use release_core::text::printable;

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// The service said to slow down, also after several tries.
    Throttled,
    /// The caller may not do this; the role or user without its session, and why, where ECR says.
    AccessDenied {
        who: Option<String>,
        because: Option<String>,
    },
    /// No source of credentials has any.
    NoCredentials,
    /// Credentials were found and are too old; true for those of an SSO session.
    ExpiredCredentials {
        sso: bool,
    },
    /// Credentials were found and can't be used, or their source failed; how.
    BadCredentials(String),
    NoSuchRepository,
    /// No connection could be made: nothing was sent.
    Unreachable(String),
    /// The request was sent and no whole answer came.
    NoAnswer(String),
    /// The time of the whole run was over before an answer came.
    OutOfTime,
    /// An answer came that is not what was asked for.
    Garbled(String),
    /// No preview of ours was done in time, or another one runs in this repository.
    PreviewRunning,
    /// ECR's preview ended in this status.
    PreviewFailed(String),
    /// The service does not know the operation.
    Unsupported,
    /// Any other refusal. What it says besides is never kept.
    Service {
        /// `KmsException`; `HTTP 502` where no code came, or none that could be one.
        code: String,
        status: u16,
        request_id: Option<Box<str>>,
    },
}

impl Trouble {
    /// Reads the SDK's error; see the module for what is left out of it.
    pub(crate) fn of<E>(error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        match error {
            SdkError::ServiceError(_) => Self::refused(error),
            SdkError::TimeoutError(_) => Self::NoAnswer("it took too long".into()),
            _ if is_too_long(error) => Self::Garbled(TOO_LONG.into()),
            SdkError::ResponseError(_) => Self::Garbled("no JSON of the kind that was asked for".into()),
            SdkError::DispatchFailure(failure) => {
                let cause = failure.as_connector_error().map(|e| e as &(dyn Error + 'static));
                cause.map_or_else(|| Self::NoAnswer("the connection failed".into()), Self::before_an_answer)
            }
            other => Self::before_an_answer(other),
        }
    }

    fn refused<E>(error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        let status = error.raw_response().map_or(0, |answer| answer.status().as_u16());
        let message = error.message().unwrap_or_default();
        let Some(code) = error.code() else {
            return match status {
                200..=299 => Self::Garbled("no JSON of the kind that was asked for".into()),
                429 => Self::Throttled,
                501 => Self::Unsupported,
                _ => Self::Service { code: format!("HTTP {status}"), status, request_id: None },
            };
        };
        match code {
            code if THROTTLED.contains(&code) => Self::Throttled,
            // The last one is what SNS says.
            "AccessDeniedException" | "AccessDenied" | "UnauthorizedOperation" | "AuthorizationError" => {
                denied(message)
            }
            "ExpiredTokenException" | "ExpiredToken" | "RequestExpired" => Self::ExpiredCredentials { sso: false },
            "UnrecognizedClientException" | "InvalidClientTokenId" | "InvalidClientTokenIdException" => {
                Self::BadCredentials("AWS does not know them; are they of another partition, or deleted?".into())
            }
            "InvalidSignatureException"
            | "SignatureDoesNotMatch"
            | "IncompleteSignature"
            | "IncompleteSignatureException"
            | "MissingAuthenticationToken"
            | "MissingAuthenticationTokenException" => {
                Self::BadCredentials("the signature was refused; is the secret key right, and the clock?".into())
            }
            "RepositoryNotFoundException" => Self::NoSuchRepository,
            "UnknownOperationException"
            | "UnsupportedOperationException"
            | "UnsupportedOperation"
            | "NotImplemented"
            | "InvalidAction" => Self::Unsupported,
            code => Self::Service {
                code: if is_code(code) { code.to_owned() } else { format!("HTTP {status}") },
                status,
                request_id: error.request_id().filter(|id| is_request_id(id)).map(Into::into),
            },
        }
    }

    /// Tells "no credentials" from "never connected" from "connected, and then lost".
    fn before_an_answer(error: &(dyn Error + 'static)) -> Self {
        for cause in chain(error) {
            if let Some(found) = cause.downcast_ref::<CredentialsError>() {
                return credentials(found);
            }
            if cause.downcast_ref::<HttpError>().is_some_and(HttpError::is_connect) {
                return Self::Unreachable(innermost(cause));
            }
        }
        Self::NoAnswer(innermost(error))
    }
}

/// How services say that it was too much.
const THROTTLED: [&str; 6] = [
    "ThrottlingException",
    "Throttling",
    "TooManyRequestsException",
    "RequestLimitExceeded",
    // Of SNS.
    "Throttled",
    "KMSThrottling",
];

/// Whether the same read may be answered a moment later: what the SDK's own retries go by.
pub(crate) fn is_passing<E>(error: &SdkError<E, HttpResponse>) -> bool
where
    E: Error + Send + Sync + 'static,
{
    match error {
        _ if is_too_long(error) => false,
        SdkError::TimeoutError(_) | SdkError::ResponseError(_) => true,
        SdkError::DispatchFailure(failure) => failure.is_io() || failure.is_timeout(),
        SdkError::ServiceError(refused) => matches!(refused.raw().status().as_u16(), 500 | 502 | 503 | 504),
        _ => false,
    }
}

/// The longest code that AWS has is about half of this.
const CODE_CHARS: usize = 64;

/// True for what may be an error's code: a name of letters. Keys and tokens have digits and signs, or capitals alone.
fn is_code(text: &str) -> bool {
    let is_name = text.starts_with(|c: char| c.is_ascii_uppercase()) && text.chars().any(|c| c.is_ascii_lowercase());
    is_name && text.len() <= CODE_CHARS && text.chars().all(|c| c.is_ascii_alphabetic())
}

/// AWS numbers calls by UUIDs.
fn is_request_id(text: &str) -> bool {
    let lengths = text.split('-').map(str::len);
    lengths.eq([8, 4, 4, 4, 12]) && text.chars().all(|c| c == '-' || c.is_ascii_hexdigit())
}

/// The kinds of policies by which AWS may deny a call
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html>).
const POLICIES: [&str; 7] = [
    "identity-based policy",
    "resource-based policy",
    "resource control policy",
    "service control policy",
    "permissions boundary",
    "session policy",
    "VPC endpoint policy",
];

/// The role or user without the session's name, and which policy is the reason, where AWS says so.
fn denied(message: &str) -> Trouble {
    let arn = message.split_whitespace().find(|word| word.starts_with("arn:"));
    let who = arn.and_then(|arn| {
        let resource = arn.rsplit(':').next()?;
        let mut parts = resource.split('/');
        match (parts.next()?, parts.next()?) {
            ("assumed-role", role) if is_name(role) => Some(format!("role {role}")),
            ("user", _) => resource.rsplit('/').next().filter(|name| is_name(name)).map(|name| format!("user {name}")),
            _ => None,
        }
    });
    let policy = POLICIES.into_iter().find(|kind| message.contains(kind));
    let because = policy.map(|kind| match message.contains("explicit deny") {
        true => format!("the {kind} denies it"),
        false => format!("no {kind} allows it"),
    });
    Trouble::AccessDenied { who, because }
}

/// What IAM takes for a user's or role's name.
fn is_name(text: &str) -> bool {
    let may_stand = |c: char| c.is_ascii_alphanumeric() || "+=,.@_-".contains(c);
    !text.is_empty() && text.len() <= 64 && text.chars().all(may_stand)
}

/// The chain is read for its kind only: what a credential process or an endpoint printed may be in it.
fn credentials(error: &CredentialsError) -> Trouble {
    let words: String = chain(error).map(|cause| format!("{cause:?} {cause}\n").to_lowercase()).collect();
    let has = |text: &str| words.contains(text);
    if has("expired") {
        return Trouble::ExpiredCredentials { sso: has("sso") };
    }
    // EC2 metadata is the last to be asked: no source before it had any.
    let asked_all = chain(error).any(|cause| cause.is::<ImdsError>());
    let how = match error {
        _ if asked_all => return Trouble::NoCredentials,
        CredentialsError::CredentialsNotLoaded(_) => return Trouble::NoCredentials,
        CredentialsError::ProviderTimedOut(_) => "their source gave no answer in time",
        CredentialsError::InvalidConfiguration(_) => "the profile is not set up right",
        _ if has("external process") => "the profile's credential process failed",
        _ if has("sso") && (has("notfound") || has("no such file") || has("unauthorized")) => {
            return Trouble::ExpiredCredentials { sso: true };
        }
        _ if has("accessdenied") => "AWS refused the profile's role",
        _ if has("dispatchfailure") || has("dispatch failure") => "their source can't be reached",
        _ => "their source failed",
    };
    Trouble::BadCredentials(how.into())
}

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

/// The innermost cause, which is the one a person can act on.
fn innermost(error: &(dyn Error + 'static)) -> String {
    chain(error).last().map(|cause| printable(&cause.to_string())).unwrap_or_default()
}
