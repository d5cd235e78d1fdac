//! Talking to Elastic Load Balancing (version 2), which is read and never written: the controller in the cluster owns
//! listeners, rules and targets
//! (<https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_Operations.html>).

use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_elasticloadbalancingv2::Client;
use release_core::traffic::target_health::{TargetState, region_of};

use crate::connect::{Address, custom_endpoint, refuse_open, sdk_config};
use crate::trouble::Trouble;

/// The endpoint of the service alone
/// (<https://docs.aws.amazon.com/sdkref/latest/guide/ss-endpoints-table.html>).
const ENDPOINT: &str = "AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING_V2";
/// A target group has at most a thousand targets, each with several ports perhaps
/// (<https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html>): more is no answer.
const MOST_TARGETS: usize = 10_000;

/// A connection to the load balancers of one region.
#[derive(Debug, Clone)]
pub struct LoadBalancers {
    client: Client,
}

/// Why something could not be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotSaid {
    /// In a few words: `no AWS credentials`, `not allowed: elasticloadbalancing:DescribeTargetHealth`.
    pub why: String,
    /// True where it may be said a moment later: a limit, a server's fault, a connection that broke.
    pub is_passing: bool,
}

impl LoadBalancers {
    /// Connects to the region of a target group; that of the environment where the group is not named by its ARN.
    /// Nothing is sent yet.
    ///
    /// # Errors
    /// Where no region is known, or the proxy, certificates or endpoint can't be used.
    pub async fn of(group: &str, request_timeout: Duration) -> Result<Self, NotSaid> {
        let address = Address { region: region_of(group).map(str::to_owned), ..Address::default() };
        let sdk = sdk_config(&address, request_timeout).await.and_then(|sdk| {
            refuse_open(&sdk, &[ENDPOINT])?;
            Ok(sdk)
        });
        match sdk {
            Ok(sdk) => Ok(Self::over(&sdk)),
            Err(failure) => Err(NotSaid { why: failure.message, is_passing: false }),
        }
    }

    fn over(sdk: &SdkConfig) -> Self {
        let mut config = aws_sdk_elasticloadbalancingv2::config::Builder::from(sdk);
        if let Some(endpoint) = custom_endpoint(sdk, ENDPOINT) {
            config = config.endpoint_url(endpoint);
        }
        Self { client: Client::from_conf(config.build()) }
    }

    /// What the load balancer says of each target of a group, which is named by its ARN or its name.
    ///
    /// # Errors
    /// Where it can't be asked, or gives no usable answer.
    pub async fn targets(&self, group: &str) -> Result<Vec<TargetState>, NotSaid> {
        const OPERATION: &str = "DescribeTargetHealth";
        let arn = if group.starts_with("arn:") { group.to_owned() } else { self.arn_of(group).await? };
        let answer = self.client.describe_target_health().target_group_arn(arn).send().await;
        let answer = answer.map_err(|error| not_said(OPERATION, &Trouble::of(&error)))?;
        let all = answer.target_health_descriptions.unwrap_or_default();
        if all.len() > MOST_TARGETS {
            return Err(garbled("a list without an end"));
        }
        let states = all.into_iter().map(|one| {
            let (target, health) = (one.target, one.target_health.ok_or_else(|| garbled("a target without a state"))?);
            let state = health.state.ok_or_else(|| garbled("a target without a state"))?;
            Ok(TargetState {
                id: target.and_then(|target| target.id).unwrap_or_default(),
                state: state.as_str().to_owned(),
                reason: health.reason.map(|reason| reason.as_str().to_owned()),
            })
        });
        states.collect()
    }

    async fn arn_of(&self, name: &str) -> Result<String, NotSaid> {
        const OPERATION: &str = "DescribeTargetGroups";
        let answer = self.client.describe_target_groups().names(name).send().await;
        let answer = answer.map_err(|error| not_said(OPERATION, &Trouble::of(&error)))?;
        let mut groups = answer.target_groups.unwrap_or_default().into_iter();
        let found = groups.find(|group| group.target_group_name.as_deref() == Some(name));
        found.and_then(|group| group.target_group_arn).ok_or_else(|| garbled("no group of that name"))
    }
}

fn garbled(what: &str) -> NotSaid {
    NotSaid { why: format!("unexpected answer of the load balancer: {what}"), is_passing: true }
}

/// In few words. Nothing of a request is repeated: see [`Trouble`].
fn not_said(operation: &str, trouble: &Trouble) -> NotSaid {
    let final_word = |why: String| NotSaid { why, is_passing: false };
    let passing = |why: String| NotSaid { why, is_passing: true };
    match trouble {
        Trouble::AccessDenied { who, .. } => {
            let who = who.as_ref().map(|who| format!(" for {who}")).unwrap_or_default();
            final_word(format!("not allowed{who}: elasticloadbalancing:{operation}"))
        }
        Trouble::NoCredentials => final_word("no AWS credentials".to_owned()),
        Trouble::ExpiredCredentials { .. } => final_word("the AWS credentials have expired".to_owned()),
        Trouble::BadCredentials(how) => final_word(format!("the AWS credentials can't be used: {how}")),
        Trouble::Unsupported => final_word(format!("the service does not know {operation}")),
        Trouble::Service { code, status, .. } if *status < 500 => final_word(format!("{operation}: {code}")),
        Trouble::Service { code, .. } => passing(format!("{operation}: {code}")),
        Trouble::Throttled => passing(format!("{operation} is throttled")),
        Trouble::Unreachable(why) => passing(format!("can't be reached: {why}")),
        Trouble::NoAnswer(why) | Trouble::Garbled(why) => passing(format!("no answer to {operation}: {why}")),
        Trouble::OutOfTime => passing(format!("no answer to {operation} in time")),
        Trouble::NoSuchRepository | Trouble::PreviewRunning | Trouble::PreviewFailed(_) => {
            final_word(format!("unexpected answer to {operation}"))
        }
    }
}

#[cfg(test)]
mod tests;
