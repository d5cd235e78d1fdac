//! From Secrets to those who are told.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use release_cluster::Cluster;
use release_cluster::exchange::ApiError;
use release_core::kube::path::collection;
use release_core::release::notice::Stage;
use release_core::release::notice::receiver::{Kind, OF_NAMESPACE, Receiver, STAGES_KEY};

use crate::address::Address;
use crate::outlet::Outlet;

/// How long reading a Secret may take.
const LIMIT: Duration = Duration::from_secs(3);

type Values = BTreeMap<String, ByteString>;
/// Those who are told, and whose address is none, with what is wrong with it.
pub type Found = (Vec<Outlet>, Vec<(String, &'static str)>);

/// The one who was named.
///
/// # Errors
/// Says what is wrong with the Secret, and nothing of what it holds.
pub async fn named(cluster: &Cluster, receiver: &Receiver) -> Result<Vec<Outlet>, String> {
    let place = &receiver.place;
    let values = read(cluster, &place.name).await.map_err(|error| match error {
        _ if error.is_not_found() => format!("there is no secret/{}", place.name),
        error => format!("secret/{} can't be read: {}", place.name, error.short()),
    })?;
    let value = values.get(&place.key).ok_or_else(|| format!("secret/{} has no key {}", place.name, place.key))?;
    let address = Address::of(receiver.kind, &value.0).map_err(str::to_owned)?;
    Ok(vec![Outlet {
        kind: receiver.kind,
        on: receiver.on.clone(),
        address,
        who: receiver.words(),
        given_up: AtomicBool::default(),
    }])
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
        let who = format!("{}=secret/{OF_NAMESPACE}/{}", kind.word(), kind.word());
        match Address::of(kind, &value.0) {
            Ok(address) => outlets.push(Outlet { kind, on: on.clone(), address, who, given_up: AtomicBool::default() }),
            Err(why) => wrong.push((who, why)),
        }
    }
    Ok(Some((outlets, wrong)))
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
