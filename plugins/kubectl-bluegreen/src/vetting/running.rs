//! Whether pods run the images that were vetted: between the look at ECR and a node's pull a tag may have moved, or a
//! node had another image of that name already.

use std::collections::BTreeMap;

use release_aws::connect::Address;
use release_aws::ecr::ImageId;
use release_cli::run::Run;
use release_core::failure::{Failure, Outcome};
use release_core::kube::Pod;
use release_core::registry::ecr_reference::EcrRepository;
use release_core::registry::image::{ImageRef, short_digest};
use release_core::registry::push_history::digest_of_image_id;
use release_core::text::printable;
use release_core::traffic::selector::{Tracks, as_label_selector};

use super::known::{InEcr, Known, Vetted};
use super::read::{named, registry};
use crate::snapshot::pods_selected;

/// A digest that pods run in the place of a vetted image, and one of those pods.
type Odd<'v> = BTreeMap<String, (&'v Vetted, &'v InEcr, String)>;

/// Looks what the ready pods of a color really run. Images that are named by digest can be no other.
///
/// # Errors
/// Exit 3 where a pod runs another image of the repository, or something that can't be told from one; exit 1 where
/// pods, or ECR, can't be asked.
pub async fn runs_what_was_vetted(run: &Run, (tracks, color): (&Tracks, &str), vetted: &[Vetted]) -> Outcome<()> {
    if vetted.iter().all(|one| by_tag(one).is_none()) {
        return Ok(());
    }
    let selector = as_label_selector(&tracks.selector_for(color));
    let pods = run.within(async { Ok(pods_selected(&run.cluster, &selector, |pod| pod).await?) }).await?;
    let own = tracks.pods_of(color, &pods);
    let mut odd = Odd::new();
    for pod in own.into_iter().filter(|pod| pod.is_ready()) {
        for one in vetted {
            let Some(image) = by_tag(one) else { continue };
            for digest in others(pod, one, image) {
                odd.entry(digest).or_insert((one, image, pod.metadata.name.clone()));
            }
        }
    }
    for (digest, (one, image, pod)) in odd {
        still(run, (one, image), (&pod, &digest)).await?;
    }
    Ok(())
}

/// What of it ECR knows, where a tag names it.
fn by_tag(one: &Vetted) -> Option<&InEcr> {
    match &one.known {
        Known::Image(image) if ImageRef::parse(&one.image).digest.is_none() => Some(image),
        _ => None,
    }
}

/// What a pod runs in the place of it.
fn others(pod: &Pod, one: &Vetted, image: &InEcr) -> Vec<String> {
    let wanted = ImageRef::parse(&one.image);
    let is_of_it = |name: &str| {
        let asked = pod.image_of(name);
        let stands = |asked: &str| ImageRef::parse(asked).stands_for(&wanted, Some(&image.digest));
        one.containers.contains(name) && asked.is_some_and(|asked| asked == one.image || stands(asked))
    };
    let all = pod.status.container_statuses.iter().chain(&pod.status.init_container_statuses);
    let ids = all.filter(|status| is_of_it(&status.name)).map(|status| status.image_id.as_str());
    let digest = |id: &str| digest_of_image_id(id).unwrap_or(id).to_owned();
    ids.filter(|id| !id.is_empty()).map(digest).filter(|digest| !image.is(digest)).collect()
}

/// A runtime may name an image by its configuration, of which ECR knows nothing: then the tag tells.
async fn still(run: &Run, (one, image): (&Vetted, &InEcr), (pod, digest): (&str, &str)) -> Outcome<()> {
    let (Ok(repository), Some(tag)) = (EcrRepository::of(&one.image), named(&one.image)) else { return Ok(()) };
    let unread = |why: String| Failure::failed("NotVetted", format!("{why}\nno Service was switched"));
    let registry = registry(run, &Address::from(&repository)).await.map_err(unread)?;
    let ids = [tag.clone(), ImageId::Digest(digest.to_owned())];
    let found = registry.images_by(&repository.name, if digest.starts_with("sha256:") { &ids } else { &ids[..1] });
    let found = found.await.map_err(|error| unread(error.to_string()))?;
    let is_other = found.iter().any(|known| known.digest == digest);
    if !is_other && found.iter().any(|known| tag.names(known) && known.digest == image.digest) {
        return Ok(());
    }
    let (name, was) = (ImageRef::parse(&one.image).short(), short_digest(&image.digest));
    let text = format!(
        "{name} was {was} when it was checked, and {} runs {}: the tag has moved, or the node had another image of that name\nno Service was switched",
        printable(pod),
        short_digest(digest)
    );
    let by_digest = printable(&ImageRef::parse(&one.image).at(&image.digest));
    Err(Failure::changed(text).next(format!("name the image that was checked by its digest: {by_digest}")))
}
