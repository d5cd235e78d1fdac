//! Kinds whose objects may need images that no pod, no template and no revision of Kubernetes' own
//! shows: they make their pods later, or out of something else than a built-in kind.

use schemars::JsonSchema;
use serde::Serialize;

/// Kinds by their API group, as their projects have them.
const KNOWN: &[(&str, &[&str])] = &[
    ("actions.github.com", &["autoscalingrunnersets", "ephemeralrunnersets"]),
    ("actions.summerwind.dev", &["runnerdeployments", "runnersets", "runners"]),
    ("agones.dev", &["fleets", "gameservers", "gameserversets"]),
    ("apps.kruise.io", &["broadcastjobs", "advancedcronjobs", "clonesets", "sidecarsets", "uniteddeployments"]),
    ("apps.openshift.io", &["deploymentconfigs"]),
    ("argoproj.io", &["rollouts", "experiments", "sensors", "analysistemplates", "clusteranalysistemplates"]),
    ("cdi.kubevirt.io", &["datavolumes", "dataimportcrons"]),
    // Envoy pulls a WebAssembly module, and a webhook adds an agent's image, to pods that don't name it.
    ("extensions.istio.io", &["wasmplugins"]),
    ("flink.apache.org", &["flinkdeployments"]),
    ("kubeflow.org", &["notebooks"]),
    ("kubevirt.io", &["virtualmachines", "virtualmachineinstances", "virtualmachineinstancereplicasets"]),
    ("leaderworkerset.x-k8s.io", &["leaderworkersets"]),
    ("jobset.x-k8s.io", &["jobsets"]),
    ("machinelearning.seldon.io", &["seldondeployments"]),
    ("opentelemetry.io", &["instrumentations"]),
    ("operators.coreos.com", &["clusterserviceversions"]),
    ("pkg.crossplane.io", &["configurations", "functions", "providers"]),
    ("pool.kubevirt.io", &["virtualmachinepools"]),
    ("postgresql.cnpg.io", &["clusters", "imagecatalogs", "clusterimagecatalogs"]),
    ("ray.io", &["rayclusters", "rayservices"]),
    ("serving.knative.dev", &["services", "configurations", "revisions"]),
    ("serving.kserve.io", &["inferenceservices", "servingruntimes", "clusterservingruntimes"]),
    // Charts and manifests lie in repositories, too, and no pod pulls them.
    ("source.toolkit.fluxcd.io", &["helmcharts", "ocirepositories"]),
    ("sources.knative.dev", &["containersources"]),
    ("sparkoperator.k8s.io", &["sparkapplications", "scheduledsparkapplications"]),
    ("tekton.dev", &["stepactions", "pipelines", "pipelineruns"]),
    ("trainer.kubeflow.org", &["trainingruntimes", "clustertrainingruntimes"]),
    ("triggers.tekton.dev", &["triggertemplates"]),
];
/// What kinds are called, wherever they come from, that run something later.
const TELLING: [&str; 9] = [
    "jobs",
    "workflows",
    "workflowtemplates",
    "tasks",
    "taskruns",
    "podtemplates",
    "statefulsets",
    "daemonsets",
    "replicasets",
];
/// These have such names and need no images of anybody's own.
const HARMLESS: [&str; 2] = ["longhorn.io", "velero.io"];
/// Their kinds are read.
const READ: [&str; 2] = ["apps", "batch"];

/// A kind that exists in a cluster and was not read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UnreadKind {
    /// `rollouts.argoproj.io`
    pub kind: String,
    /// How many there are; absent where they can't be counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub objects: Option<u64>,
    /// Why they can't be read, where they would be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

impl UnreadKind {
    /// `3 rollouts.argoproj.io`, `jobs.batch (forbidden)`
    #[must_use]
    pub fn in_words(&self) -> String {
        let count = self.objects.map(|count| format!("{count} ")).unwrap_or_default();
        let why = self.why.as_ref().map(|why| format!(" ({why})")).unwrap_or_default();
        format!("{count}{}{why}", self.kind)
    }
}

/// `rollouts.argoproj.io`; core kinds have no group.
#[must_use]
pub fn kind_name(group: &str, plural: &str) -> String {
    if group.is_empty() { plural.to_owned() } else { format!("{plural}.{group}") }
}

/// Objects of that kind may need images that are seen nowhere else.
#[must_use]
pub fn may_need_images(group: &str, plural: &str) -> bool {
    let known = KNOWN.iter().any(|(of, plurals)| *of == group && plurals.contains(&plural));
    let telling = !HARMLESS.contains(&group) && TELLING.iter().any(|name| plural.ends_with(name));
    !group.is_empty() && !READ.contains(&group) && (known || telling)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whoever is told "nothing in use goes" would lose the images of these.
    #[test]
    fn what_runs_something_later_is_named_and_nothing_else_is() {
        let named = "rollouts.argoproj.io cronworkflows.argoproj.io clusterworkflowtemplates.argoproj.io scaledjobs.keda.sh \
             services.serving.knative.dev revisions.serving.knative.dev clonesets.apps.kruise.io \
             statefulsets.apps.kruise.io deploymentconfigs.apps.openshift.io tasks.tekton.dev clustertasks.tekton.dev \
             jobs.batch.volcano.sh pytorchjobs.kubeflow.org rayjobs.ray.io cronjobs.example.com jobsets.jobset.x-k8s.io \
             ocirepositories.source.toolkit.fluxcd.io wasmplugins.extensions.istio.io \
             instrumentations.opentelemetry.io datavolumes.cdi.kubevirt.io functions.pkg.crossplane.io \
             clusters.postgresql.cnpg.io";
        let silent = "deployments.apps jobs.batch cronjobs.batch applications.argoproj.io applicationsets.argoproj.io \
             scaledobjects.keda.sh routes.serving.knative.dev machinedeployments.cluster.x-k8s.io \
             recurringjobs.longhorn.io certificates.cert-manager.io virtualservices.networking.istio.io \
             poddisruptionbudgets.policy gitrepositories.source.toolkit.fluxcd.io \
             opentelemetrycollectors.opentelemetry.io";
        let split = |names: &'static str| names.split_whitespace().map(|name| name.split_once('.').unwrap());
        assert!(split(named).all(|(plural, group)| may_need_images(group, plural)));
        let wrong: Vec<_> = split(silent).filter(|(plural, group)| may_need_images(group, plural)).collect();
        assert_eq!(wrong, []);
    }
}
