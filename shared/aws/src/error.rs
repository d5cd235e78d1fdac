//! Why ECR gave no usable answer, in plain words, with what to check next.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use crate::connect::{Address, environment};
use crate::trouble::Trouble;
use aws_config::SdkConfig;
use release_core::command::Command;
use release_core::failure::{Exit, Failure, Next};
use release_core::text::printable;

/// Where was looked; holds no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// None means the credentials' own account.
    pub account: Option<String>,
    pub region: String,
    /// The endpoint set in the environment or the profile in the place of ECR's own, without
    /// user, path and query.
    pub endpoint: Option<String>,
    /// `AWS_PROFILE`
    pub profile: Option<String>,
}

/// A call that failed: what went wrong, at which call and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistryError {
    pub trouble: Trouble,
    /// `DescribeImages`; the IAM action is `ecr:DescribeImages`.
    pub operation: &'static str,
    /// Empty where the call was about all repositories.
    pub repository: String,
    pub location: Arc<Location>,
}

impl Location {
    pub(crate) fn of(sdk: &SdkConfig, address: &Address, endpoint: Option<&str>) -> Self {
        Self {
            account: address.account.clone(),
            region: sdk.region().map(ToString::to_string).unwrap_or_default(),
            endpoint: endpoint.map(shown_endpoint),
            profile: environment("AWS_PROFILE", "AWS_PROFILE"),
        }
    }
}

impl RegistryError {
    /// True where a write may have happened although no success was reported.
    #[must_use]
    pub fn leaves_write_unclear(&self) -> bool {
        match &self.trouble {
            Trouble::NoAnswer(_) | Trouble::OutOfTime | Trouble::Garbled(_) => true,
            Trouble::Service { status, .. } => *status >= 500,
            _ => false,
        }
    }

    /// True for this error code of ECR.
    pub(crate) fn is_code(&self, wanted: &str) -> bool {
        matches!(&self.trouble, Trouble::Service { code, .. } if code == wanted)
    }

    /// A stable CamelCase word for scripts.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self.trouble {
            Trouble::Throttled => "Throttled",
            Trouble::AccessDenied { .. } => "AccessDenied",
            Trouble::NoCredentials => "NoCredentials",
            Trouble::ExpiredCredentials { .. } => "ExpiredCredentials",
            Trouble::BadCredentials(_) => "BadCredentials",
            Trouble::NoSuchRepository => "NoSuchRepository",
            Trouble::Unreachable(_) => "Unreachable",
            Trouble::NoAnswer(_) => "NoAnswer",
            Trouble::OutOfTime => "OutOfTime",
            Trouble::Garbled(_) => "BadAnswer",
            Trouble::PreviewRunning => "PreviewRunning",
            Trouble::PreviewFailed(_) => "PreviewFailed",
            Trouble::Unsupported => "Unsupported",
            Trouble::Service { .. } => "RegistryError",
        }
    }

    fn next_step(&self) -> Next {
        let aws = |words: &str| {
            let command = Command::new(words);
            self.location.profile.iter().fold(command, |command, name| command.flag("--profile", name))
        };
        let who_am_i = aws("aws sts get-caller-identity");
        let login = aws("aws sso login");
        match &self.trouble {
            Trouble::Throttled => {
                "wait a moment and try again: the limit is shared by everything in the account".into()
            }
            Trouble::AccessDenied { .. } => {
                format!("allow ecr:{} on the repository, or see who you are: {who_am_i}", self.operation).into()
            }
            Trouble::NoCredentials => format!("{login}, or set AWS_PROFILE; then check: {who_am_i}").into(),
            Trouble::ExpiredCredentials { sso: true } => Next::Try(vec![login], None),
            Trouble::ExpiredCredentials { sso: false } => format!("log in again, then check: {who_am_i}").into(),
            Trouble::BadCredentials(_) => Next::Look(who_am_i, None),
            Trouble::NoSuchRepository => {
                let list = Command::new("aws ecr describe-repositories");
                let list = self.location.account.iter().fold(list, |list, id| list.flag("--registry-id", id));
                let list = list.flag("--region", &self.location.region);
                let list = self.location.profile.iter().fold(list, |list, name| list.flag("--profile", name));
                format!("is it the right account and region? {list}").into()
            }
            Trouble::Unreachable(_) if self.location.endpoint.is_some() => "check AWS_ENDPOINT_URL".into(),
            Trouble::Unreachable(_) => "check the network, HTTPS_PROXY and --region".into(),
            Trouble::OutOfTime => "give it longer with --timeout, or see whether ECR can be reached".into(),
            Trouble::PreviewRunning => "wait until the other preview is over and try again".into(),
            Trouble::Unsupported | Trouble::Garbled(_) if self.location.endpoint.is_some() => {
                "AWS_ENDPOINT_URL may not be an ECR that can do this".into()
            }
            Trouble::Garbled(_) => {
                "try again; where it stays so, see whether HTTPS_PROXY answers in ECR's place".into()
            }
            Trouble::Service { status, .. } if *status < 500 => self.reference().into(),
            _ => "try again".into(),
        }
    }

    /// Where AWS says what its codes mean.
    fn reference(&self) -> String {
        let page = "https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_";
        format!("see what the code means: {page}{}.html", self.operation)
    }
}

impl fmt::Display for RegistryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let location = &self.location;
        match &self.trouble {
            Trouble::Throttled => write!(f, "ECR throttles {} in {location}", self.operation),
            Trouble::AccessDenied { who, because } => {
                let who = who.as_ref().map(|w| format!("{w} ")).unwrap_or_default();
                let of = if self.repository.is_empty() { String::new() } else { format!(" of {}", self.repository) };
                write!(f, "{who}may not call ecr:{}{of} in {location}", self.operation)?;
                because.as_ref().map_or(Ok(()), |why| write!(f, ": {why}"))
            }
            Trouble::NoCredentials => match &location.profile {
                Some(profile) => write!(f, "no AWS credentials in profile {}, nor anywhere else", printable(profile)),
                None => f.write_str("no AWS credentials found"),
            },
            Trouble::ExpiredCredentials { sso: true } => f.write_str("the AWS SSO session has expired"),
            Trouble::ExpiredCredentials { sso: false } => f.write_str("the AWS credentials have expired"),
            Trouble::BadCredentials(how) => write!(f, "the AWS credentials can't be used: {how}"),
            Trouble::NoSuchRepository => write!(f, "no repository {} in {location}", self.repository),
            Trouble::Unreachable(why) => write!(f, "can't reach ECR in {location}: {why}"),
            Trouble::NoAnswer(why) => write!(f, "no answer from ECR to {} in {location}: {why}", self.operation),
            Trouble::OutOfTime => {
                write!(f, "out of time: no answer from ECR to {} in {location}", self.operation)
            }
            Trouble::Garbled(why) => write!(f, "unexpected answer from ECR to {} in {location}: {why}", self.operation),
            Trouble::PreviewRunning => write!(f, "ECR's preview of {} was not done in time", self.repository),
            Trouble::PreviewFailed(status) => write!(f, "ECR's preview of {} ended as {status}", self.repository),
            Trouble::Unsupported => write!(f, "the service does not know {}", self.operation),
            Trouble::Service { code, request_id, .. } => {
                write!(f, "ECR refused {} in {location} ({code})", self.operation)?;
                request_id.as_ref().map_or(Ok(()), |id| write!(f, " (request {id})"))
            }
        }
    }
}

impl Error for RegistryError {}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(account) = &self.account {
            write!(f, "account {account}, ")?;
        }
        write!(f, "region {}", self.region)?;
        self.endpoint.as_ref().map_or(Ok(()), |endpoint| write!(f, " at {endpoint}"))
    }
}

impl From<RegistryError> for Failure {
    fn from(error: RegistryError) -> Self {
        let exit = if error.trouble == Trouble::OutOfTime { Exit::OutOfTime } else { Exit::Failed };
        Self::new(exit, error.reason(), error.to_string()).next(error.next_step())
    }
}

/// Scheme, host and port of a URL: what else it holds may be a password.
pub(crate) fn shown_endpoint(url: &str) -> String {
    let Ok(url) = url.parse::<http::Uri>() else { return "an endpoint that is no URL".into() };
    let port = url.port().map(|p| format!(":{p}")).unwrap_or_default();
    format!("{}://{}{port}", url.scheme_str().unwrap_or("https"), url.host().unwrap_or_default())
}
