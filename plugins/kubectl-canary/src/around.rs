//! What stands around the stable Deployment: Services in front, autoscalers and budgets.

use futures::future::join3;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::core::v1::Service;
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use release_cluster::Cluster;
use release_cluster::read::{ListQuery, Reading};
use release_core::failure::{Failure, Outcome};
use release_core::kube::path::collection;
use release_core::kube::service::service_name;
use release_core::kube::{Workload, has_all};

/// As it was read before the first write.
#[derive(Debug)]
pub struct Around {
    /// Services whose selector the stable pods have.
    pub services: Vec<String>,
    pub autoscalers: Reading<Vec<HorizontalPodAutoscaler>>,
    pub budgets: Reading<Vec<PodDisruptionBudget>>,
    /// The user as the API server knows them, else as the kubeconfig does.
    pub user: String,
}

/// Reads it.
///
/// # Errors
/// Exit 1 where the Services can't be read: without them nobody knows what serves.
pub async fn read(cluster: &Cluster, stable: &Workload) -> Outcome<Around> {
    let query = ListQuery::default();
    let path = collection::<Service>(Some(&cluster.namespace));
    let optional = join3(cluster.reading(&query), cluster.reading(&query), user(cluster));
    let (services, (autoscalers, budgets, user)) =
        futures::future::join(cluster.list::<Service>(&path, &query), optional).await;
    let services = services.map_err(Failure::from)?.items;
    let labels = stable.pod_labels();
    let selects = |service: &&Service| {
        let selector = service.spec.as_ref().and_then(|spec| spec.selector.as_ref());
        selector.is_some_and(|selector| !selector.is_empty() && has_all(&labels, selector))
    };
    let services = services.iter().filter(selects).map(|service| service_name(service).to_owned()).collect();
    Ok(Around { services, autoscalers, budgets, user })
}

/// Who we are.
pub async fn user(cluster: &Cluster) -> String {
    cluster.who_am_i().await.unwrap_or_else(|_| cluster.user.clone())
}
