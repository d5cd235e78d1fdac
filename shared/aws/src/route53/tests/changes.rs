//! Making a batch, and asking how far it is.

use release_core::traffic::router::route53::{Balancers, Records};
use serde_json::json;

use super::*;

fn status(status: &str) -> (u16, String) {
    (
        200,
        format!(
            "<ChangeInfo><Id>/change/C2682N5HXP0BZ4</Id><Status>{status}</Status><SubmittedAt>2011-09-10T01:36:41.958Z</SubmittedAt><Comment>x</Comment></ChangeInfo>"
        ),
    )
}

fn made() -> (u16, String) {
    let (code, info) = status("PENDING");
    (
        code,
        format!(
            "<?xml version=\"1.0\"?>\n<ChangeResourceRecordSetsResponse {NAMESPACE}>{info}</ChangeResourceRecordSetsResponse>"
        ),
    )
}

fn invalid(message: &str) -> (u16, String) {
    (400, refusal("InvalidChangeBatch", message))
}

/// A move from blue to green: of an alias and a CNAME-like value, as it would be planned.
fn batch() -> Batch {
    let sets: Vec<RecordSet> = serde_json::from_value(json!([
        {"Name": "\\052.example.com.", "Type": "A", "SetIdentifier": "blue & <co>", "Weight": 255,
            "AliasTarget": {"HostedZoneId": "Z3AADJGX6KTTL2", "DNSName": "dualstack.blue.us-east-2.elb.amazonaws.com.", "EvaluateTargetHealth": true}},
        {"Name": "\\052.example.com.", "Type": "A", "SetIdentifier": "green", "Weight": 0, "TTL": 60,
            "ResourceRecords": [{"Value": "192.0.2.1"}, {"Value": "192.0.2.2"}], "HealthCheckId": "3a1f5c70-0000-4000-8000-000000000001"}
    ]))
    .unwrap();
    let behind = [("blue.us-east-2.elb.amazonaws.com", "blue"), ("192.0.2.1", "green"), ("192.0.2.2", "green")];
    Records::of(&DnsName::of("*.example.com"), &sets, &Balancers::of(behind)).plan("green").unwrap()
}

/// What isn't repeated exactly isn't deleted: the batch is the condition.
#[tokio::test]
async fn a_batch_is_sent_with_every_member_deletes_first() {
    let (zone, log) = answering(vec![made()]).await;
    let change = zone.change(&batch(), "kubectl bluegreen switch").await.unwrap();
    let sent = log.lock().unwrap()[0].clone();
    assert_eq!(sent.line, "POST /2013-04-01/hostedzone/Z1R8UBAEXAMPLE/rrset");
    let set = |who: &str, weight: u8, rest: &str| {
        format!(
            "<ResourceRecordSet><Name>\\052.example.com.</Name><Type>A</Type><SetIdentifier>{who}</SetIdentifier><Weight>{weight}</Weight>{rest}</ResourceRecordSet>"
        )
    };
    let alias = "<AliasTarget><HostedZoneId>Z3AADJGX6KTTL2</HostedZoneId><DNSName>dualstack.blue.us-east-2.elb.amazonaws.com.</DNSName><EvaluateTargetHealth>true</EvaluateTargetHealth></AliasTarget>";
    let values = "<TTL>60</TTL><ResourceRecords><ResourceRecord><Value>192.0.2.1</Value></ResourceRecord><ResourceRecord><Value>192.0.2.2</Value></ResourceRecord></ResourceRecords><HealthCheckId>3a1f5c70-0000-4000-8000-000000000001</HealthCheckId>";
    let one = |action: &str, set: String| format!("<Change><Action>{action}</Action>{set}</Change>");
    let all = [
        one("DELETE", set("blue &amp; &lt;co&gt;", 255, alias)),
        one("DELETE", set("green", 0, values)),
        one("CREATE", set("blue &amp; &lt;co&gt;", 0, alias)),
        one("CREATE", set("green", 255, values)),
    ];
    let wanted = format!(
        "<ChangeResourceRecordSetsRequest {NAMESPACE}><ChangeBatch><Comment>kubectl bluegreen switch</Comment><Changes>{}</Changes></ChangeBatch></ChangeResourceRecordSetsRequest>",
        all.concat()
    );
    assert_eq!(sent.body, wanted);
    // And is asked about by its id, however that is written.
    let (zone, log) =
        answering(vec![(200, format!("<GetChangeResponse {NAMESPACE}>{}</GetChangeResponse>", status("INSYNC").1))])
            .await;
    assert_eq!(zone.spread(&change).await.unwrap(), Spread::InSync);
    assert_eq!(log.lock().unwrap()[0].line, "GET /2013-04-01/change/C2682N5HXP0BZ4");
}

#[tokio::test]
async fn a_change_that_is_pending_is_told_from_one_that_is_everywhere() {
    for (word, spread) in [("PENDING", Some(Spread::Pending)), ("INSYNC", Some(Spread::InSync)), ("ODD", None)] {
        let body = format!("<GetChangeResponse {NAMESPACE}>{}</GetChangeResponse>", status(word).1);
        let (zone, _) = answering(vec![(200, body)]).await;
        assert_eq!(zone.spread(&ChangeId("C2682N5HXP0BZ4".into())).await.ok(), spread, "{word}");
    }
    let (zone, _) = answering(vec![(404, refusal("NoSuchChange", "x"))]).await;
    let why = zone.spread(&ChangeId("C1".into())).await.unwrap_err();
    assert_eq!((why.why.as_str(), why.how), ("GetChange: NoSuchChange", How::Final));
}

/// hashicorp/terraform#18509, boto/boto#2887 and aws/aws-sdk-kotlin#1433 have these messages: somebody else has written.
/// aws/aws-sdk-go-v2#518 and kubernetes-sigs/external-dns#2362 have others, which stay so until somebody mends them.
#[tokio::test]
async fn a_condition_that_is_not_met_is_told_from_a_batch_that_is_wrong() {
    let name = "resource record set [name='k.bestwestdays.net.', type='A', set-identifier='blue']";
    let mismatch = format!("[Tried to delete {name} but the values provided do not match the current values]");
    let old_form = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><InvalidChangeBatch {NAMESPACE}><Messages><Message>Tried to delete {name} but it was not found</Message></Messages><RequestId>b25f48e8-84fd-11e6-80d9-574e0c4664cb</RequestId></InvalidChangeBatch>"
    );
    let ttl = "[RRSet with DNS name k. and type A, SetIdentifier blue cannot be created as weighted sets must contain the same TTL.]";
    for (answer, says, how) in [
        (invalid(&mismatch), "the records are not as they were read any more", How::Changed),
        (invalid(&format!("[Tried to delete {name} but it was not found]")), "not as they were read", How::Changed),
        (invalid(&format!("[Tried to create {name} but it already exists]")), "not as they were read", How::Changed),
        ((400, old_form), "not as they were read", How::Changed),
        (invalid(ttl), "Route 53 refused the change: [RRSet with DNS name k.", How::Final),
        (
            invalid("[A non-alias primary ResourceRecordSet must have an associated health check. No changes made.]"),
            "must have an associated health check",
            How::Final,
        ),
        (invalid("bad \u{9b}31m\u{202e}"), "Route 53 refused the change: bad \\u{9b}31m\\u{202e}", How::Final),
        ((404, refusal("NoSuchHostedZone", "x")), "no hosted zone Z1R8UBAEXAMPLE", How::Final),
        ((403, refusal("AccessDenied", "x")), "not allowed: route53:ChangeResourceRecordSets", How::Final),
    ] {
        let (zone, log) = answering(vec![answer]).await;
        let why = zone.change(&batch(), "").await.unwrap_err();
        assert!(why.why.contains(says) && why.how == how, "{says}: {why:?}");
        assert_eq!(log.lock().unwrap().len(), 1, "sent once: {says}");
    }
}

/// boto/botocore#91 and #682: five requests a second are an account's limit, shared with external-dns, cert-manager and
/// Terraform, and a zone takes one change at a time. Neither has written anything.
#[tokio::test]
async fn a_plain_no_is_tried_again() {
    let busy = "The request was rejected because Route 53 was still processing a prior request.";
    let no = |code: &str, message: &str| (400, refusal(code, message));
    let (mut zone, log) =
        answering(vec![no("PriorRequestNotComplete", busy), no("Throttling", "Rate exceeded"), made()]).await;
    zone.pause = Duration::from_millis(1);
    assert_eq!(zone.change(&batch(), "").await.unwrap(), ChangeId("C2682N5HXP0BZ4".into()));
    assert_eq!(log.lock().unwrap().len(), 3);
    assert!(!log.lock().unwrap()[0].body.contains("Comment"), "an empty one is none");
    let (mut zone, log) = answering(vec![no("PriorRequestNotComplete", busy)]).await;
    zone.pause = Duration::from_millis(1);
    let why = zone.change(&batch(), "").await.unwrap_err();
    assert_eq!(why.how, How::Passing);
    assert_eq!(why.why, "ChangeResourceRecordSets: another change of the zone isn't complete yet");
    assert_eq!(log.lock().unwrap().len(), 5, "and not for ever");
}

/// A repeat of what may have been made would be refused as if somebody else had changed the records.
#[tokio::test]
async fn what_may_have_been_made_is_not_sent_again() {
    let no_id = format!(
        "<ChangeResourceRecordSetsResponse {NAMESPACE}><ChangeInfo><Id></Id><Status>PENDING</Status><SubmittedAt>2011-09-10T01:36:41Z</SubmittedAt></ChangeInfo></ChangeResourceRecordSetsResponse>"
    );
    for answer in
        [(500, refusal("InternalFailure", "x")), (503, String::new()), (200, "<html/>".to_owned()), (200, no_id)]
    {
        let (zone, log) = answering(vec![answer.clone()]).await;
        let why = zone.change(&batch(), "").await.unwrap_err();
        assert_eq!((why.how, log.lock().unwrap().len()), (How::Unclear, 1), "{answer:?}: {why:?}");
    }
}

/// What isn't ours to write never goes out, whatever a batch was made of.
#[tokio::test]
async fn a_record_that_is_chosen_in_another_way_is_never_written() {
    let mut batch = batch();
    if let release_core::traffic::router::route53::Change::Create(set) = &mut batch.changes[2] {
        set.other.insert("Region".into(), json!("eu-west-1"));
    }
    let (zone, log) = answering(vec![made()]).await;
    assert_eq!(zone.change(&batch, "").await.unwrap_err().how, How::Final);
    assert!(log.lock().unwrap().is_empty());
}
