//! What a color is, in words that can be kept and compared later: what was tested is what may go live.
//!
//! It is no hash: whoever reads it, or is told that it differs, sees what of it does.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use release_core::kube::{Pod, Workload};
use release_core::registry::image::{ImageRef, short_digest};
use release_core::text::{one_line, printable};
use release_core::traffic::selector::{Color, Tracks};
use release_core::workload::container_image::containers_of;

/// Stands where nothing is known.
const NOTHING: &str = "-";

/// What is known of one workload of a color; what is absent is not compared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Mark {
    /// `deploy/api-green`
    workload: String,
    uid: Option<String>,
    /// The cluster's own name of its pod template.
    template: Option<String>,
    replicas: Option<i32>,
    /// Digests of the images that its ready pods run.
    digests: Option<BTreeSet<String>>,
    /// Images that its template asks for.
    images: Option<Vec<String>>,
}

/// What a color is: its workloads, their templates and sizes, and what their pods run. As text
/// `deploy/api-green=UID:TEMPLATE:REPLICAS:DIGEST+DIGEST`, a comma between workloads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint(Vec<Mark>);

impl Fingerprint {
    /// Of a color as it is; `pods` are the color's, with their statuses.
    #[must_use]
    pub fn of(color: &Color, tracks: &Tracks, pods: &[Pod]) -> Self {
        let pods: Vec<&Pod> = tracks.pods_of(&color.name, pods);
        Self(color.workloads.iter().map(|workload| Mark::of(workload, &pods)).collect())
    }

    /// Workloads that ask for these images, whatever else they are.
    #[must_use]
    pub fn of_images(workloads: impl Iterator<Item = (String, Vec<String>)>) -> Self {
        let mark = |(workload, images)| Mark { workload, images: Some(images), ..Mark::default() };
        Self(workloads.map(mark).collect())
    }

    /// True where what pods run is a part of it.
    #[must_use]
    pub fn asks_for_digests(&self) -> bool {
        self.0.iter().any(|mark| mark.digests.is_some())
    }

    /// How a color isn't that any more, in a few words each.
    #[must_use]
    pub fn differences(&self, now: &Self) -> Vec<String> {
        let there = |wanted: &Mark| now.0.iter().find(|mark| mark.workload == wanted.workload);
        let mut found: Vec<String> = Vec::new();
        for wanted in &self.0 {
            match there(wanted) {
                Some(now) => found.extend(wanted.difference(now)),
                None => found.push(format!("{} is gone", printable(&wanted.workload))),
            }
        }
        let is_known = |mark: &&Mark| self.0.iter().any(|wanted| wanted.workload == mark.workload);
        found.extend(now.0.iter().filter(|mark| !is_known(mark)).map(|mark| format!("{} is new", mark.workload)));
        found
    }
}

impl Mark {
    fn of(workload: &Workload, pods: &[&Pod]) -> Self {
        let own = pods.iter().filter(|pod| pod.is_ready() && workload.owns(pod));
        let statuses =
            own.flat_map(|pod| pod.status.container_statuses.iter().chain(&pod.status.init_container_statuses));
        let digests = statuses.filter_map(|status| digest_of(&status.image_id)).collect();
        Self {
            workload: workload.reference(),
            uid: Some(workload.uid().to_owned()),
            template: workload.revision.as_ref().map(|revision| revision.name.clone()),
            replicas: Some(workload.replicas),
            digests: Some(digests),
            images: Some(containers_of(workload).into_iter().map(|container| container.image).collect()),
        }
    }

    fn difference(&self, now: &Self) -> Option<String> {
        let differs = |wanted: &Option<String>, now: &Option<String>| wanted.is_some() && wanted != now;
        let what = &now.workload;
        if differs(&self.uid, &now.uid) {
            return Some(format!("{what} was made anew"));
        }
        if let (Some(wanted), Some(there)) = (&self.images, &now.images)
            && let Some((_, other)) = wanted.iter().zip(there).find(|(one, other)| !is_image(other, one))
        {
            return Some(one_line(&format!("{what} has {other} now")));
        }
        if differs(&self.template, &now.template) {
            return Some(format!("{what} has another pod template"));
        }
        if let Some(replicas) = self.replicas.filter(|_| self.replicas != now.replicas) {
            return Some(format!("{what} has {} replicas, not {replicas}", now.replicas.unwrap_or(0)));
        }
        let (wanted, there) = (self.digests.as_ref()?, now.digests.as_ref()?);
        let odd = there.symmetric_difference(wanted).next()?;
        let says = if there.contains(odd) { "run" } else { "no longer run" };
        Some(format!("pods of {what} {says} {}", short_digest(odd)))
    }
}

/// The same image, perhaps by a mirror's name or pinned by a policy.
fn is_image(there: &str, wanted: &str) -> bool {
    there == wanted || ImageRef::parse(there).stands_for(&ImageRef::parse(wanted), None)
}

/// Runtimes name an image by its digest alone, too.
fn digest_of(image_id: &str) -> Option<String> {
    let image = ImageRef::parse(image_id);
    let alone = image.tag.filter(|_| image.repository == "sha256").map(|hex| format!("sha256:{hex}"));
    image.digest.map(str::to_owned).or(alone)
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, mark) in self.0.iter().enumerate() {
            let text = |part: &Option<String>| part.clone().unwrap_or_else(|| NOTHING.to_owned());
            let digests = mark.digests.iter().flatten().cloned().collect::<Vec<_>>().join("+");
            let digests = if digests.is_empty() { NOTHING.to_owned() } else { digests };
            let (uid, template, replicas) = (text(&mark.uid), text(&mark.template), mark.replicas.unwrap_or(0));
            let comma = if index == 0 { "" } else { "," };
            write!(f, "{comma}{}={uid}:{template}:{replicas}:{digests}", mark.workload)?;
        }
        Ok(())
    }
}

impl FromStr for Fingerprint {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let marks: Option<Vec<Mark>> = text.split(',').map(mark).collect();
        marks.map(Self).ok_or_else(|| "a fingerprint as `deploy --no-switch` prints it".to_owned())
    }
}

fn mark(text: &str) -> Option<Mark> {
    let (workload, rest) = text.split_once('=')?;
    let mut parts = rest.splitn(4, ':');
    let known = |part: &str| (part != NOTHING).then(|| part.to_owned());
    let (uid, template) = (parts.next()?, parts.next()?);
    let (replicas, digests) = (parts.next()?.parse().ok()?, parts.next()?);
    let is_digest = |digest: &str| digest.split_once(':').is_some_and(|(_, hex)| !hex.is_empty());
    let digests: BTreeSet<String> = digests.split('+').filter(|digest| *digest != NOTHING).map(str::to_owned).collect();
    let is_named = workload.split_once('/').is_some_and(|(kind, name)| !kind.is_empty() && !name.is_empty());
    (is_named && digests.iter().all(|digest| is_digest(digest))).then(|| Mark {
        workload: workload.to_owned(),
        uid: known(uid),
        template: known(template),
        replicas: Some(replicas),
        digests: Some(digests),
        images: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "deploy/api-green=0b9:7d9f:3:sha256:aa+sha256:bb";

    fn differs(now: &str) -> Vec<String> {
        ONE.parse::<Fingerprint>().unwrap().differences(&now.parse().unwrap())
    }

    #[test]
    fn a_fingerprint_survives_a_pipeline() {
        for text in [ONE, "deploy/a=1:-:0:-,sts/b=2:b-66:3:sha256:aa"] {
            assert_eq!(text.parse::<Fingerprint>().unwrap().to_string(), text);
            assert_eq!(release_core::command::shell_quote(text), text, "it needs no quotes");
        }
        for bad in ["", "deploy/a", "deploy/a=1", "deploy/a=1:2:x:-", "=1:2:3:-", "deploy/a=1:2:3:zz"] {
            assert!(bad.parse::<Fingerprint>().is_err(), "{bad}");
        }
    }

    /// Something else than what was tested would go live.
    #[test]
    fn each_part_of_it_counts() {
        assert!(differs(ONE).is_empty());
        for (now, told) in [
            ("deploy/api-green=0ba:7d9f:3:sha256:aa+sha256:bb", "deploy/api-green was made anew"),
            ("deploy/api-green=0b9:55c8:3:sha256:aa+sha256:bb", "deploy/api-green has another pod template"),
            ("deploy/api-green=0b9:7d9f:2:sha256:aa+sha256:bb", "deploy/api-green has 2 replicas, not 3"),
            ("deploy/api-green=0b9:7d9f:3:sha256:aa+sha256:cc", "pods of deploy/api-green no longer run sha256:bb"),
            ("deploy/api-green=0b9:7d9f:3:sha256:aa+sha256:bb+sha256:cc", "pods of deploy/api-green run sha256:cc"),
            ("deploy/other=0b9:7d9f:3:sha256:aa", "deploy/api-green is gone"),
        ] {
            assert_eq!(differs(now)[0], told);
        }
    }

    #[test]
    fn runtimes_name_images_by_their_digests_in_several_ways() {
        for (id, digest) in [
            ("r.io/api@sha256:aa", Some("sha256:aa")),
            ("docker-pullable://r.io/api@sha256:aa", Some("sha256:aa")),
            ("sha256:aa", Some("sha256:aa")),
            ("docker://sha256:aa", Some("sha256:aa")),
            ("r.io/api:2", None),
            ("", None),
        ] {
            assert_eq!(digest_of(id).as_deref(), digest, "{id}");
        }
    }
}
