//! The calls of one repository, or of one access key: what was seen, and what goes wrong.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};

use super::{Call, EcrClient, Fault, SECRET_KEY, When};
use crate::ecr::instructions::{Instruction, Rule, Scope};

/// Every operation, for [`Interceptor::fail`] and [`Interceptor::hold`].
const EVERY_OPERATION: &str = "*";

/// The calls of one repository, or of one access key. Those of this library are not among them.
#[derive(Debug, Clone)]
pub struct Interceptor {
    client: EcrClient,
    scope: Scope,
}

/// An access key of a test's own, for trouble with calls that name no repository.
#[derive(Debug)]
pub struct AccessKey {
    key: String,
    interceptor: Interceptor,
}

/// A call that is, or will be, held. Dropping this lets it go on.
#[derive(Debug)]
pub struct Hold {
    client: EcrClient,
    rule: Option<u64>,
}

impl Interceptor {
    pub(super) fn new(client: EcrClient, scope: Scope) -> Self {
        Self { client, scope }
    }

    /// The calls so far, in order.
    ///
    /// # Errors
    /// When the registry does not answer.
    pub async fn calls(&self) -> Result<Vec<Call>> {
        let calls = self.client.instruct(&Instruction::Calls(self.scope.clone())).await?;
        serde_json::from_value(calls).context("not a log of calls")
    }

    /// Makes the next so many calls of an operation (`*`: of any) go wrong.
    ///
    /// # Errors
    /// When the registry does not answer.
    pub async fn fail(&self, operation: &str, times: usize, fault: Fault) -> Result<()> {
        self.rule(operation, times, fault).await.map(drop)
    }

    /// Stops the next call of an operation (`*`: of any), before it is done or after it.
    ///
    /// # Errors
    /// When the registry does not answer.
    pub async fn hold(&self, operation: &str, when: When) -> Result<Hold> {
        let rule = self.rule(operation, 1, Fault::Hold(when)).await?;
        Ok(Hold { client: self.client.clone(), rule: Some(rule) })
    }

    /// Throttles whatever comes above so many calls a second, of all operations together.
    ///
    /// # Errors
    /// When the registry does not answer.
    pub async fn limit(&self, per_second: u32) -> Result<()> {
        self.rule(EVERY_OPERATION, 1, Fault::Limit { per_second }).await.map(drop)
    }

    async fn rule(&self, operation: &str, times: usize, fault: Fault) -> Result<u64> {
        let operation = (operation != EVERY_OPERATION).then(|| operation.to_owned());
        let rule = Rule { scope: self.scope.clone(), operation, times, fault };
        self.client.instruct(&Instruction::Fault(rule)).await?.as_u64().context("no number")
    }
}

impl AccessKey {
    /// One that nobody else has.
    pub fn fresh() -> Self {
        let key = format!("AKIA{:016X}", RandomState::new().build_hasher().finish());
        let interceptor = Interceptor::new(EcrClient::inside(), Scope::AccessKey(key.clone()));
        Self { key, interceptor }
    }

    /// The variables that make a command use it.
    pub fn environment(&self) -> [(&'static str, &str); 2] {
        [("AWS_ACCESS_KEY_ID", &self.key), ("AWS_SECRET_ACCESS_KEY", SECRET_KEY)]
    }

    /// The calls with it so far, and making trouble with them.
    pub fn interceptor(&self) -> &Interceptor {
        &self.interceptor
    }
}

impl Fault {
    /// An error with status 400 in the protocol's form.
    pub fn error(code: &str, message: &str) -> Self {
        Self::Fail { status: 400, code: code.to_owned(), message: message.to_owned() }
    }

    /// Too many calls.
    pub fn throttling() -> Self {
        Self::error("ThrottlingException", "Rate exceeded")
    }

    /// A policy of IAM does not allow the operation.
    pub fn access_denied(operation: &str) -> Self {
        let message = format!(
            "User: arn:aws:iam::123456789012:user/on-call is not authorized to perform: ecr:{operation} \
             because no identity-based policy allows the ecr:{operation} action"
        );
        Self::error("AccessDeniedException", &message)
    }

    /// The session is over.
    pub fn expired_token() -> Self {
        Self::error("ExpiredTokenException", "The security token included in the request is expired")
    }

    /// There is no such repository.
    pub fn no_repository() -> Self {
        Self::error("RepositoryNotFoundException", "The repository does not exist in the registry")
    }

    /// ECR itself has trouble (500).
    pub fn server_error() -> Self {
        Self::Fail {
            status: 500,
            code: "ServerException".to_owned(),
            message: "These errors are server-side".to_owned(),
        }
    }

    /// The call takes this much longer.
    pub fn delay(time: Duration) -> Self {
        Self::Delay { millis: u64::try_from(time.as_millis()).unwrap_or(u64::MAX) }
    }
}

impl Hold {
    /// Waits until the call is there, and gives it.
    ///
    /// # Errors
    /// When none comes within `limit`.
    pub async fn arrived(&self, limit: Duration) -> Result<Call> {
        let rule = self.rule.context("released")?;
        let within_millis = u64::try_from(limit.as_millis())?;
        let call = self.client.instruct(&Instruction::AwaitHeld { rule, within_millis }).await?;
        let call: Option<Call> = serde_json::from_value(call)?;
        call.with_context(|| format!("no call to hold came within {limit:?}"))
    }

    /// Lets the call go on.
    ///
    /// # Errors
    /// When the registry does not answer.
    pub async fn release(mut self) -> Result<()> {
        let rule = self.rule.take().context("released")?;
        self.client.instruct(&Instruction::Release { rule }).await.map(drop)
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        let Some(rule) = self.rule.take() else { return };
        // The test's runtime may be ending; a short one of its own does not care.
        let release = thread::spawn(move || -> Result<()> {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(EcrClient::inside().instruct(&Instruction::Release { rule })).map(drop)
        });
        if let Ok(Err(error)) = release.join() {
            eprintln!("lab: cannot release a held call: {error:#}");
        }
    }
}
