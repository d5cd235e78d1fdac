//! The client and the plans together against a zone that keeps to Route 53's rules: a batch is made as a whole or not at
//! all, change by change in its order; a delete has to repeat all of a record set, a create finds none of its name, type and
//! identifier, and a name has one primary record. (moto 5.2 knows none of this: it deletes whatever has the identifier.)

use release_core::traffic::router::route53::{Balancers, Change, Fate, Records};

use super::*;

/// Record sets as XML, in the order in which the SDK writes members.
type Sets = Arc<Mutex<Vec<String>>>;

fn between<'t>(text: &'t str, tag: &str) -> Option<&'t str> {
    Some(text.split_once(&format!("<{tag}>"))?.1.split_once(&format!("</{tag}>"))?.0)
}

fn place(set: &str) -> [Option<&str>; 3] {
    ["Name", "Type", "SetIdentifier"].map(|tag| between(set, tag))
}

/// What Route 53 would say against a batch; nothing where it is made.
fn refused(sets: &Sets, body: &str) -> Option<String> {
    let mut wanted = sets.lock().unwrap().clone();
    for change in body.split("<Change>").skip(1) {
        let (action, set) = (between(change, "Action")?, between(change, "ResourceRecordSet").unwrap().to_owned());
        let [name, record_type, identifier] = place(&set).map(Option::unwrap_or_default);
        let called = format!("[name='{name}', type='{record_type}', set-identifier='{identifier}']");
        let there = wanted.iter().position(|found| place(found) == place(&set));
        match (action, there) {
            ("DELETE", None) => {
                return Some(format!("[Tried to delete resource record set {called} but it was not found]"));
            }
            ("DELETE", Some(at)) if wanted[at] == set => drop(wanted.remove(at)),
            ("DELETE", Some(_)) => {
                return Some(format!(
                    "[Tried to delete resource record set {called} but the values provided do not match the current values]"
                ));
            }
            (_, Some(_)) => {
                return Some(format!("[Tried to create resource record set {called} but it already exists]"));
            }
            (_, None) => {
                let is_rival = |found: &&String| {
                    place(found)[..2] == place(&set)[..2] && between(found, "Failover") == between(&set, "Failover")
                };
                if set.contains("<Failover>") && wanted.iter().any(|found| is_rival(&found)) {
                    return Some(format!(
                        "[RRSet {called} cannot be created as a primary or secondary of its name exists]"
                    ));
                }
                wanted.push(set);
            }
        }
    }
    *sets.lock().unwrap() = wanted;
    None
}

/// What is answered: a page of one record set each, or what became of a batch.
fn said(sets: &Sets, line: &str, body: &str) -> (u16, String) {
    if line.starts_with("POST") {
        return match refused(sets, body) {
            Some(message) => (400, refusal("InvalidChangeBatch", &message)),
            None => (
                200,
                format!(
                    "<ChangeResourceRecordSetsResponse {NAMESPACE}><ChangeInfo><Id>/change/C1</Id><Status>PENDING</Status><SubmittedAt>2026-11-30T17:00:00Z</SubmittedAt></ChangeInfo></ChangeResourceRecordSetsResponse>"
                ),
            ),
        };
    }
    let mut all = sets.lock().unwrap().clone();
    all.sort_by_key(|set| place(set).map(|part| part.unwrap_or_default().to_owned()));
    let value = |name: &str| Some(line.split_once(&format!("{name}="))?.1.split('&').next()?.replace("%5C", "\\"));
    let from = [value("name"), value("type"), value("identifier")].map(Option::unwrap_or_default);
    let mut rest = all.iter().skip_while(|set| place(set).map(|part| part.unwrap_or_default().to_owned()) < from);
    let one = rest.next().map(|set| format!("<ResourceRecordSet>{set}</ResourceRecordSet>")).unwrap_or_default();
    let next = rest.next().map(|set| {
        let tags = ["Name", "Type", "Identifier"].into_iter().zip(place(set));
        tags.filter_map(|(tag, part)| Some(format!("<NextRecord{tag}>{}</NextRecord{tag}>", part?))).collect::<String>()
    });
    let truncated = next.is_some();
    (
        200,
        format!(
            "<ListResourceRecordSetsResponse {NAMESPACE}><ResourceRecordSets>{one}</ResourceRecordSets><IsTruncated>{truncated}</IsTruncated>{}<MaxItems>1</MaxItems></ListResourceRecordSetsResponse>",
            next.unwrap_or_default()
        ),
    )
}

/// A zone on loopback with these record sets; with `loses`, the answer to the first batch is lost after it was made.
async fn zone(sets: &[String], loses: bool) -> (Zone, Sets) {
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let kept: Sets = Arc::new(Mutex::new(sets.to_vec()));
    let shared = Arc::clone(&kept);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let sets = Arc::clone(&shared);
            let service = service_fn(move |request: Request<Incoming>| {
                let sets = Arc::clone(&sets);
                async move {
                    let line = format!("{} {}", request.method(), request.uri());
                    let body = request.into_body().collect().await.unwrap().to_bytes();
                    let (mut status, body) = said(&sets, &line, std::str::from_utf8(&body).unwrap());
                    if loses && line.starts_with("POST") {
                        status = 502;
                    }
                    let answer = Response::builder().status(status).header("content-type", "text/xml");
                    Ok::<_, Infallible>(answer.body(Full::new(Bytes::from(body))).unwrap())
                }
            });
            tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    (Zone::over(&sdk(&url, "eu-west-1").await, "Z1R8UBAEXAMPLE"), kept)
}

fn set(name: &str, record_type: &str, color: &str, role: &str) -> String {
    format!(
        "<Name>{name}</Name><Type>{record_type}</Type><SetIdentifier>{color}</SetIdentifier>{role}<AliasTarget><HostedZoneId>Z3AADJGX6KTTL2</HostedZoneId><DNSName>dualstack.{color}.us-east-2.elb.amazonaws.com.</DNSName><EvaluateTargetHealth>true</EvaluateTargetHealth></AliasTarget>"
    )
}

fn weighted(name: &str) -> Vec<String> {
    let of = |record_type: &str, color: &str, weight: u8| {
        set(name, record_type, color, &format!("<Weight>{weight}</Weight>"))
    };
    let mut sets = vec![of("A", "blue", 100), of("A", "green", 0), of("AAAA", "blue", 100), of("AAAA", "green", 0)];
    sets.push(set("zzz.example.com.", "A", "blue", "<Weight>100</Weight>"));
    sets
}

async fn seen(zone: &Zone, name: &DnsName) -> Records {
    let behind = [("blue.us-east-2.elb.amazonaws.com", "blue"), ("green.us-east-2.elb.amazonaws.com", "green")];
    Records::of(name, &zone.records(name).await.unwrap(), &Balancers::of(behind))
}

fn sorted(sets: &Sets) -> Vec<String> {
    let mut sets = sets.lock().unwrap().clone();
    sets.sort();
    sets
}

/// Also of a wildcard, whose name comes back in another form than it was asked for, and page by page.
#[tokio::test]
async fn a_move_is_made_and_taken_back_to_the_last_byte() {
    for written in ["api.example.com.", "\\052.example.com."] {
        let (zone, sets) = zone(&weighted(written), false).await;
        let (name, before) = (DnsName::of(written), sorted(&sets));
        let records = seen(&zone, &name).await;
        assert!(records.holds("blue") && records.groups.len() == 2, "{records:?}");
        let batch = records.plan("green").unwrap();
        assert_eq!(zone.change(&batch, "switch").await.unwrap(), ChangeId("C1".into()));
        assert!(seen(&zone, &name).await.holds("green"));
        assert_eq!(zone.change(&batch, "switch").await.unwrap_err().how, How::Changed, "twice");
        zone.change(&batch.undo(), "rollback").await.unwrap();
        assert_eq!(sorted(&sets), before);
    }
}

/// Two people switch at once, or external-dns writes in between: one batch is made, and the other is told so.
#[tokio::test]
async fn of_two_writers_one_is_told_that_it_came_late() {
    let (zone, sets) = zone(&weighted("api.example.com."), false).await;
    let name = DnsName::of("api.example.com");
    let batch = seen(&zone, &name).await.plan("green").unwrap();
    {
        let mut sets = sets.lock().unwrap();
        sets[0] = sets[0].replace("<Weight>100<", "<Weight>90<");
    }
    let before = sorted(&sets);
    assert_eq!(zone.change(&batch, "").await.unwrap_err().how, How::Changed);
    assert_eq!(sorted(&sets), before, "nothing of it was made");
    assert_eq!(batch.fate(&zone.records(&name).await.unwrap()), Fate::Overtaken);
    let again = seen(&zone, &name).await.plan("green").unwrap();
    zone.change(&again, "").await.unwrap();
    assert!(seen(&zone, &name).await.holds("green"));
}

/// One after the other, there would be two primaries, or none: boto/boto3#1347.
#[tokio::test]
async fn roles_are_changed_where_both_go_before_one_comes() {
    let role = |color: &str, role: &str| set("api.example.com.", "A", color, &format!("<Failover>{role}</Failover>"));
    let (zone, _) = zone(&[role("blue", "PRIMARY"), role("green", "SECONDARY")], false).await;
    let name = DnsName::of("api.example.com");
    let mut batch = seen(&zone, &name).await.plan("green").unwrap();
    zone.change(&batch, "").await.unwrap();
    assert!(seen(&zone, &name).await.holds("green"));
    batch = batch.undo();
    batch.changes.sort_by_key(|change| change.set().set_identifier.clone());
    assert!(matches!(batch.changes[1], Change::Create(_)), "one after the other");
    assert_eq!(zone.change(&batch, "").await.unwrap_err().how, How::Final);
}

/// A connection that breaks, a proxy that gives up: the move may have been made all the same.
#[tokio::test]
async fn an_answer_that_was_lost_is_read_from_the_records() {
    let (zone, _) = zone(&weighted("api.example.com."), true).await;
    let name = DnsName::of("api.example.com");
    let batch = seen(&zone, &name).await.plan("green").unwrap();
    assert_eq!(batch.fate(&zone.records(&name).await.unwrap()), Fate::NotMade);
    assert_eq!(zone.change(&batch, "").await.unwrap_err().how, How::Unclear);
    assert_eq!(batch.fate(&zone.records(&name).await.unwrap()), Fate::Made);
}
