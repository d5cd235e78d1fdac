//! Record sets between the SDK and ours.

use aws_sdk_route53::types::{
    AliasTarget as SdkAlias, Change as SdkChange, ChangeAction, ChangeBatch, ResourceRecord as SdkRecord,
    ResourceRecordSet as SdkSet, ResourceRecordSetFailover, RrType,
};
use release_core::traffic::router::route53::{AliasTarget, Batch, Change, RecordSet, ResourceRecord};
use serde_json::Value;

/// A record set with all that the SDK knows of it. What only says how records are chosen in a way that isn't ours is
/// kept by its name alone: such a record is never written.
pub fn read(set: &SdkSet) -> RecordSet {
    let region = set.region.as_ref().map(|region| Value::from(region.as_str()));
    let multivalue = set.multi_value_answer.map(Value::from);
    let policy = set.traffic_policy_instance_id.as_deref().map(Value::from);
    let others = [
        ("Region", region),
        ("MultiValueAnswer", multivalue),
        ("TrafficPolicyInstanceId", policy),
        ("GeoLocation", set.geo_location.as_ref().map(|_| Value::Null)),
        ("GeoProximityLocation", set.geo_proximity_location.as_ref().map(|_| Value::Null)),
        ("CidrRoutingConfig", set.cidr_routing_config.as_ref().map(|_| Value::Null)),
    ];
    let records = set.resource_records.iter().flatten();
    RecordSet {
        name: set.name.clone(),
        record_type: set.r#type.as_str().to_owned(),
        set_identifier: set.set_identifier.clone(),
        weight: set.weight,
        failover: set.failover.as_ref().map(|role| role.as_str().to_owned()),
        ttl: set.ttl,
        resource_records: records.map(|record| ResourceRecord { value: record.value.clone() }).collect(),
        alias_target: set.alias_target.as_ref().map(|alias| AliasTarget {
            hosted_zone_id: alias.hosted_zone_id.clone(),
            dns_name: alias.dns_name.clone(),
            evaluate_target_health: alias.evaluate_target_health,
        }),
        health_check_id: set.health_check_id.clone(),
        other: others.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect(),
    }
}

/// A batch as it is sent; nothing where a record has what isn't ours to write.
pub fn batch(batch: &Batch, comment: String) -> Option<ChangeBatch> {
    let changes = batch.changes.iter().map(|change| {
        let action = match change {
            Change::Delete(_) => ChangeAction::Delete,
            Change::Create(_) => ChangeAction::Create,
        };
        SdkChange::builder().action(action).resource_record_set(written(change.set())?).build().ok()
    });
    let changes = changes.collect::<Option<Vec<_>>>()?;
    ChangeBatch::builder()
        .set_comment(Some(comment).filter(|it| !it.is_empty()))
        .set_changes(Some(changes))
        .build()
        .ok()
}

fn written(set: &RecordSet) -> Option<SdkSet> {
    if !set.other.is_empty() {
        return None;
    }
    let record = |record: &ResourceRecord| SdkRecord::builder().value(&record.value).build().ok();
    let records = set.resource_records.iter().map(record).collect::<Option<Vec<_>>>()?;
    let alias = match &set.alias_target {
        None => None,
        Some(alias) => Some(
            SdkAlias::builder()
                .hosted_zone_id(&alias.hosted_zone_id)
                .dns_name(&alias.dns_name)
                .evaluate_target_health(alias.evaluate_target_health)
                .build()
                .ok()?,
        ),
    };
    SdkSet::builder()
        .name(&set.name)
        .r#type(RrType::from(set.record_type.as_str()))
        .set_set_identifier(set.set_identifier.clone())
        .set_weight(set.weight)
        .set_failover(set.failover.as_deref().map(ResourceRecordSetFailover::from))
        .set_ttl(set.ttl)
        .set_resource_records(Some(records).filter(|records| !records.is_empty()))
        .set_alias_target(alias)
        .set_health_check_id(set.health_check_id.clone())
        .build()
        .ok()
}
