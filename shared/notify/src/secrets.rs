//! From Secrets to those who are told.

use std::collections::BTreeMap;
use std::time::Duration;

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use release_cluster::Cluster;
use release_cluster::exchange::ApiError;
use release_core::kube::path::collection;
use release_core::release::notice::Stage;
use release_core::release::notice::receiver::{Kind, OF_NAMESPACE, Place, Receiver, SNS, STAGES_KEY, SecretKey};
use release_core::release::notice::sns::Topic;

use crate::address::Address;
use crate::outlet::{Outlet, Way};

/// How long reading a Secret may take.
const LIMIT: Duration = Duration::from_secs(3);

type Values = BTreeMap<String, ByteString>;
/// Those who are told, and whose address is none, with what is wrong with it.
pub type Found = (Vec<Outlet>, Vec<(String, String)>);

/// The one who was named.
///
/// # Errors
/// Says what is wrong with the Secret, and nothing of what it holds.
pub async fn named(cluster: &Cluster, receiver: &Receiver) -> Result<Outlet, String> {
    let way = match &receiver.place {
        Place::Secret(kind, key) => Way::Post(*kind, address(cluster, *kind, key).await?),
        Place::Topic(topic) => Way::to_topic(topic).await?,
    };
    Ok(Outlet::of(way, &receiver.place, &receiver.on))
}

async fn address(cluster: &Cluster, kind: Kind, place: &SecretKey) -> Result<Address, String> {
    let values = read(cluster, &place.name).await.map_err(|error| match error {
        _ if error.is_not_found() => format!("there is no secret/{}", place.name),
        error => format!("secret/{} can't be read: {}", place.name, error.short()),
    })?;
    let value = values.get(&place.key).ok_or_else(|| format!("secret/{} has no key {}", place.name, place.key))?;
    Address::of(kind, &value.0).map_err(str::to_owned)
}

/// Those of the namespace's own Secret, and what is wrong with others in it. Without one, or without the right to
/// read it, there are none: nobody has asked for them. Nothing where the API server is
/// silent: of that the run has more to say.
///
/// # Errors
/// Where it can't be read otherwise.
pub async fn of_namespace(cluster: &Cluster) -> Result<Option<Found>, String> {
    let values = match read(cluster, OF_NAMESPACE).await {
        Ok(values) => values,
        Err(error) if error.is_not_found() || error.is_forbidden() => Values::new(),
        Err(error) if error.code().is_some() => return Err(format!("it can't be read: {}", error.short())),
        Err(_) => return Ok(None),
    };
    let on = stages(&values);
    let (mut outlets, mut wrong) = (Vec::new(), Vec::new());
    for kind in Kind::ALL {
        let Some(value) = values.get(kind.word()) else { continue };
        let place = Place::Secret(kind, of_key(kind.word()));
        match Address::of(kind, &value.0) {
            Ok(address) => outlets.push(Outlet::of(Way::Post(kind, address), &place, &on)),
            Err(why) => wrong.push((place.to_string(), why.to_owned())),
        }
    }
    if let Some(value) = values.get(SNS) {
        match topic(&value.0).await {
            Ok((way, topic)) => outlets.push(Outlet::of(way, &Place::Topic(topic), &on)),
            Err(why) => wrong.push((format!("{SNS}={}", of_key(SNS)), why)),
        }
    }
    Ok(Some((outlets, wrong)))
}

/// A key of the namespace's own Secret.
fn of_key(key: &str) -> SecretKey {
    SecretKey { name: OF_NAMESPACE.to_owned(), key: key.to_owned() }
}

async fn topic(value: &[u8]) -> Result<(Way, Topic), String> {
    let topic = Topic::typed(std::str::from_utf8(value).unwrap_or_default().trim())?;
    Ok((Way::to_topic(&topic).await?, topic))
}

/// Words that are no stages choose nothing.
fn stages(values: &Values) -> Vec<Stage> {
    let text = values.get(STAGES_KEY).and_then(|value| std::str::from_utf8(&value.0).ok()).unwrap_or_default();
    text.split([',', ' ', '\n']).filter_map(|word| Stage::of(word.trim())).collect()
}

async fn read(cluster: &Cluster, name: &str) -> Result<Values, ApiError> {
    let path = format!("{}/{name}", collection::<Secret>(Some(&cluster.namespace)));
    let secret: Secret = cluster.with_request_timeout(LIMIT).get(&path).await?;
    Ok(secret.data.unwrap_or_default())
}
