//! What pods ask for: admission policies and webhooks rewrite pods as they are made, and no template shows it.

use release_cli::run::Run;
use release_core::failure::{Failure, Next, Outcome};
use release_core::kube::{Pod, Workload};
use release_core::registry::image::ImageRef;
use release_core::release::canary::run::{Act, End};
use release_core::text::one_line;

use crate::look::Look;
use crate::record::CanaryRecord;
use crate::words::command;

/// Holds the ready pods that are about to count as the new version to its images.
///
/// # Errors
/// Exit 1 where one asks for others.
pub fn run_it(run: &Run, stable: &str, (seen, record): (&Look, &CanaryRecord), act: &Act) -> Outcome<()> {
    let workload = match act {
        Act::Begin | Act::Advance | Act::Promote => seen.canary.as_ref().map(|canary| &canary.workload),
        Act::Finish(End::Promoted) => Some(&seen.stable.workload),
        _ => None,
    };
    let Some(workload) = workload else { return Ok(()) };
    let Some((pod, image)) = other_image(workload, &seen.pods, record) else { return Ok(()) };
    let text = format!(
        "pod/{pod} of {workload} asks for {image}, which is not what was released: an admission policy or webhook rewrites pods as they are made"
    );
    let abort = command("abort", stable).scope(run.scope());
    let note = "or mend the policy, and delete the pod: run goes on then";
    Err(Failure::failed("OtherImage", one_line(&text)).next(Next::Try(vec![abort], Some(note.to_owned()))))
}

fn other_image(workload: &Workload, pods: &[Pod], record: &CanaryRecord) -> Option<(String, String)> {
    let own = pods.iter().filter(|pod| workload.owns(pod) && pod.is_ready());
    own.flat_map(|pod| pod.spec.containers.iter().map(move |container| (pod, container))).find_map(
        |(pod, container)| {
            let moved = record.containers.iter().find(|moved| !moved.init && moved.name == container.name)?;
            let is_it = container.image == moved.to
                || ImageRef::parse(&container.image).stands_for(&ImageRef::parse(&moved.to), None);
            (!is_it).then(|| (pod.metadata.name.clone(), container.image.clone()))
        },
    )
}
