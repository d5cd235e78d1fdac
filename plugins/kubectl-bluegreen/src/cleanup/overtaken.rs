//! A switch to the color that is being taken down, by someone who came after our note on the
//! Service and before the color was gone: the Service decides, and the color gets its pods back.

use release_cli::run::Run;
use release_core::command::Command;
use release_core::failure::{Failure, Outcome};
use release_core::kube::service::service_path;
use release_core::traffic::router::route53::by_dns::with_sets;
use release_core::traffic::router::service;
use serde_json::Value;

use super::removal::Removal;

/// Looks whether the color is still idle. A read that fails is no verdict; the next one is near.
///
/// # Errors
/// Exit 3 where the Service selects the color now; its workloads are back at their size then,
/// where they were not deleted or sized by someone else.
pub async fn check(run: &Run, removal: &Removal) -> Outcome<()> {
    let path = removal.route.as_ref().map(|route| route.path());
    let path = path.unwrap_or_else(|| service_path(&run.cluster.namespace, &removal.service));
    let Ok(mut object) = run.cluster.get::<Value>(&path).await else { return Ok(()) };
    if let (Some(zone), Some(dns)) = (&removal.zone, removal.route.as_ref().and_then(|route| route.dns.as_ref())) {
        let Ok(sets) = zone.records(&dns.place.name).await else { return Ok(()) };
        object = with_sets(object, &sets);
    }
    let is_used = match &removal.route {
        None => service::holds(&object, &removal.selector),
        Some(route) => route.weights(&object).get(&removal.color).is_some_and(|weight| *weight > 0),
    };
    if !is_used {
        return Ok(());
    }
    for change in &removal.give_back {
        match run.cluster.apply_and_see(change, run.write_mode()).await {
            Ok(_) => run.progress.step("given back", &format!("{} {}", change.object, change.summary)),
            // Whoever switched to it has brought it to size already.
            Err(error) => run.progress.step("left", &format!("{}: {error}", change.object)),
        }
    }
    let text = format!("service/{} was switched to {} by someone else meanwhile", removal.service, removal.color);
    Err(Failure::changed(text).look(Command::new("kubectl bluegreen status").arg(&removal.service).scope(run.scope())))
}
