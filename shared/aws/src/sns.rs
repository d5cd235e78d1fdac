//! Publishing to topics of Amazon SNS.

use std::fmt;
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_sdk_sns::Client;
use aws_sdk_sns::error::SdkError;
use aws_sdk_sns::operation::publish::PublishError as Refused;
use aws_sdk_sns::types::MessageAttributeValue;
use release_core::failure::Outcome;
use release_core::release::notice::sns::{Publication, Topic};
use release_core::text::printable;

use crate::connect::{Address, custom_endpoint, environment, refuse_open, sdk_config};
use crate::trouble::{Trouble, is_passing};

/// What a person or a Pod may set in the place of SNS's own endpoint.
const ENDPOINT: &str = "AWS_ENDPOINT_URL_SNS";

/// A connection to SNS where one topic is.
#[derive(Clone)]
pub struct Publisher {
    client: Client,
    topic: Topic,
}

impl fmt::Debug for Publisher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Publisher").field("topic", &self.topic).finish_non_exhaustive()
    }
}

/// A message that SNS did not take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishError {
    trouble: Trouble,
    region: String,
    /// The same message may be taken a moment later.
    pub may_pass: bool,
}

/// Reads profiles and environment; opens nothing yet. `request_timeout` is for one request, with finding
/// the credentials for it.
///
/// # Errors
/// Where `HTTPS_PROXY` or `AWS_CA_BUNDLE` can't be used, and where an endpoint would get credentials in clear.
pub async fn connect(topic: &Topic, request_timeout: Duration) -> Outcome<Publisher> {
    let address = Address { region: Some(topic.region().to_owned()), ..Address::default() };
    let sdk = sdk_config(&address, request_timeout).await?;
    refuse_open(&sdk, &[ENDPOINT])?;
    // The caller sends again, and logs each time.
    let mut config = aws_sdk_sns::config::Builder::from(&sdk).retry_config(RetryConfig::disabled());
    if custom_endpoint(&sdk, ENDPOINT).is_some() {
        // The SDK refuses FIPS and dual-stack together with an endpoint that somebody chose.
        config = config.use_fips(false).use_dual_stack(false);
    }
    Ok(Publisher { client: Client::from_conf(config.build()), topic: topic.clone() })
}

impl Publisher {
    /// Publishes once.
    ///
    /// # Errors
    /// See [`PublishError`]; after one the message may have been taken all the same.
    pub async fn publish(&self, publication: &Publication) -> Result<(), PublishError> {
        let fifo = publication.fifo.as_ref();
        let mut request = self
            .client
            .publish()
            .topic_arn(self.topic.arn())
            .subject(&publication.subject)
            .message(&publication.message)
            .set_message_structure(publication.by_protocol.then(|| "json".to_owned()))
            .set_message_group_id(fifo.map(|fifo| fifo.group.clone()))
            .set_message_deduplication_id(fifo.map(|fifo| fifo.deduplication.clone()));
        for (name, value) in &publication.attributes {
            let attribute = MessageAttributeValue::builder().data_type("String").string_value(value).build();
            request =
                request.message_attributes(*name, attribute.map_err(|_| self.failed(Trouble::Unsupported, false))?);
        }
        let answer = request.send().await.map_err(|error| self.refused(&error))?;
        // SNS numbers what it has taken: whoever doesn't may be somebody else.
        match answer.message_id() {
            Some(_) => Ok(()),
            None => Err(self.failed(Trouble::Garbled(String::new()), false)),
        }
    }

    fn refused(&self, error: &SdkError<Refused>) -> PublishError {
        let trouble = Trouble::of(error);
        let may_pass = match &trouble {
            Trouble::Throttled | Trouble::Unreachable(_) => true,
            _ => is_passing(error),
        };
        self.failed(trouble, may_pass)
    }

    fn failed(&self, trouble: Trouble, may_pass: bool) -> PublishError {
        PublishError { trouble, region: self.topic.region().to_owned(), may_pass }
    }
}

impl fmt::Display for PublishError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let region = &self.region;
        match &self.trouble {
            Trouble::Throttled => f.write_str("SNS throttles it"),
            Trouble::AccessDenied { who, because } => {
                let who = who.as_ref().map(|who| format!("{who} ")).unwrap_or_default();
                write!(f, "{who}may not call sns:Publish")?;
                because.as_ref().map_or(Ok(()), |why| write!(f, ": {why}"))
            }
            Trouble::NoCredentials => match environment("AWS_PROFILE", "AWS_PROFILE") {
                Some(profile) => write!(f, "no AWS credentials in profile {}, nor anywhere else", printable(&profile)),
                None => f.write_str("no AWS credentials found"),
            },
            Trouble::ExpiredCredentials { sso: true } => f.write_str("the AWS SSO session has expired"),
            Trouble::ExpiredCredentials { sso: false } => f.write_str("the AWS credentials have expired"),
            Trouble::BadCredentials(how) => write!(f, "the AWS credentials can't be used: {how}"),
            Trouble::Unreachable(why) => write!(f, "can't reach SNS in {region}: {why}"),
            Trouble::NoAnswer(_) | Trouble::OutOfTime => f.write_str("no answer from SNS"),
            Trouble::Garbled(_) => f.write_str("an answer that is none of SNS"),
            Trouble::Service { code, .. } => match code.as_str() {
                "NotFound" => write!(f, "there is no such topic in {region}"),
                code if code.starts_with("KMS") => write!(f, "the topic's KMS key can't be used ({code})"),
                code => write!(f, "SNS refused it ({code})"),
            },
            // Nothing else is asked of it.
            _ => f.write_str("SNS refused it"),
        }
    }
}

impl std::error::Error for PublishError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(trouble: Trouble) -> String {
        PublishError { trouble, region: "eu-west-1".into(), may_pass: false }.to_string()
    }

    fn service(code: &str) -> Trouble {
        Trouble::Service { code: code.into(), status: 400, request_id: None }
    }

    /// aws-samples/aws-secure-environment-accelerator pull request 971: `KMSAccessDenied` with the message "null", and
    /// the alarm was lost; mozilla/security issue 8: a topic that isn't there is called an invalid parameter.
    #[test]
    fn why_it_was_not_published_is_said_in_words() {
        assert_eq!(said(service("KMSAccessDenied")), "the topic's KMS key can't be used (KMSAccessDenied)");
        assert_eq!(said(service("NotFound")), "there is no such topic in eu-west-1");
        assert_eq!(said(service("InvalidParameter")), "SNS refused it (InvalidParameter)");
        let denied = Trouble::AccessDenied { who: Some("role ci".into()), because: None };
        assert_eq!(said(denied), "role ci may not call sns:Publish");
    }
}
