//! Talking to Amazon Route 53: the record sets of one name in a hosted zone, one batch that changes them, and whether all
//! of its servers have it
//! (<https://docs.aws.amazon.com/Route53/latest/APIReference/API_Operations_Amazon_Route_53.html>).
//!
//! A batch is sent again only after a plain no. After an unclear answer it may have been made, and a repeat would be
//! refused as if somebody else had been there: whoever sent it reads the records, and [`Batch::fate`] says what is so.

mod sets;

use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_sdk_route53::Client;
use aws_sdk_route53::config::Builder;
use aws_sdk_route53::error::SdkError;
use aws_sdk_route53::operation::change_resource_record_sets::ChangeResourceRecordSetsError as Refused;
use aws_sdk_route53::types::ChangeStatus;
use release_core::failure::Failure;
use release_core::text::printable;
use release_core::traffic::router::route53::{Batch, DnsName, RecordSet, zone_id};

use crate::connect::{Address, FIRST_PAUSE, LONGEST_PAUSE, READ_ATTEMPTS, custom_endpoint, refuse_open, sdk_config};
use crate::trouble::Trouble;

/// The endpoint of the service alone
/// (<https://docs.aws.amazon.com/sdkref/latest/guide/ss-endpoints-table.html>).
const ENDPOINT: &str = "AWS_ENDPOINT_URL_ROUTE_53";
/// A region of the partition that most zones are in. Route 53 is one for all regions of a partition
/// (<https://docs.aws.amazon.com/general/latest/gr/r53.html>), so whoever names none can't mean another one.
const ANY_REGION: &str = "us-east-1";
/// A name has at most a hundred records a type, a page up to three hundred
/// (<https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html>): more pages are no answer.
const MOST_PAGES: usize = 20;
/// Of those who check, for a health check to pass.
const HEALTHY_PERCENT: usize = 18;
/// What Route 53 puts before the id of a change.
const CHANGE_PREFIX: &str = "/change/";
/// The longest comment of a batch (`ResourceDescription` of the API's model).
const COMMENT_CHARS: usize = 256;

/// A connection to Route 53, for one hosted zone.
#[derive(Debug, Clone)]
pub struct Zone {
    reader: Client,
    /// Sends nothing twice by itself.
    writer: Client,
    id: String,
    /// Before a batch is sent again.
    pause: Duration,
}

/// A batch that Route 53 has made: what asks how far it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeId(pub String);

/// Whether all servers of Route 53 have a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spread {
    /// Some answer as before.
    Pending,
    /// All have it. Resolvers keep what they have been told before until its TTL has passed.
    InSync,
}

/// Why something wasn't done or said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotDone {
    /// In a few words: `no AWS credentials`, `not allowed: route53:ChangeResourceRecordSets`.
    pub why: String,
    pub how: How,
}

/// What is to be thought of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// It stays so until somebody mends it.
    Final,
    /// It may be done a moment later; nothing was written.
    Passing,
    /// The records aren't as they were read any more; nothing was written.
    Changed,
    /// A batch was sent, and may have been made.
    Unclear,
}

impl Zone {
    /// Connects for a zone, by its id. Nothing is sent yet.
    ///
    /// # Errors
    /// Where it is no id of a zone, and where the proxy, certificates or endpoint can't be used.
    pub async fn connect(zone: &str, request_timeout: Duration) -> Result<Self, NotDone> {
        let Some(id) = zone_id(zone) else {
            return Err(last_word(format!("\"{}\" is no id of a hosted zone", printable(zone))));
        };
        let address = Address::default();
        let sdk = match sdk_config(&address, request_timeout).await {
            Err(failure) if failure.reason == "NoRegion" => {
                let address = Address { region: Some(ANY_REGION.to_owned()), ..address };
                sdk_config(&address, request_timeout).await
            }
            found => found,
        };
        let sdk = sdk.map_err(|failure: Failure| last_word(failure.message))?;
        refuse_open(&sdk, &[ENDPOINT]).map_err(|failure| last_word(failure.message))?;
        Ok(Self::over(&sdk, id))
    }

    fn over(sdk: &SdkConfig, id: &str) -> Self {
        let mut config = Builder::from(sdk);
        if let Some(endpoint) = custom_endpoint(sdk, ENDPOINT) {
            // The SDK refuses FIPS and dual-stack together with an endpoint that somebody chose.
            config = config.endpoint_url(endpoint).use_fips(false).use_dual_stack(false);
        }
        let writer = config.clone().retry_config(RetryConfig::disabled());
        Self {
            reader: Client::from_conf(config.build()),
            writer: Client::from_conf(writer.build()),
            id: id.to_owned(),
            pause: FIRST_PAUSE,
        }
    }

    /// Its id, without `/hostedzone/`.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// All record sets of a name. Route 53 lists the names of a zone in order, from the one that it is asked for: what
    /// comes after it is left out, and no page is asked for that begins with another one.
    ///
    /// # Errors
    /// Where it can't be asked, or gives no usable answer.
    pub async fn records(&self, name: &DnsName) -> Result<Vec<RecordSet>, NotDone> {
        const OPERATION: &str = "ListResourceRecordSets";
        let (mut found, mut next) = (Vec::new(), Some((name.whole(), None, None)));
        for _ in 0..MOST_PAGES {
            let Some((start, record_type, identifier)) = next.take() else { return Ok(found) };
            let request = self.reader.list_resource_record_sets().hosted_zone_id(&self.id).start_record_name(start);
            let request = request.set_start_record_type(record_type).set_start_record_identifier(identifier);
            let page = request.send().await.map_err(|error| self.not_done(OPERATION, &Trouble::of(&error)))?;
            let of_name = page.resource_record_sets.iter().map(sets::read);
            found.extend(of_name.filter(|set| set.dns_name() == *name));
            let goes_on = page.next_record_name.filter(|next| page.is_truncated && DnsName::of(next) == *name);
            next = goes_on.map(|name| (name, page.next_record_type, page.next_record_identifier));
        }
        match next {
            None => Ok(found),
            Some(_) => Err(garbled(OPERATION, "it has no end")),
        }
    }

    /// Makes a batch, as a whole or not at all. The comment is kept with the change.
    ///
    /// # Errors
    /// Where it wasn't made, or that isn't known: see [`How`].
    pub async fn change(&self, batch: &Batch, comment: &str) -> Result<ChangeId, NotDone> {
        let wanted = sets::batch(batch, comment.chars().take(COMMENT_CHARS).collect());
        let wanted = wanted.ok_or_else(|| last_word("a record has what can't be written".to_owned()))?;
        let mut pause = self.pause;
        for _ in 1..READ_ATTEMPTS {
            match self.send(wanted.clone()).await {
                Err(not_done) if not_done.how == How::Passing => tokio::time::sleep(pause).await,
                done => return done,
            }
            pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
        }
        self.send(wanted).await
    }

    async fn send(&self, batch: aws_sdk_route53::types::ChangeBatch) -> Result<ChangeId, NotDone> {
        const OPERATION: &str = "ChangeResourceRecordSets";
        let request = self.writer.change_resource_record_sets().hosted_zone_id(&self.id).change_batch(batch);
        let answer = request.send().await.map_err(|error| self.not_written(OPERATION, &error))?;
        let id = answer.change_info.map(|info| info.id).filter(|id| !id.is_empty());
        let id = id.map(|id| ChangeId(id.strip_prefix(CHANGE_PREFIX).unwrap_or(&id).to_owned()));
        id.ok_or_else(|| NotDone { how: How::Unclear, ..garbled(OPERATION, "a change without an id") })
    }

    /// How far a change is.
    ///
    /// # Errors
    /// Where it can't be asked, or gives no usable answer.
    pub async fn spread(&self, change: &ChangeId) -> Result<Spread, NotDone> {
        const OPERATION: &str = "GetChange";
        let answer = self.reader.get_change().id(&change.0).send().await;
        let answer = answer.map_err(|error| self.not_done(OPERATION, &Trouble::of(&error)))?;
        match answer.change_info.map(|info| info.status) {
            Some(ChangeStatus::Insync) => Ok(Spread::InSync),
            Some(ChangeStatus::Pending) => Ok(Spread::Pending),
            _ => Err(garbled(OPERATION, "no status that is known")),
        }
    }

    /// Whether a health check passes: more than 18 % of those who check say so
    /// (<https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-determining-health-of-endpoints.html>).
    ///
    /// # Errors
    /// Where it can't be asked (of a calculated one Route 53 doesn't say it), or gives no usable answer.
    pub async fn is_healthy(&self, health_check: &str) -> Result<bool, NotDone> {
        const OPERATION: &str = "GetHealthCheckStatus";
        let answer = self.reader.get_health_check_status().health_check_id(health_check).send().await;
        let answer = answer.map_err(|error| self.not_done(OPERATION, &Trouble::of(&error)))?;
        let said =
            answer.health_check_observations.iter().filter_map(|one| one.status_report.as_ref()?.status.as_deref());
        let passes: Vec<bool> = said.map(|status| status.starts_with("Success")).collect();
        let healthy = passes.iter().filter(|passes| **passes).count();
        if passes.is_empty() {
            return Err(garbled(OPERATION, "nobody has checked it"));
        }
        Ok(healthy.saturating_mul(100) > passes.len().saturating_mul(HEALTHY_PERCENT))
    }

    /// A refusal of a batch says what doesn't fit: names of records, and no secret of the request.
    fn not_written(&self, operation: &str, error: &SdkError<Refused>) -> NotDone {
        if let Some(messages) = invalid(error) {
            return refused_batch(&messages);
        }
        let trouble = Trouble::of(error);
        let not_done = self.not_done(operation, &trouble);
        match trouble {
            Trouble::NoAnswer(_) | Trouble::OutOfTime | Trouble::Garbled(_) => {
                NotDone { how: How::Unclear, ..not_done }
            }
            Trouble::Service { status, .. } if status >= 500 => NotDone { how: How::Unclear, ..not_done },
            _ => not_done,
        }
    }

    /// In few words. Nothing of a request is repeated: see [`Trouble`].
    fn not_done(&self, operation: &str, trouble: &Trouble) -> NotDone {
        match trouble {
            Trouble::AccessDenied { who, because } => {
                let who = who.as_ref().map(|who| format!(" for {who}")).unwrap_or_default();
                let because = because.as_ref().map(|why| format!(" ({why})")).unwrap_or_default();
                last_word(format!("not allowed{who}: route53:{operation}{because}"))
            }
            Trouble::NoCredentials => last_word("no AWS credentials".to_owned()),
            Trouble::ExpiredCredentials { .. } => last_word("the AWS credentials have expired".to_owned()),
            Trouble::BadCredentials(how) => last_word(format!("the AWS credentials can't be used: {how}")),
            Trouble::Service { code, .. } if code == "NoSuchHostedZone" => {
                last_word(format!("no hosted zone {} in the account of the AWS credentials", self.id))
            }
            // Another change of the zone is still being taken in; nothing of this one was.
            Trouble::Service { code, .. } if code == "PriorRequestNotComplete" => {
                passing(format!("{operation}: another change of the zone isn't complete yet"))
            }
            Trouble::Service { code, status, .. } if *status < 500 => last_word(format!("{operation}: {code}")),
            Trouble::Service { code, .. } => passing(format!("{operation}: {code}")),
            Trouble::Throttled => passing(format!("{operation} is throttled")),
            Trouble::Unreachable(why) => passing(format!("Route 53 can't be reached: {why}")),
            Trouble::NoAnswer(why) | Trouble::Garbled(why) => passing(format!("no answer to {operation}: {why}")),
            Trouble::OutOfTime => passing(format!("no answer to {operation} in time")),
            Trouble::Unsupported => last_word(format!("the service does not know {operation}")),
            Trouble::NoSuchRepository | Trouble::PreviewRunning | Trouble::PreviewFailed(_) => {
                last_word(format!("unexpected answer to {operation}"))
            }
        }
    }
}

/// What is wrong with a batch, where that was said. Route 53 has two forms for it, of which the SDK reads one
/// (aws/aws-sdk-kotlin#1433 has both).
fn invalid(error: &SdkError<Refused>) -> Option<String> {
    if let Some(Refused::InvalidChangeBatch(batch)) = error.as_service_error() {
        let listed = batch.messages.iter().flatten().map(String::as_str);
        return Some(listed.chain(batch.message.as_deref()).collect::<Vec<_>>().join("; "));
    }
    let body = std::str::from_utf8(error.raw_response()?.body().bytes()?).ok()?;
    let list = body.split_once("<InvalidChangeBatch")?.1;
    let messages = list.split("<Message>").skip(1).filter_map(|rest| Some(rest.split_once("</Message>")?.0));
    Some(messages.collect::<Vec<_>>().join("; "))
}

/// A batch whose condition isn't met: what it deletes is another one by now or gone, or what it creates is there.
fn refused_batch(messages: &str) -> NotDone {
    let is_overtaken = ["do not match the current values", "it was not found", "it already exists"];
    if is_overtaken.iter().any(|words| messages.contains(words)) {
        let why = "the records are not as they were read any more".to_owned();
        return NotDone { why, how: How::Changed };
    }
    last_word(format!("Route 53 refused the change: {}", printable(messages)))
}

fn last_word(why: String) -> NotDone {
    NotDone { why, how: How::Final }
}

fn passing(why: String) -> NotDone {
    NotDone { why, how: How::Passing }
}

fn garbled(operation: &str, what: &str) -> NotDone {
    passing(format!("unexpected answer to {operation}: {what}"))
}

#[cfg(test)]
mod tests;
