//! A zone at the lab's moto, which others have written.

use anyhow::{Context, Result};

use super::rules::{NAMESPACE, between};
use crate::bluegreen::moto::call;

/// A zone at the lab's moto with these record sets; its id.
///
/// # Errors
/// Where moto refuses.
pub async fn moto_zone(reference: &str, sets: &[String]) -> Result<String> {
    let name = format!("<Name>example.com.</Name><CallerReference>{reference}</CallerReference>");
    let wanted = format!("<CreateHostedZoneRequest {NAMESPACE}>{name}</CreateHostedZoneRequest>");
    let answer = moto("POST", "hostedzone", &wanted).await?;
    let id = between(&answer, "Id").and_then(|id| id.strip_prefix("/hostedzone/")).context("no id")?.to_owned();
    let create =
        |set: &String| format!("<Change><Action>CREATE</Action><ResourceRecordSet>{set}</ResourceRecordSet></Change>");
    let changes: String = sets.iter().map(create).collect();
    let batch = format!("<ChangeBatch><Changes>{changes}</Changes></ChangeBatch>");
    let batch = format!("<ChangeResourceRecordSetsRequest {NAMESPACE}>{batch}</ChangeResourceRecordSetsRequest>");
    moto("POST", &format!("hostedzone/{id}/rrset/"), &batch).await?;
    Ok(id)
}

/// What moto has in a zone, as XML.
///
/// # Errors
/// Where moto refuses.
pub async fn moto_sets(zone: &str) -> Result<String> {
    moto("GET", &format!("hostedzone/{zone}/rrset"), "").await
}

async fn moto(method: &str, path: &str, body: &str) -> Result<String> {
    call(("route53", "us-east-1"), (method, &format!("/2013-04-01/{path}")), ("text/xml", body)).await
}
