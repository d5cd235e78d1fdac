//! Reading the records of a name.

use std::sync::PoisonError;

use super::*;

/// Of a page: its record sets, and where the next one begins.
fn page(sets: &str, next: &str) -> (u16, String) {
    let truncated = !next.is_empty();
    let text = format!(
        "<?xml version=\"1.0\"?>\n<ListResourceRecordSetsResponse {NAMESPACE}><ResourceRecordSets>{sets}</ResourceRecordSets><IsTruncated>{truncated}</IsTruncated>{next}<MaxItems>300</MaxItems></ListResourceRecordSetsResponse>"
    );
    (200, text)
}

fn weighted(name: &str, identifier: &str, weight: u8) -> String {
    format!(
        "<ResourceRecordSet><Name>{name}</Name><Type>A</Type><SetIdentifier>{identifier}</SetIdentifier><Weight>{weight}</Weight><TTL>60</TTL><ResourceRecords><ResourceRecord><Value>192.0.2.7</Value></ResourceRecord></ResourceRecords></ResourceRecordSet>"
    )
}

fn simple(name: &str) -> String {
    format!(
        "<ResourceRecordSet><Name>{name}</Name><Type>TXT</Type><TTL>300</TTL><ResourceRecords><ResourceRecord><Value>&quot;x&quot;</Value></ResourceRecord></ResourceRecords></ResourceRecordSet>"
    )
}

fn next(name: &str, record_type: &str, identifier: &str) -> String {
    let identifier = if identifier.is_empty() {
        String::new()
    } else {
        format!("<NextRecordIdentifier>{identifier}</NextRecordIdentifier>")
    };
    format!("<NextRecordName>{name}</NextRecordName><NextRecordType>{record_type}</NextRecordType>{identifier}")
}

fn lines(log: &Log) -> Vec<String> {
    let log = log.lock().unwrap_or_else(PoisonError::into_inner);
    log.iter().map(|asked| asked.line.clone()).collect()
}

fn called(sets: &[RecordSet]) -> Vec<String> {
    sets.iter().map(RecordSet::called).collect()
}

#[tokio::test]
async fn a_record_set_is_read_with_all_that_it_has() {
    let alias = "<ResourceRecordSet><Name>\\052.example.com.</Name><Type>AAAA</Type><SetIdentifier>green &amp; &quot;new&quot;</SetIdentifier><Failover>SECONDARY</Failover><AliasTarget><HostedZoneId>Z3AADJGX6KTTL2</HostedZoneId><DNSName>dualstack.green.us-east-2.elb.amazonaws.com.</DNSName><EvaluateTargetHealth>true</EvaluateTargetHealth></AliasTarget><HealthCheckId>3a1f5c70-0000-4000-8000-000000000001</HealthCheckId></ResourceRecordSet>";
    let others = "<ResourceRecordSet><Name>\\052.example.com.</Name><Type>A</Type><SetIdentifier>eu</SetIdentifier><Region>eu-west-1</Region><TTL>0</TTL><ResourceRecords><ResourceRecord><Value>192.0.2.1</Value></ResourceRecord><ResourceRecord><Value>192.0.2.2</Value></ResourceRecord></ResourceRecords></ResourceRecordSet><ResourceRecordSet><Name>\\052.example.com.</Name><Type>MX</Type><SetIdentifier>geo</SetIdentifier><GeoLocation><CountryCode>*</CountryCode></GeoLocation><MultiValueAnswer>true</MultiValueAnswer><TTL>60</TTL><ResourceRecords><ResourceRecord><Value>10 mx</Value></ResourceRecord></ResourceRecords><TrafficPolicyInstanceId>x</TrafficPolicyInstanceId><CidrRoutingConfig><CollectionId>c</CollectionId><LocationName>*</LocationName></CidrRoutingConfig><GeoProximityLocation><AWSRegion>eu-west-1</AWSRegion><Bias>1</Bias></GeoProximityLocation></ResourceRecordSet>";
    let (zone, log) = answering(vec![page(&format!("{alias}{others}"), "")]).await;
    let found = zone.records(&DnsName::of("*.Example.com")).await.unwrap();
    let json: Vec<_> = found.iter().map(|set| serde_json::to_value(set).unwrap()).collect();
    assert_eq!(
        json[0],
        serde_json::json!({"Name": "\\052.example.com.", "Type": "AAAA", "SetIdentifier": "green & \"new\"", "Failover": "SECONDARY",
            "AliasTarget": {"HostedZoneId": "Z3AADJGX6KTTL2", "DNSName": "dualstack.green.us-east-2.elb.amazonaws.com.", "EvaluateTargetHealth": true},
            "HealthCheckId": "3a1f5c70-0000-4000-8000-000000000001"})
    );
    assert_eq!(
        (json[1]["TTL"].clone(), json[1]["ResourceRecords"][1]["Value"].clone()),
        (0.into(), "192.0.2.2".into())
    );
    assert_eq!(found[1].routing().called(), "latency");
    let kept: Vec<&String> = found[2].other.keys().collect();
    let wanted =
        ["CidrRoutingConfig", "GeoLocation", "GeoProximityLocation", "MultiValueAnswer", "TrafficPolicyInstanceId"];
    assert_eq!(kept, wanted);
    // A wildcard is asked for as Route 53 writes it.
    assert_eq!(lines(&log), ["GET /2013-04-01/hostedzone/Z1R8UBAEXAMPLE/rrset?name=%5C052.example.com."]);
}

/// boto/boto#2542: of two weighted records one was the last of its page, and the next page began without the identifier,
/// so that it came again and the other one never. go-to-k/cdk-real-drift#191: a record on the second page was called gone.
#[tokio::test]
async fn pages_go_on_by_name_type_and_identifier() {
    let (zone, log) = answering(vec![
        page(&weighted("example.foo.com.", "primary", 100), &next("example.foo.com.", "A", "secondary")),
        page(&(weighted("example.foo.com.", "secondary", 0) + &simple("example.foo.com.")), ""),
    ])
    .await;
    let found = zone.records(&DnsName::of("example.foo.com")).await.unwrap();
    assert_eq!(called(&found), ["A \"primary\"", "A \"secondary\"", "TXT"]);
    assert_eq!(
        lines(&log)[1],
        "GET /2013-04-01/hostedzone/Z1R8UBAEXAMPLE/rrset?name=example.foo.com.&type=A&identifier=secondary"
    );
}

/// aws/aws-sdk-net#852: a page without an identifier for the next one was taken for the last.
#[tokio::test]
async fn a_page_that_names_no_identifier_is_not_the_last() {
    let (zone, log) = answering(vec![
        page(&weighted("a.foo.com.", "blue", 1), &next("a.foo.com.", "TXT", "")),
        page(&simple("a.foo.com."), &next("b.foo.com.", "A", "")),
    ])
    .await;
    let found = zone.records(&DnsName::of("a.foo.com")).await.unwrap();
    assert_eq!(called(&found), ["A \"blue\"", "TXT"]);
    assert_eq!(lines(&log).len(), 2, "b's page isn't asked for");
}

/// A zone has ten thousand records: those of other names are nobody's business here.
#[tokio::test]
async fn other_names_end_it() {
    let sets = weighted("api.foo.com.", "blue", 1) + &weighted("API.foo.com.", "green", 0) + &simple("www.foo.com.");
    let (zone, log) = answering(vec![page(&sets, &next("xyz.foo.com.", "A", ""))]).await;
    assert_eq!(called(&zone.records(&DnsName::of("api.foo.com")).await.unwrap()), ["A \"blue\"", "A \"green\""]);
    assert_eq!(lines(&log).len(), 1);
    let (zone, _) = answering(vec![page(&simple("www.foo.com."), &next("xyz.foo.com.", "A", ""))]).await;
    assert_eq!(zone.records(&DnsName::of("api.foo.com")).await.unwrap(), []);
}

#[tokio::test]
async fn pages_without_an_end_are_no_answer() {
    let round = page(&weighted("a.foo.com.", "blue", 1), &next("a.foo.com.", "A", "blue"));
    let (zone, log) = answering(vec![round]).await;
    let why = zone.records(&DnsName::of("a.foo.com")).await.unwrap_err();
    assert_eq!(
        (why.why.as_str(), lines(&log).len()),
        ("unexpected answer to ListResourceRecordSets: it has no end", MOST_PAGES)
    );
}

/// An answer that says nothing is no "no records": whoever can't ask is told so.
#[tokio::test]
async fn whoever_may_not_ask_is_told_why() {
    let denied = "User: arn:aws:sts::123456789012:assumed-role/ci/session-of-lee is not authorized to perform: route53:ListResourceRecordSets on resource: arn:aws:route53:::hostedzone/Z1R8UBAEXAMPLE because no identity-based policy allows the route53:ListResourceRecordSets action";
    for (status, body, says, how) in [
        (
            403,
            refusal("AccessDenied", denied),
            "not allowed for role ci: route53:ListResourceRecordSets (no identity-based policy allows it)",
            How::Final,
        ),
        (404, refusal("NoSuchHostedZone", "x"), "no hosted zone Z1R8UBAEXAMPLE in the account", How::Final),
        (403, refusal("ExpiredToken", "x"), "have expired", How::Final),
        (403, refusal("InvalidClientTokenId", "x"), "can't be used", How::Final),
        (400, refusal("InvalidInput", "x"), "ListResourceRecordSets: InvalidInput", How::Final),
        (400, refusal("Throttling", "Rate exceeded"), "throttled", How::Passing),
        (503, refusal("ServiceUnavailable", "x"), "ServiceUnavailable", How::Passing),
        (200, "<html>a portal</html>".to_owned(), "", How::Passing),
    ] {
        let (zone, _) = answering(vec![(status, body)]).await;
        let why = zone.records(&DnsName::of("a.foo.com")).await.unwrap_err();
        assert!(why.why.contains(says) && why.how == how, "{says}: {why:?}");
        assert!(SECRETS.iter().chain(&["session-of-lee"]).all(|secret| !why.why.contains(secret)), "{why:?}");
    }
}
