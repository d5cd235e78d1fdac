//! Which containers of the template a rollback is about.

use std::fmt;

use k8s_openapi::api::core::v1::Container;
use kubectl_release::change::shell_quote;
use kubectl_release::error::{Failure, Outcome};
use kubectl_release::image::ecr::{EcrRepository, same_repository};
use kubectl_release::objects::Workload;

/// A container or init container of the template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub name: String,
    pub init: bool,
    /// Where it stands in its list.
    pub index: usize,
    pub image: String,
}

impl Place {
    /// The JSON pointer of its container.
    #[must_use]
    pub fn pointer(&self) -> String {
        let list = if self.init { "initContainers" } else { "containers" };
        format!("/spec/template/spec/{list}/{}", self.index)
    }

    /// The JSON pointer of its image in a field manager's `fieldsV1`.
    #[must_use]
    pub fn managed_pointer(&self) -> String {
        let list = if self.init { "initContainers" } else { "containers" };
        format!("/f:spec/f:template/f:spec/f:{list}/k:{{\"name\":\"{}\"}}/f:image", self.name)
    }

    fn repository(&self) -> Option<EcrRepository> {
        EcrRepository::of(&self.image).ok()
    }
}

impl fmt::Display for Place {
    /// `app`, or `init container migrate`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.init { "init container " } else { "" }, self.name)
    }
}

/// The containers that go back, all with one image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selected {
    /// At least one.
    pub places: Vec<Place>,
    /// Nothing where the image is of another registry, which only the rollout history can help.
    pub repository: Option<EcrRepository>,
    /// Others of the same repository, which stay.
    pub staying: Vec<Place>,
}

impl Selected {
    /// The image that is being left.
    #[must_use]
    pub fn image(&self) -> &str {
        &self.places[0].image
    }

    /// The container that pods and revisions are asked about.
    #[must_use]
    pub fn container(&self) -> &str {
        &self.places[0].name
    }

    /// Their names, for people.
    #[must_use]
    pub fn names(&self) -> String {
        let names: Vec<&str> = self.places.iter().map(|p| p.name.as_str()).collect();
        names.join(", ")
    }
}

/// What the flags and the template leave to decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    Clear(Selected),
    /// A person decides, or `-c`.
    Several(Vec<Place>),
}

/// What was asked for.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    pub containers: &'a [String],
    pub include_init: bool,
    /// No registry is asked, so that it need not be ECR.
    pub offline: bool,
    /// `-n NS` and connection flags for printed commands.
    pub suffix: &'a str,
}

/// All containers of the template, init containers last.
#[must_use]
pub fn places(workload: &Workload) -> Vec<Place> {
    let spec = workload.template.spec.as_ref();
    let mains = spec.map(|s| s.containers.as_slice()).unwrap_or_default();
    let inits = spec.and_then(|s| s.init_containers.as_deref()).unwrap_or_default();
    listed(mains, false).chain(listed(inits, true)).collect()
}

fn listed(containers: &[Container], init: bool) -> impl Iterator<Item = Place> {
    containers.iter().enumerate().map(move |(index, c)| Place {
        name: c.name.clone(),
        init,
        index,
        image: c.image.clone().unwrap_or_default(),
    })
}

/// Finds the containers that are meant.
///
/// # Errors
/// Exit 1 where a named container isn't there, where several have several images, or where no
/// image is of ECR.
pub fn select(workload: &Workload, asked: &Asked<'_>) -> Outcome<Selection> {
    let all = places(workload);
    if !asked.containers.is_empty() {
        return named(workload, &all, asked).map(|chosen| Selection::Clear(complete(chosen, &all, asked)));
    }
    let usable = |place: &&Place| !place.init && (asked.offline || place.repository().is_some());
    let mut mains: Vec<Place> = all.iter().filter(usable).cloned().collect();
    // Where several registries are in play, ECR's is what this plugin is about.
    if mains.len() > 1 && mains.iter().filter(|p| p.repository().is_some()).count() == 1 {
        mains.retain(|p| p.repository().is_some());
    }
    match mains.len() {
        0 => Err(no_ecr_image(workload, &all, asked)),
        1 => Ok(Selection::Clear(complete(mains, &all, asked))),
        _ => Ok(Selection::Several(mains)),
    }
}

/// The selection of one container among several.
#[must_use]
pub fn only(place: &Place, workload: &Workload, asked: &Asked<'_>) -> Selected {
    complete(vec![place.clone()], &places(workload), asked)
}

fn named(workload: &Workload, all: &[Place], asked: &Asked<'_>) -> Outcome<Vec<Place>> {
    let mut chosen: Vec<Place> = Vec::new();
    for name in asked.containers {
        let Some(place) = all.iter().find(|p| p.name == *name) else {
            return Err(Failure::failed(
                "NoSuchContainer",
                format!("{workload} has no container \"{}\": found {}", name.escape_debug(), names(all)),
            ));
        };
        if place.init && !asked.include_init {
            return Err(Failure::failed("InitContainer", format!("{place} goes back only where that is asked for"))
                .next("add --include-init-containers"));
        }
        if !chosen.contains(place) {
            chosen.push(place.clone());
        }
    }
    if let Some(other) = chosen.iter().find(|p| p.image != chosen[0].image) {
        let text = format!("{} and {other} have different images; they can't go back together", chosen[0]);
        return Err(Failure::failed("SeveralImages", text).next("name one container after the other"));
    }
    match EcrRepository::of(&chosen[0].image) {
        Err(why) if !asked.offline => {
            Err(Failure::failed("NotEcr", format!("{}: {why}", chosen[0])).next(offline(workload, asked)))
        }
        _ => Ok(chosen),
    }
}

fn complete(mut chosen: Vec<Place>, all: &[Place], asked: &Asked<'_>) -> Selected {
    let image = chosen[0].image.clone();
    if asked.include_init {
        let inits = all.iter().filter(|p| p.init && p.image == image && !chosen.contains(p)).cloned();
        chosen.extend(inits.collect::<Vec<_>>());
    }
    let repository = EcrRepository::of(&image).ok();
    let of_same = |p: &&Place| same_repository(&p.image, &image);
    let staying = all.iter().filter(of_same).filter(|p| !chosen.contains(p)).cloned().collect();
    Selected { places: chosen, repository, staying }
}

fn no_ecr_image(workload: &Workload, all: &[Place], asked: &Asked<'_>) -> Failure {
    let why: Vec<String> = all
        .iter()
        .filter(|p| !p.init)
        .filter_map(|p| EcrRepository::of(&p.image).err().map(|why| format!("{}: {why}", p.name)))
        .collect();
    Failure::failed("NotEcr", format!("no image of {workload} is in ECR\n{}", why.join("\n")))
        .next(offline(workload, asked))
}

fn offline(workload: &Workload, asked: &Asked<'_>) -> String {
    let containers: String = asked.containers.iter().map(|c| format!(" -c {}", shell_quote(c))).collect();
    format!("kubectl ecr-rollback {workload}{containers} --from rollout-history{}", asked.suffix)
}

fn names(all: &[Place]) -> String {
    all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const HOST: &str = "123456789012.dkr.ecr.ap-southeast-2.amazonaws.com";

    fn workload(containers: &Value, inits: &Value) -> Workload {
        let template = json!({"spec": {"containers": containers, "initContainers": inits}});
        let object = json!({"metadata": {"name": "api"}, "spec": {"selector": {}, "template": template}});
        serde_json::from_value::<k8s_openapi::api::apps::v1::Deployment>(object).unwrap().into()
    }

    fn container(name: &str, image: &str) -> Value {
        json!({"name": name, "image": format!("{HOST}/{image}")})
    }

    fn asked<'a>(containers: &'a [String], include_init: bool) -> Asked<'a> {
        Asked { containers, include_init, offline: false, suffix: " -n shop" }
    }

    fn clear(selection: Selection) -> (String, Vec<String>) {
        let Selection::Clear(selected) = selection else { panic!("{selection:?}") };
        (selected.names(), selected.staying.iter().map(|p| p.name.clone()).collect())
    }

    #[test]
    fn the_only_container_of_ecr_is_meant_and_sidecars_of_others_are_not() {
        let api = workload(
            &json!([{"name": "proxy", "image": "envoyproxy/envoy:v1"}, container("app", "api:1")]),
            &json!([]),
        );
        assert_eq!(clear(select(&api, &asked(&[], false)).unwrap()), ("app".into(), vec![]));
    }

    #[test]
    fn several_of_ecr_are_for_a_person_to_decide() {
        let api = workload(&json!([container("app", "api:1"), container("worker", "api:1")]), &json!([]));
        assert!(matches!(select(&api, &asked(&[], false)).unwrap(), Selection::Several(all) if all.len() == 2));
        let one = ["worker".to_owned()];
        assert_eq!(clear(select(&api, &asked(&one, false)).unwrap()), ("worker".into(), vec!["app".into()]));
        let both = ["app".to_owned(), "worker".to_owned()];
        assert_eq!(clear(select(&api, &asked(&both, false)).unwrap()), ("app, worker".into(), vec![]));
    }

    #[test]
    fn a_migration_stays_unless_it_is_asked_for() {
        let inits = json!([container("migrate", "api:1"), container("wait", "tools:3")]);
        let api = workload(&json!([container("app", "api:1")]), &inits);
        assert_eq!(clear(select(&api, &asked(&[], false)).unwrap()), ("app".into(), vec!["migrate".into()]));
        assert_eq!(clear(select(&api, &asked(&[], true)).unwrap()), ("app, migrate".into(), vec![]));
        let init = ["migrate".to_owned()];
        assert_eq!(select(&api, &asked(&init, false)).unwrap_err().reason, "InitContainer");
    }

    #[test]
    fn what_can_t_be_meant_is_refused() {
        let api = workload(&json!([container("app", "api:1"), container("job", "api:2")]), &json!([]));
        let (unknown, both) = (["web".to_owned()], ["app".to_owned(), "job".to_owned()]);
        assert_eq!(select(&api, &asked(&unknown, false)).unwrap_err().reason, "NoSuchContainer");
        assert_eq!(select(&api, &asked(&both, false)).unwrap_err().reason, "SeveralImages");
        let hub = workload(&json!([{"name": "app", "image": "nginx:1"}]), &json!([]));
        assert_eq!(select(&hub, &asked(&[], false)).unwrap_err().reason, "NotEcr");
        let offline = Asked { offline: true, ..asked(&[], false) };
        assert_eq!(clear(select(&hub, &offline).unwrap()), ("app".into(), vec![]));
    }
}
