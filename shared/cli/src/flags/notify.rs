//! Who else is told of a release.

use std::path::PathBuf;

use clap::Args;
use clap::builder::{OsStringValueParser, PossibleValuesParser, TypedValueParser};
use release_core::failure::{Failure, Outcome};
use release_core::release::notice::Stage;
use release_core::release::notice::receiver::Receiver;
use release_notify::address::Address;
use release_notify::desk::Wanted;

const HEADING: &str = "Telling others (docs/notifications.md)";

/// Who is told, of what, and where it is noted.
#[derive(Debug, Clone, Default, Args)]
pub struct NotifyArgs {
    /// Tell slack, webhook or pagerduty, whose URL or routing key is in a Secret of the namespace, or a topic of
    /// SNS (sns=ARN); may be repeated [default: those of secret/kubectl-release-notify]
    // Read after clap, which would repeat a URL that was typed in its place.
    #[arg(long, value_name = "KIND=secret/NAME/KEY", help_heading = HEADING)]
    pub notify: Vec<String>,
    /// Of these stages only [default: all]
    #[arg(long, value_name = "STAGE[,STAGE]", help_heading = HEADING, value_delimiter = ',', value_parser = stages())]
    pub notify_on: Vec<Stage>,
    /// Those of the release's document, where nobody was typed.
    #[arg(skip)]
    pub of_document: Vec<Receiver>,
    /// Append a line of JSON for each stage to this file
    #[arg(long, value_name = "FILE", help_heading = HEADING, value_parser = OsStringValueParser::new().map(PathBuf::from), hide_short_help = true)]
    pub audit_file: Option<PathBuf>,
    /// Push how the run ended to this Prometheus Pushgateway
    #[arg(long, value_name = "URL", help_heading = HEADING, hide_short_help = true)]
    pub pushgateway: Option<String>,
}

fn stages() -> impl TypedValueParser<Value = Stage> {
    // clap has let only words of stages through.
    PossibleValuesParser::new(Stage::ALL.map(Stage::word)).map(|word| Stage::of(&word).unwrap_or(Stage::Failed))
}

impl NotifyArgs {
    /// Who is told; those of the namespace's Secret where nobody was named.
    ///
    /// # Errors
    /// Exit 2 for words that make no sense; none of them is repeated, for one may be a secret.
    pub fn wanted(&self) -> Outcome<Wanted> {
        let usage = |flag: &str, why: &str| Failure::usage(format!("{flag}: {why}")).next("see docs/notifications.md");
        let mut receivers: Vec<Receiver> = Vec::new();
        for text in &self.notify {
            let receiver = Receiver::typed(text, &self.notify_on).map_err(|why| usage("--notify", &why))?;
            if !receivers.contains(&receiver) {
                receivers.push(receiver);
            }
        }
        if self.notify.is_empty() {
            let on = |said: &Receiver| if self.notify_on.is_empty() { said.on.clone() } else { self.notify_on.clone() };
            receivers.extend(self.of_document.iter().map(|said| Receiver { on: on(said), ..said.clone() }));
        }
        let gateway = self.pushgateway.as_deref().map(Address::of_gateway).transpose();
        let audit_file = self.audit_file.clone();
        if audit_file.as_ref().is_some_and(|path| path.as_os_str().is_empty()) {
            return Err(usage("--audit-file", "it names no file"));
        }
        Ok(Wanted {
            of_namespace: receivers.is_empty(),
            receivers,
            audit_file,
            gateway: gateway.map_err(|why| usage("--pushgateway", why))?,
        })
    }

    /// As words to type again.
    #[must_use]
    pub fn again(&self) -> Vec<String> {
        let on: Vec<&str> = self.notify_on.iter().map(|stage| stage.word()).collect();
        let of_document = self.of_document.iter().map(Receiver::words);
        let notify = self.notify.iter().cloned().chain(of_document).map(|receiver| format!("--notify={receiver}"));
        let file = self.audit_file.as_ref().map(|path| format!("--audit-file={}", path.display()));
        let gateway = self.pushgateway.as_ref().map(|url| format!("--pushgateway={url}"));
        let on = (!on.is_empty()).then(|| format!("--notify-on={}", on.join(",")));
        notify.chain(on).chain(file).chain(gateway).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A URL that was typed where a Secret's name belongs would stand in the log of every job.
    #[test]
    fn words_that_make_no_sense_are_refused_and_not_repeated() {
        for word in [
            "slack=https://hooks.slack.com/services/SECRET",
            "SECRET",
            "teams=secret/a/b",
            "slack=secret/a",
            "slack=SECRET/a/b",
            "pagerduty=secret/../SECRET",
            "webhook=secret//SECRET",
            "slack=",
            "",
            "slack=secret/a/b?SECRET",
            "sns=secret/a/SECRET",
            "sns=arn:aws:sqs:eu-west-1:123456789012:SECRET",
            "slack=arn:aws:sns:eu-west-1:123456789012:SECRET",
        ] {
            let args = NotifyArgs { notify: vec![word.to_owned()], ..NotifyArgs::default() };
            let failure = args.wanted().unwrap_err();
            let said = format!("{failure:?}");
            assert!(failure.exit == release_core::failure::Exit::Usage && !said.contains("SECRET"), "{said}");
        }
        let gateway = NotifyArgs { pushgateway: Some("http://u:SECRET@h:9091".into()), ..NotifyArgs::default() };
        assert!(!format!("{:?}", gateway.wanted().unwrap_err()).contains("SECRET"));
    }

    #[test]
    fn whoever_is_named_is_told_instead_of_those_of_the_namespace() {
        assert!(NotifyArgs::default().wanted().unwrap().of_namespace);
        let args = NotifyArgs {
            notify: vec!["slack=secret/ops/chat.url".into(), "slack=secret/ops/chat.url".into()],
            notify_on: vec![Stage::Failed],
            ..NotifyArgs::default()
        };
        let wanted = args.wanted().unwrap();
        assert!(!wanted.of_namespace && wanted.receivers.len() == 1 && wanted.receivers[0].on == [Stage::Failed]);
        assert_eq!(args.again().last().map(String::as_str), Some("--notify-on=failed"));
    }
}
