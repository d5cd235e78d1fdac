//! Where a receiver is: what a Secret holds, or a Pushgateway's URL. It is never printed.

use std::fmt;

use http::Uri;
use release_cluster::proxy_env::is_loopback;
use release_core::release::notice::receiver::Kind;

/// Where PagerDuty takes events (<https://developer.pagerduty.com/docs/send-alert-event>).
const PAGERDUTY: &str = "https://events.pagerduty.com/v2/enqueue";
/// Bytes of a Secret's value that may be an address.
const LONGEST: usize = 4096;

/// Where a receiver is, and as whom it knows us.
#[derive(Clone)]
pub struct Address {
    pub(crate) url: Uri,
    /// PagerDuty's routing key.
    pub(crate) key: Option<String>,
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Address(…)")
    }
}

impl Address {
    /// Reads the value of a Secret's key: a URL; for PagerDuty a routing key, and behind it the URL of another
    /// region's events where it is not the usual one.
    ///
    /// # Errors
    /// Says what is wrong without a word of the value.
    pub fn of(kind: Kind, value: &[u8]) -> Result<Self, &'static str> {
        let text = std::str::from_utf8(value).ok().filter(|text| text.len() <= LONGEST).ok_or("it holds no text")?;
        let mut words = text.split_whitespace();
        let first = words.next().ok_or("it is empty")?;
        let (url, key) = match kind {
            Kind::Pagerduty => (words.next().unwrap_or(PAGERDUTY), Some(routing_key(first)?)),
            Kind::Slack | Kind::Webhook => (first, None),
        };
        if words.next().is_some() {
            return Err("it holds more than one value");
        }
        Ok(Self { url: secret_url(url)?, key })
    }

    /// The URL of a Pushgateway, which is no secret.
    ///
    /// # Errors
    /// Says what is wrong without a word of the value.
    pub fn of_gateway(typed: &str) -> Result<Self, &'static str> {
        let url: Uri = typed.trim_end_matches('/').parse().map_err(|_| "it is no URL")?;
        if !matches!(url.scheme_str(), Some("http" | "https")) || url.host().is_none_or(str::is_empty) {
            return Err("it is neither http:// nor https:// and a host");
        }
        if url.query().is_some() {
            return Err("it has a query");
        }
        without_user(&url)?;
        Ok(Self { url, key: None })
    }

    /// The same host with another path behind this one's.
    pub(crate) fn below(&self, path: &str) -> Option<Self> {
        let mut parts = self.url.clone().into_parts();
        let whole = format!("{}{path}", self.url.path().trim_end_matches('/'));
        parts.path_and_query = Some(whole.parse().ok()?);
        Some(Self { url: Uri::from_parts(parts).ok()?, key: None })
    }
}

fn routing_key(text: &str) -> Result<String, &'static str> {
    let is_key = text.len() <= 64 && text.chars().all(|c| c.is_ascii_alphanumeric());
    if is_key { Ok(text.to_owned()) } else { Err("it holds no routing key") }
}

/// Whoever listens on the way would have it: without TLS only this machine is told.
fn secret_url(text: &str) -> Result<Uri, &'static str> {
    let url: Uri = text.parse().map_err(|_| "it holds no https URL")?;
    let host = url.host().filter(|host| !host.is_empty()).ok_or("it holds no https URL")?;
    let here = is_loopback(host.trim_start_matches('[').trim_end_matches(']'));
    match url.scheme_str() {
        Some("https") => {}
        Some("http") if here => {}
        _ => return Err("it holds no https URL"),
    }
    without_user(&url)?;
    Ok(url)
}

fn without_user(url: &Uri) -> Result<(), &'static str> {
    let has_user = url.authority().is_some_and(|authority| authority.as_str().contains('@'));
    if has_user { Err("it has a user or password, which is not sent") } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// brot74-web pull request 125: `echo URL | kubectl create secret` leaves a line feed at its end, and the
    /// message that said so was masked.
    #[test]
    fn a_url_is_taken_as_it_was_meant_and_sent_as_it_stands() {
        for (value, url) in [
            ("https://hooks.slack.com/services/T0/B0/x\n", "https://hooks.slack.com/services/T0/B0/x"),
            ("  https://h/hook\r\n", "https://h/hook"),
            // argocd-notifications issue 70: a slash at the end was added or taken away.
            ("https://h/hooks/yyy", "https://h/hooks/yyy"),
            ("https://h/hooks/yyy/", "https://h/hooks/yyy/"),
            ("https://h/a?token=b&c=d", "https://h/a?token=b&c=d"),
            ("http://127.0.0.1:8080/x", "http://127.0.0.1:8080/x"),
            ("http://localhost/x", "http://localhost/x"),
            ("http://[::1]:8080/x", "http://[::1]:8080/x"),
        ] {
            assert_eq!(Address::of(Kind::Slack, value.as_bytes()).unwrap().url.to_string(), url);
        }
    }

    #[test]
    fn what_is_no_https_url_is_said_without_showing_it() {
        let secret = "SECRET";
        for value in [
            "http://h/SECRET",
            "ftp://127.0.0.1/SECRET",
            "SECRET",
            "https:///SECRET",
            "https://",
            "h:1/SECRET",
            "https://u:SECRET@h/x",
            "https://h/SECRET https://h/SECRET",
            "",
            " \n",
            "http://127.0.0.1.evil.example/SECRET",
            "http://127.0.0.1@evil.example/SECRET",
            "http://localhost.evil.example/SECRET",
        ] {
            for kind in [Kind::Slack, Kind::Webhook] {
                let why = Address::of(kind, value.as_bytes()).unwrap_err();
                assert!(!why.contains(secret), "{why}");
            }
        }
        assert!(Address::of(Kind::Slack, b"https://h/\xff").is_err());
        assert!(Address::of(Kind::Slack, &vec![b'a'; 1 << 20]).is_err());
        let address = Address::of(Kind::Pagerduty, b"SECRETSECRETSECRETSECRETSECRET12").unwrap();
        assert!(!format!("{address:?}").contains(secret));
    }

    #[test]
    fn a_routing_key_goes_to_pagerduty_or_to_the_region_behind_it() {
        let usual = Address::of(Kind::Pagerduty, b"R0123456789012345678901234567890\n").unwrap();
        assert_eq!((usual.url.to_string().as_str(), usual.key.unwrap().len()), (PAGERDUTY, 32));
        let eu = Address::of(Kind::Pagerduty, b"R01\nhttps://events.eu.pagerduty.com/v2/enqueue\n").unwrap();
        assert_eq!(eu.url.host(), Some("events.eu.pagerduty.com"));
        assert!(Address::of(Kind::Pagerduty, b"https://events.pagerduty.com/v2/enqueue").is_err());
        assert!(Address::of(Kind::Pagerduty, b"R01 http://events.pagerduty.com/v2/enqueue").is_err());
    }

    #[test]
    fn a_gateway_may_stand_below_a_path_and_has_no_password() {
        let at =
            |typed: &str| Address::of_gateway(typed).map(|url| url.below("/metrics/job/a").unwrap().url.to_string());
        assert_eq!(at("http://pushgateway:9091"), Ok("http://pushgateway:9091/metrics/job/a".into()));
        assert_eq!(at("https://h/push/"), Ok("https://h/push/metrics/job/a".into()));
        for typed in ["pushgateway:9091", "ftp://h", "http://", "http://u:p@h", "http://h/?a=b", "a b"] {
            assert!(at(typed).is_err(), "{typed}");
        }
    }
}
