//! What Route 53 makes of a batch, and how it lists record sets.

/// Of its answers.
pub const NAMESPACE: &str = "xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"";

/// What an element has in it.
#[must_use]
pub fn between<'t>(text: &'t str, tag: &str) -> Option<&'t str> {
    Some(text.split_once(&format!("<{tag}>"))?.1.split_once(&format!("</{tag}>"))?.0)
}

/// Name, type and identifier of a record set.
#[must_use]
pub fn place(set: &str) -> [String; 3] {
    ["Name", "Type", "SetIdentifier"].map(|tag| between(set, tag).unwrap_or_default().to_owned())
}

/// Makes a batch.
///
/// # Errors
/// What Route 53 would say against it.
pub fn made(sets: &mut Vec<String>, body: &str) -> Result<(), String> {
    let mut wanted = sets.clone();
    for change in body.split("<Change>").skip(1) {
        let (Some(action), Some(set)) = (between(change, "Action"), between(change, "ResourceRecordSet")) else {
            return Err("[no change]".to_owned());
        };
        let [name, kind, identifier] = place(set);
        let called = format!("[name='{name}', type='{kind}', set-identifier='{identifier}']");
        let there = wanted.iter().position(|found| place(found) == place(set));
        match (action, there) {
            ("DELETE", Some(at)) if wanted[at] == set => drop(wanted.remove(at)),
            ("DELETE", Some(_)) => {
                let why = "but the values provided do not match the current values";
                return Err(format!("[Tried to delete resource record set {called} {why}]"));
            }
            ("DELETE", None) => {
                return Err(format!("[Tried to delete resource record set {called} but it was not found]"));
            }
            (_, Some(_)) => {
                return Err(format!("[Tried to create resource record set {called} but it already exists]"));
            }
            (_, None) => {
                let is_rival = |found: &String| {
                    place(found)[..2] == place(set)[..2] && between(found, "Failover") == between(set, "Failover")
                };
                if set.contains("<Failover>") && wanted.iter().any(is_rival) {
                    return Err(format!("[RRSet {called} can't be created as there is another of its role]"));
                }
                wanted.push(set.to_owned());
            }
        }
    }
    *sets = wanted;
    Ok(())
}

/// All record sets from a name on, in one page.
#[must_use]
pub fn listed(sets: &[String], line: &str) -> String {
    let from = line.split_once("name=").and_then(|(_, rest)| rest.split(['&', ' ']).next()).unwrap_or_default();
    let mut rest: Vec<&String> = sets.iter().filter(|set| place(set)[0].as_str() >= from).collect();
    rest.sort_by_key(|set| place(set));
    let all: String = rest.iter().map(|set| format!("<ResourceRecordSet>{set}</ResourceRecordSet>")).collect();
    format!(
        "<ListResourceRecordSetsResponse {NAMESPACE}><ResourceRecordSets>{all}</ResourceRecordSets><IsTruncated>false</IsTruncated><MaxItems>300</MaxItems></ListResourceRecordSetsResponse>"
    )
}

/// What those say who check: as in the example of
/// <https://docs.aws.amazon.com/Route53/latest/APIReference/API_GetHealthCheckStatus.html>.
#[must_use]
pub fn observed(said: &[&str]) -> String {
    let one = |status: &&str| {
        let report = format!("<Status>{status}</Status><CheckedTime>2026-11-30T17:00:00.000Z</CheckedTime>");
        format!(
            "<HealthCheckObservation><Region>us-west-2</Region><IPAddress>192.0.2.1</IPAddress><StatusReport>{report}</StatusReport></HealthCheckObservation>"
        )
    };
    let all: String = said.iter().map(one).collect();
    let all = format!("<HealthCheckObservations>{all}</HealthCheckObservations>");
    format!("<GetHealthCheckStatusResponse {NAMESPACE}>{all}</GetHealthCheckStatusResponse>")
}
