//! Which containers of the template a rollback is about.

use release_core::command::{Command, Scope};
use release_core::failure::{Failure, Outcome};
use release_core::kube::Workload;
use release_core::registry::ecr_reference::{EcrRepository, same_repository};
use release_core::workload::revisions::may_have_another;

use release_core::workload::container_image::{ContainerImage, containers_of};

/// The containers that go back, all with one image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selected {
    /// At least one.
    pub containers: Vec<ContainerImage>,
    /// Nothing where the image is of another registry, which only the rollout history can help.
    pub repository: Option<EcrRepository>,
    /// Others of the same repository, which stay.
    pub staying: Vec<ContainerImage>,
}

impl Selected {
    /// The image that is being left.
    #[must_use]
    pub fn image(&self) -> &str {
        &self.containers[0].image
    }

    /// The container that pods and revisions are asked about.
    #[must_use]
    pub fn container(&self) -> &str {
        &self.containers[0].name
    }

    /// Their names, for people.
    #[must_use]
    pub fn names(&self) -> String {
        let names: Vec<&str> = self.containers.iter().map(|p| p.name.as_str()).collect();
        names.join(", ")
    }
}

/// What the flags and the template leave to decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    Clear(Selected),
    /// A person decides, or `-c`.
    Several(Vec<ContainerImage>),
}

/// What was asked for.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    pub containers: &'a [String],
    /// Init containers of the same image go back too; sidecars don't need it.
    pub include_init: bool,
    /// The image that is gone to was named.
    pub names_target: bool,
    /// No registry is asked, so that it need not be ECR.
    pub offline: bool,
    /// For printed commands.
    pub scope: &'a Scope,
}

/// Finds the containers that are meant.
///
/// # Errors
/// Exit 1 where a named container isn't there, where several have several images, or where no
/// image is of ECR.
pub fn select(workload: &Workload, asked: &Asked<'_>) -> Outcome<Selection> {
    let all = containers_of(workload);
    if !asked.containers.is_empty() {
        return named(workload, &all, asked).map(|chosen| Selection::Clear(complete(chosen, &all, asked)));
    }
    let usable = |one: &&ContainerImage| !one.runs_before() && (asked.offline || one.ecr_repository().is_some());
    let (sidecars, mut mains): (Vec<_>, Vec<_>) = all.iter().filter(usable).cloned().partition(|one| one.sidecar);
    // One of the application's image goes with the application.
    if mains.is_empty() {
        mains = sidecars;
    }
    // Where several registries are in play, ECR's is what this plugin is about.
    if mains.len() > 1 && mains.iter().filter(|p| p.ecr_repository().is_some()).count() == 1 {
        mains.retain(|p| p.ecr_repository().is_some());
    }
    match mains.len() {
        0 => Err(no_ecr_image(workload, &all, asked)),
        1 => {
            let image = &mains[0].image;
            let along = all.iter().filter(|one| one.sidecar && one.image == *image && **one != mains[0]);
            let chosen = mains.iter().chain(along).cloned().collect();
            Ok(Selection::Clear(complete(chosen, &all, asked)))
        }
        _ => Ok(Selection::Several(mains)),
    }
}

/// The selection of one container among several.
#[must_use]
pub fn only(chosen: &ContainerImage, workload: &Workload, asked: &Asked<'_>) -> Selected {
    complete(vec![chosen.clone()], &containers_of(workload), asked)
}

fn named(workload: &Workload, all: &[ContainerImage], asked: &Asked<'_>) -> Outcome<Vec<ContainerImage>> {
    let mut chosen: Vec<ContainerImage> = Vec::new();
    for name in asked.containers {
        let Some(found) = all.iter().find(|p| p.name == *name) else {
            return Err(Failure::failed(
                "NoSuchContainer",
                format!("{workload} has no container \"{}\": found {}", name.escape_debug(), names(all)),
            ));
        };
        if found.runs_before() && !asked.include_init {
            return Err(Failure::failed("InitContainer", format!("{found} goes back only where that is asked for"))
                .next("add --include-init-containers"));
        }
        if !chosen.contains(found) {
            chosen.push(found.clone());
        }
    }
    if let Some(other) = chosen.iter().find(|p| p.image != chosen[0].image) {
        let text = format!("{} and {other} have different images; they can't go back together", chosen[0]);
        return Err(Failure::failed("SeveralImages", text).next("name one container after the other"));
    }
    match EcrRepository::of(&chosen[0].image) {
        Err(why) if !asked.offline => {
            Err(or_offline(Failure::failed("NotEcr", format!("{}: {why}", chosen[0])), workload, asked))
        }
        _ => Ok(chosen),
    }
}

/// Adds the init containers that are asked for. Where one was named, that is the one.
fn complete(mut chosen: Vec<ContainerImage>, all: &[ContainerImage], asked: &Asked<'_>) -> Selected {
    let image = chosen[0].image.clone();
    if asked.include_init && !chosen.iter().any(ContainerImage::runs_before) {
        let inits = all.iter().filter(|p| p.runs_before() && p.image == image).cloned();
        chosen.extend(inits.collect::<Vec<_>>());
    }
    let repository = EcrRepository::of(&image).ok();
    let of_same = |p: &&ContainerImage| same_repository(&p.image, &image);
    let staying = all.iter().filter(of_same).filter(|p| !chosen.contains(p)).cloned().collect();
    Selected { containers: chosen, repository, staying }
}

fn no_ecr_image(workload: &Workload, all: &[ContainerImage], asked: &Asked<'_>) -> Failure {
    let why: Vec<String> = all
        .iter()
        .filter(|p| !p.runs_before())
        .filter_map(|p| EcrRepository::of(&p.image).err().map(|why| format!("{}: {why}", p.name)))
        .collect();
    or_offline(
        Failure::failed("NotEcr", format!("no image of {workload} is in ECR\n{}", why.join("\n"))),
        workload,
        asked,
    )
}

/// The rollout history needs no ECR, where there is one; it can't be asked for an image by name.
fn or_offline(failure: Failure, workload: &Workload, asked: &Asked<'_>) -> Failure {
    if asked.names_target || !may_have_another(workload) {
        return failure;
    }
    let command = Command::new("kubectl ecr-rollback").arg(workload.reference());
    let command = asked.containers.iter().fold(command, |command, name| command.flag("-c", name));
    failure.try_next(command.flag("--from", "rollout-history").scope(asked.scope))
}

fn names(all: &[ContainerImage]) -> String {
    all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use serde_json::{Value, json};

    use super::*;

    static ANYWHERE: LazyLock<Scope> = LazyLock::new(Scope::default);
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
        Asked { containers, include_init, names_target: false, offline: false, scope: &ANYWHERE }
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

    /// The sidecar of an application would stay at the release that is bad, or a migration go with it.
    #[test]
    fn a_native_sidecar_is_a_container_and_what_is_named_is_what_moves() {
        let sidecar = |image: &str| {
            let mut sidecar = container("side", image);
            sidecar["restartPolicy"] = json!("Always");
            sidecar
        };
        let inits = json!([container("mig", "api:1"), sidecar("api:1")]);
        let api = workload(&json!([container("web", "api:1")]), &inits);
        let moved = |names: &[&str], include_init| {
            let names: Vec<String> = names.iter().map(ToString::to_string).collect();
            clear(select(&api, &asked(&names, include_init)).unwrap()).0
        };
        assert_eq!(moved(&[], false), "web, side");
        assert_eq!(moved(&[], true), "web, side, mig");
        assert_eq!(moved(&["web", "side"], false), "web, side");
        assert_eq!(moved(&["side"], false), "side");
        assert_eq!(moved(&["web"], false), "web");
        assert_eq!(moved(&["mig"], true), "mig");
        assert_eq!(moved(&["web"], true), "web, mig");
        // Its own release, or another image: it is none of this.
        let other = workload(&json!([container("web", "api:1")]), &json!([sidecar("api:2")]));
        assert_eq!(clear(select(&other, &asked(&[], false)).unwrap()), ("web".into(), vec!["side".into()]));
        let alone = workload(&json!([{"name": "web", "image": "nginx:1"}]), &json!([sidecar("api:2")]));
        assert_eq!(clear(select(&alone, &asked(&[], false)).unwrap()).0, "side");
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
