//! Why a Service can't be made ready for colors.

use release_core::command::{Command, Scope};
use release_core::failure::{Failure, Next};
use release_core::kube::Workload;
use release_core::text::one_line;
use release_core::traffic::selector::Tracks;

use super::{found, refused};
use crate::service_view::ServiceView;

/// It isn't run by one Deployment.
pub fn not_one(view: &ServiceView<'_>, runners: &[String], scope: &Scope) -> Failure {
    let by = if runners.is_empty() { "nothing that asks for pods".to_owned() } else { runners.join(", ") };
    let message = one_line(&format!(
        "service/{} is run by {by}: init makes a Service of one Deployment ready, and no other",
        view.name()
    ));
    let workloads = Command::new("kubectl get deploy,sts,ds").scope(scope).arg("--show-labels");
    refused("NotOneDeployment", message).next(Next::Look(workloads, None))
}

/// The selector has nothing besides the label: without it, it would select every pod.
pub fn nothing_else(view: &ServiceView<'_>, key: &str, scope: &Scope) -> Failure {
    let message = format!("service/{} selects by {key} alone, which tells its pods from all others", view.name());
    let service = Command::new("kubectl get service").arg(view.name()).arg("-o").arg("yaml").scope(scope);
    refused("NoBase", message).next(Next::Look(service, Some("another label with --track-key".into())))
}

/// There are colors already.
pub fn has_colors(view: &ServiceView<'_>, tracks: &Tracks, scope: &Scope) -> Failure {
    let message = format!("service/{} has colors already, by {}: {}", view.name(), tracks.key, found(tracks));
    refused("HasColors", message).look(Command::new("kubectl bluegreen status").arg(view.name()).scope(scope))
}

/// Its pods have another color than was asked for.
pub fn other_color(view: &ServiceView<'_>, asked: &str, is: &str, key: &str, scope: &Scope) -> Failure {
    let message =
        one_line(&format!("the pods of service/{} are labelled {key}={is} already, and not {asked}", view.name()));
    let again = Command::new("kubectl bluegreen init").arg(view.name()).flag("--to", is);
    let again = if key == "version" { again } else { again.flag("--track-key", key) };
    refused("OtherColor", message).try_next(again.scope(scope))
}

/// What stands where the twin would be runs something else.
pub fn another_version(view: &ServiceView<'_>, twin: &Workload, one: &Workload, scope: &Scope) -> Failure {
    let images = |w: &Workload| w.images().collect::<Vec<_>>().join(", ");
    let message = one_line(&format!(
        "{twin} has {} and {one} has {}: init moves the traffic of service/{} to no other version",
        images(twin),
        images(one),
        view.name()
    ));
    let look = Command::new("kubectl describe").arg(twin.reference()).scope(scope);
    refused("NameTaken", message).next(Next::Look(look, Some("deploy the same images there, or take it down".into())))
}

/// Its only workload asks for no pods.
pub fn no_pods(view: &ServiceView<'_>, workload: &Workload, scope: &Scope) -> Failure {
    let message = format!("{workload}, which runs service/{}, has no ready pod", view.name());
    refused("NoReadyPods", message).look(Command::new("kubectl describe").arg(workload.reference()).scope(scope))
}
