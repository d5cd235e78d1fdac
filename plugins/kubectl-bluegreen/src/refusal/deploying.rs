//! Why a color can't be prepared.

use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use release_core::command::{Command, Scope};
use release_core::failure::{Failure, Next};
use release_core::kube::{Labels, Workload};
use release_core::text::{nearest_word, one_line, printable};
use release_core::traffic::selector::{Tracks, as_label_selector};
use release_core::workload::twin::ContainerImage;

use super::{found, refused};
use crate::options::deploy::DeployOptions;
use crate::prepared::Prepared;
use crate::service_view::ServiceView;
use release_cli::images::TypedImage;

/// The same deploy to a color that is named.
fn again(options: &DeployOptions, color: &str, scope: &Scope) -> Command {
    let command = Command::new("kubectl bluegreen deploy").arg(&options.service).flag("--to", color);
    command.args(&options.again).scope(scope)
}

/// More than two colors.
pub fn several_colors(view: &ServiceView<'_>, tracks: &Tracks, options: &DeployOptions, scope: &Scope) -> Failure {
    let message = format!("service/{} has several other colors: {}", view.name(), found(tracks));
    let named = tracks.others().filter(|color| color.is_run() && !color.name.is_empty());
    let commands = named.map(|color| again(options, &color.name, scope)).collect();
    refused("AmbiguousColor", message).next(Next::Try(commands, None))
}

/// One color, whose name says nothing of the other's.
pub fn no_other_color(view: &ServiceView<'_>, tracks: &Tracks, options: &DeployOptions, scope: &Scope) -> Failure {
    let message =
        format!("service/{} has one color, {}: nothing says what the other one is called", view.name(), found(tracks));
    let status = Command::new("kubectl bluegreen status").arg(&options.service).scope(scope);
    refused("NoOtherColor", message).next(Next::Look(status, Some("then deploy with --to COLOR".into())))
}

/// The color that was named has the traffic.
pub fn is_active(view: &ServiceView<'_>, tracks: &Tracks, scope: &Scope) -> Failure {
    let message =
        format!("{} has the traffic of service/{}: a deploy prepares a color that hasn't", tracks.active, view.name());
    refused("ActiveColor", message).look(Command::new("kubectl bluegreen status").arg(view.name()).scope(scope))
}

/// What has no rollouts, or isn't read.
pub fn not_deployable(view: &ServiceView<'_>, what: &str, scope: &Scope) -> Failure {
    let message =
        format!("{what} runs a color of service/{}: deploy prepares Deployments and StatefulSets", view.name());
    let status = Command::new("kubectl bluegreen status").arg(view.name()).scope(scope);
    let note = "deploy it in its own way, then switch".to_owned();
    refused("NotDeployable", one_line(&message)).next(Next::Look(status, Some(note)))
}

/// Something else has the name that the twin would get.
pub fn name_taken(view: &ServiceView<'_>, taken: &Workload, labels: &Labels, scope: &Scope) -> Failure {
    let labels = as_label_selector(labels);
    let message =
        format!("{taken} is there, and is no color of service/{}: its pods aren't labelled {labels}", view.name());
    let look = Command::new("kubectl get").arg(taken.reference()).scope(scope).arg("--show-labels");
    refused("NameTaken", message).look(look)
}

/// A color has moved from one kind of workload to another: making its twin would leave both.
pub fn other_kind(view: &ServiceView<'_>, like: &Workload, other: &Workload, scope: &Scope) -> Failure {
    let message = format!(
        "{other} and {like} of service/{} are of different kinds: one like the other would be made beside it, and both would serve",
        view.name()
    );
    let look = Command::new("kubectl get").arg(other.reference()).scope(scope);
    refused("OtherKind", message).next(Next::Look(look, Some("delete the one that goes, then again".to_owned())))
}

/// Another autoscaler has the name that the color's own would get.
pub fn autoscaler_taken(taken: &HorizontalPodAutoscaler, color: &str, scope: &Scope) -> Failure {
    let name = taken.metadata.name.as_deref().unwrap_or_default();
    let target =
        taken.spec.as_ref().map(|spec| format!("{}/{}", spec.scale_target_ref.kind, spec.scale_target_ref.name));
    let target = printable(&target.unwrap_or_default());
    let message = format!("hpa/{name} is there, and scales {target}: {color} can't get one like the active color's");
    refused("NameTaken", message).look(Command::new("kubectl get hpa").arg(name).scope(scope))
}

/// Neither color has a workload.
pub fn nothing_to_copy(view: &ServiceView<'_>, tracks: &Tracks, scope: &Scope) -> Failure {
    let message = format!("no workload runs {}, so there is nothing to make another color from", found(tracks));
    refused("NothingToCopy", message).look(Command::new("kubectl bluegreen status").arg(view.name()).scope(scope))
}

/// An image for a container that isn't there.
pub fn no_such_container(view: &ServiceView<'_>, name: &str, containers: &[ContainerImage]) -> Failure {
    let message = format!(
        "no container {} in the pods of service/{}: found {}",
        printable(name),
        view.name(),
        listed(containers)
    );
    let failure = refused("NoSuchContainer", message);
    match nearest_word(name, containers.iter().map(|container| container.name.as_str())) {
        Some(near) => failure.next(format!("is {near} meant?")),
        None => failure,
    }
}

/// An image without a container's name, where there are several.
pub fn which_container(view: &ServiceView<'_>, image: &TypedImage, containers: &[ContainerImage]) -> Failure {
    let message = format!("the pods of service/{} have several containers: {}", view.name(), listed(containers));
    refused("AmbiguousContainer", message).next(format!("--image CONTAINER={}", image.image))
}

/// `app (api:1.5.0), init container migrate (api:1.5.0)`
fn listed(containers: &[ContainerImage]) -> String {
    let mut names: Vec<String> = Vec::new();
    for container in containers {
        let image = release_core::registry::image::ImageRef::parse(&container.image).short();
        let kind = if container.init { "init container " } else { "" };
        let name = format!("{kind}{} ({image})", printable(&container.name));
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.join(", ")
}

/// One number for several workloads.
pub fn several_to_size(prepared: &[Prepared]) -> Failure {
    let names: Vec<String> = prepared.iter().map(Prepared::reference).collect();
    refused("SeveralWorkloads", format!("--replicas is for one workload, and the color has {}", names.join(", ")))
}

/// What is asked for is live, and smaller: a deploy prepares what is idle.
pub fn live_and_smaller(view: &ServiceView<'_>, tracks: &Tracks, size: i32, scope: &Scope) -> Failure {
    let workloads = tracks.color(&tracks.active).map(|color| color.workloads.clone()).unwrap_or_default();
    let asked = workloads.iter().map(|workload| workload.replicas).fold(0, i32::saturating_add);
    let message = format!(
        "{} of service/{} has these images and is active, and asks for {asked} pods, not for {size}",
        tracks.active,
        view.name()
    );
    let scale = Command::new("kubectl scale").args(workloads.iter().map(|workload| workload.reference()));
    refused("LiveAndSmaller", message).try_next(scale.option("--replicas", &size.to_string()).scope(scope))
}
