//! Images as the API server would store them: registries are mirrored, and tags pinned, by policies and webhooks that
//! have their say within a write. What is planned, compared and undone is what will be there.

use release_cli::run::Run;
use release_cluster::apply::DryRun;
use release_core::registry::image::ImageRef;
use release_core::release::change::{Action, Change, Op};
use release_core::text::one_line;
use release_core::workload::twin::{ContainerImage, containers_of};
use serde_json::Value;

use crate::plan::deploy::{Deploying, Objects};
use release_cli::images::TypedImage;

/// Puts in the place of images what the same ones become. An image that becomes another one stays as it was typed: its
/// write is refused as such. Where a dry run isn't let through, nothing is known before the write.
pub async fn as_admitted(run: &Run, deploying: &Deploying<'_>, objects: &Objects, images: &mut [TypedImage]) {
    for pair in &deploying.pairs {
        let Some(workload) = pair.idle.as_ref().or(pair.active.as_ref()) else { continue };
        let Some(object) = objects.get(&workload.reference()) else { continue };
        let asked = asked(object, images);
        let ops: Vec<Op> = asked.iter().flat_map(|(container, image)| ops(container, image)).collect();
        if ops.is_empty() {
            continue;
        }
        let change = Change {
            object: workload.reference(),
            path: workload.path(&run.cluster.namespace),
            action: Action::JsonPatch(ops),
            summary: String::new(),
            undo: None,
        };
        let Ok(stored) = run.cluster.apply(&change, DryRun::Server).await else { continue };
        for container in containers_of(&stored) {
            let Some((_, typed)) = asked.iter().find(|(before, _)| before.pointer() == container.pointer()) else {
                continue;
            };
            take_over(run, images, typed, &container.image);
        }
    }
}

/// The containers that get another image, each with it.
fn asked(object: &Value, images: &[TypedImage]) -> Vec<(ContainerImage, String)> {
    let containers = containers_of(object);
    let mains = containers.iter().filter(|container| !container.init).count();
    let of = |container: &ContainerImage| {
        let is_meant = |typed: &&TypedImage| match &typed.container {
            Some(name) => *name == container.name,
            None => mains == 1 && !container.init,
        };
        images.iter().find(is_meant).map(|typed| typed.image.clone()).filter(|image| *image != container.image)
    };
    containers.iter().filter_map(|container| Some((container.clone(), of(container)?))).collect()
}

fn ops(container: &ContainerImage, image: &str) -> [Op; 2] {
    let pointer = container.pointer();
    [
        Op::test(&format!("{pointer}/name"), container.name.clone()),
        Op::replace(&format!("{pointer}/image"), image.to_owned()),
    ]
}

fn take_over(run: &Run, images: &mut [TypedImage], typed: &str, stored: &str) {
    let is_same = ImageRef::parse(stored).stands_for(&ImageRef::parse(typed), None);
    if stored == typed || !is_same {
        return;
    }
    let own = images.iter_mut().filter(|image| image.image == typed);
    own.for_each(|image| image.image = stored.to_owned());
    run.say(&one_line(&format!("{typed} becomes {stored}: an admission policy or webhook rewrites it")));
}
