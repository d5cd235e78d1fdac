//! Ingresses of AWS load balancers, whose action annotation shares requests between a Service for each color.

use anyhow::{Context, Result, ensure};
use e2e::bluegreen::app::replicas;
use e2e::bluegreen::routed::{ACTION, action_of, balanced, forward, object, two_colors};
use e2e::bluegreen::run::{bluegreen, bluegreen_as};
use e2e::common::permissions::bound_to_all;
use e2e::common::run::{Ended, finding, finding_ids};
use e2e::namespace;
use k8s_openapi::api::networking::v1::Ingress;
use lab::Namespace;
use serde_json::{Value, json};

const SWITCH: &str = "switch api --to green --yes --verify-for=0";

async fn routed(test: &str, action: &str) -> Result<Namespace> {
    let ns = namespace(test).await?;
    two_colors(&ns, 2).await?;
    ns.apply(&balanced(action)).await?;
    Ok(ns)
}

/// The object without what the API server keeps of its own, and our records.
async fn bare(ns: &Namespace) -> Result<Value> {
    let mut object = object(ns, "ingress/edge").await?;
    for name in ["managedFields", "resourceVersion", "generation"] {
        object["metadata"][name].take();
    }
    if let Some(annotations) = object["metadata"]["annotations"].as_object_mut() {
        annotations.retain(|key, _| !key.starts_with("kubectl-release.dev/"));
    }
    Ok(object)
}

async fn annotate(ns: &Namespace, key: &str, value: Option<&str>) -> Result<()> {
    ns.annotate::<Ingress>("edge", key, value).await.map(drop)
}

/// Two numbers of one annotation change, and nothing else of the whole object: blanks, the order of members, fields
/// that nobody knows, other actions.
#[tokio::test]
async fn a_release_goes_there_and_back_by_two_numbers() -> Result<()> {
    let text = "{ \"type\": \"forward\", \"x\": \"a\",  \"ForwardConfig\": {\"TargetGroups\": [ {\"ServiceName\": \"api-blue\", \"ServicePort\": \"80\", \"Weight\": 100},  {\"Weight\":0, \"ServiceName\": \"api-green\", \"ServicePort\": 80 } ]} }";
    let ns = routed("alb-release", text).await?;
    annotate(&ns, "alb.ingress.kubernetes.io/actions.ssl-redirect", Some("{\"type\":\"redirect\"}")).await?;
    let status = bluegreen(&ns, "status api -ojson").await?.ends(0)?.json()?;
    assert_eq!(status["services"][0]["router"]["name"].as_str(), Some(&*format!("alb/{}/edge", ns.name())));
    for mode in ["client", "server"] {
        bluegreen(&ns, &format!("switch api --to green --dry-run={mode}")).await?.ends(0)?;
        assert_eq!(action_of(&ns).await?, text);
    }
    let before = bare(&ns).await?;
    bluegreen(&ns, "switch api --to green --yes --verify-for=2s").await?.ends(0)?.tells("service/api switched")?;
    let moved = text.replace("\"Weight\": 100", "\"Weight\": 0").replace("\"Weight\":0,", "\"Weight\":100,");
    let mut after = bare(&ns).await?;
    assert_eq!(after["metadata"]["annotations"][ACTION].as_str(), Some(&*moved));
    after["metadata"]["annotations"][ACTION] = json!(text);
    assert_eq!(after, before);
    bluegreen(&ns, "history api").await?.ends(0)?.tells("green")?;
    bluegreen(&ns, "rollback api --yes").await?.ends(0)?;
    assert_eq!(bare(&ns).await?, before);
    Ok(())
}

/// The same verbs: what is left is cleaned up, deployed to and moved to again, in lists too.
#[tokio::test]
async fn the_color_that_is_left_is_taken_down_and_deployed_again() -> Result<()> {
    let ns = routed("alb-cleanup", &forward(100, 0)).await?;
    bluegreen(&ns, &format!("{SWITCH} --retain=0s")).await?.ends(0)?;
    bluegreen(&ns, "status").await?.ends(0)?.tells("green")?;
    bluegreen(&ns, "cleanup --due --yes").await?.ends(0)?;
    assert_eq!((replicas(&ns, "api-blue").await?, replicas(&ns, "api-green").await?), (0, 2));
    let deploy = "deploy api --image app=registry.example.com/api:1.6.0";
    let output = bluegreen(&ns, &format!("{deploy} --dry-run=client -oyaml")).await?.ends(0)?;
    ensure!(output.stdout.contains("kind: Ingress"), "{}", output.stdout);
    bluegreen(&ns, &format!("{deploy} --yes --verify-for=0")).await?.ends(0)?;
    assert_eq!(action_of(&ns).await?, forward(100, 0));
    Ok(())
}

/// A binding that the controller makes for the target group of an idle color keeps nothing up (argo-rollouts#4595 is
/// why the color stays for its retention all the same).
#[tokio::test]
async fn target_groups_without_requests_are_no_use_of_a_color() -> Result<()> {
    let ns = routed("alb-bindings", &forward(100, 0)).await?;
    let binding = |labels: Value| {
        json!({"apiVersion": "elbv2.k8s.aws/v1beta1", "kind": "TargetGroupBinding",
            "metadata": {"name": "k8s-shop-apiblue", "labels": labels},
            "spec": {"serviceRef": {"name": "api-blue", "port": 80}, "targetType": "ip", "targetGroupARN": "arn:blue"}})
    };
    ns.apply(&binding(json!({"app": "other"}))).await?;
    bluegreen(&ns, &format!("{SWITCH} --retain=0s")).await?.ends(0)?;
    bluegreen(&ns, "cleanup api --yes").await?.ends(1)?.tells("targetgroupbinding/k8s-shop-apiblue")?;
    let own = json!({"ingress.k8s.aws/stack-namespace": ns.name(), "ingress.k8s.aws/stack-name": "edge"});
    ns.apply(&binding(own)).await?;
    bluegreen(&ns, "cleanup api --yes").await?.ends(0)?;
    Ok(())
}

/// Target groups of a team that makes them by Terraform, in the short and in the long form: bindings tell whose pods
/// they have.
#[tokio::test]
async fn target_groups_named_by_themselves_are_told_by_their_bindings() -> Result<()> {
    let groups = json!([{"targetGroupARN": "arn:blue", "weight": 1}, {"targetGroupName": "green", "weight": 0}]);
    let action = json!({"type": "forward", "forwardConfig": {"targetGroups": groups}}).to_string();
    let ns = routed("alb-arn", &action).await?;
    bluegreen(&ns, SWITCH).await?.ends(1)?;
    for (color, named) in
        [("blue", json!({"targetGroupARN": "arn:blue"})), ("green", json!({"targetGroupName": "green"}))]
    {
        let mut binding = json!({"apiVersion": "elbv2.k8s.aws/v1beta1", "kind": "TargetGroupBinding",
            "metadata": {"name": format!("api-{color}")},
            "spec": {"serviceRef": {"name": format!("api-{color}"), "port": 80}, "targetType": "ip"}});
        binding["spec"].as_object_mut().context("a spec")?.extend(named.as_object().context("names")?.clone());
        ns.apply(&binding).await?;
    }
    bluegreen(&ns, "status api").await?.ends(0)?.tells("alb/")?;
    bluegreen(&ns, SWITCH).await?.ends(0)?;
    let moved = action.replace("\"weight\":1", "\"weight\":9").replace("\"weight\":0", "\"weight\":1");
    assert_eq!(action_of(&ns).await?, moved.replace("\"weight\":9", "\"weight\":0"));
    Ok(())
}

/// What the load balancer's controller would take nothing of: the weights would be written, called done, and reach
/// nobody (argo-rollouts#491, argo-rollouts#1572).
#[tokio::test]
async fn an_action_that_its_controller_refuses_is_not_moved() -> Result<()> {
    let ns = routed("alb-refused", &forward(100, 0).replace(",\"weight\":0", "")).await?;
    bluegreen(&ns, "switch api --to green --yes").await?.ends(1)?;
    let broken = "alb.ingress.kubernetes.io/actions.broken";
    annotate(&ns, ACTION, Some(&forward(100, 0))).await?;
    annotate(&ns, broken, Some("{")).await?;
    let backend = json!({"service": {"name": "broken", "port": {"name": "use-annotation"}}});
    let path = json!([{"op": "add", "path": "/spec/rules/0/http/paths/-",
        "value": {"path": "/broken", "pathType": "Prefix", "backend": backend}}]);
    ns.kubectl(&["patch", "ingress", "edge", "--type=json", "-p", &path.to_string()]).await?;
    let document = bluegreen(&ns, "switch api --to green --yes -ojson").await?.ends(1)?.json()?;
    let found = finding(&document, "route-refused").context("no finding")?;
    ensure!(found["message"].to_string().contains("action broken"), "{found:#}");
    assert_eq!(action_of(&ns).await?, forward(100, 0));
    annotate(&ns, broken, Some(&forward(100, 0))).await?;
    ns.kubectl(&[
        "patch",
        "ingress",
        "edge",
        "--type=json",
        "-p",
        r#"[{"op": "remove", "path": "/spec/rules/0/http/paths/1"}]"#,
    ])
    .await?;
    let sticky = forward(100, 0)
        .replace("]}}", "],\"targetGroupStickinessConfig\":{\"enabled\":true,\"durationSeconds\":200}}}");
    annotate(&ns, ACTION, Some(&sticky)).await?;
    let document = bluegreen(&ns, &format!("{SWITCH} -ojson")).await?.ends(0)?.json()?;
    let found = finding(&document, "route-sticky").context("no finding")?;
    ensure!(found["message"].to_string().contains("for 200 s: returning users stay on blue"), "{found:#}");
    Ok(())
}

/// Annotations that are left over on an Ingress of another controller decide nothing, and are not moved.
#[tokio::test]
async fn an_ingress_of_another_class_is_not_moved() -> Result<()> {
    let ns = routed("alb-class", &forward(100, 0)).await?;
    ns.patch::<Ingress>("edge", json!({"spec": {"ingressClassName": "alb-of-nobody"}})).await?;
    bluegreen(&ns, SWITCH).await?.ends(1)?;
    assert_eq!(action_of(&ns).await?, forward(100, 0));
    let class = json!({"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass",
        "metadata": {"name": format!("alb-{}", ns.name())}, "spec": {"controller": "ingress.k8s.aws/alb"}});
    ns.apply(&class).await?;
    ns.patch::<Ingress>("edge", json!({"spec": {"ingressClassName": format!("alb-{}", ns.name())}})).await?;
    bluegreen(&ns, SWITCH).await?.ends(0)?;
    assert_eq!(action_of(&ns).await?, forward(0, 100));
    Ok(())
}

/// Several actions: which one is meant is said, with commands; split weights and a missing color are told.
#[tokio::test]
async fn actions_are_named_and_what_they_lack_is_told() -> Result<()> {
    let ns = routed("alb-actions", &forward(100, 0)).await?;
    let beta = "alb.ingress.kubernetes.io/actions.beta";
    annotate(&ns, beta, Some(&forward(1, 0))).await?;
    let backend = json!({"service": {"name": "beta", "port": {"name": "use-annotation"}}});
    let path = json!([{"op": "add", "path": "/spec/rules/0/http/paths/-",
        "value": {"path": "/beta", "pathType": "Prefix", "backend": backend}}]);
    ns.kubectl(&["patch", "ingress", "edge", "--type=json", "-p", &path.to_string()]).await?;
    let one = format!("--router=alb/{}/edge:api", ns.name());
    bluegreen(&ns, "switch api --to green --yes").await?.ends(1)?.tells(&one)?;
    let document = bluegreen(&ns, &format!("{SWITCH} {one} -ojson")).await?.ends(0)?.json()?;
    ensure!(finding_ids(&document).contains(&"past-route".to_owned()), "{document:#}");
    assert_eq!(action_of(&ns).await?, forward(0, 100));
    bluegreen(&ns, "rollback api --yes").await?.ends(0)?;
    annotate(&ns, beta, None).await?;
    annotate(&ns, ACTION, Some(&forward(90, 10))).await?;
    let document = bluegreen(&ns, "switch api --to green --yes -ojson").await?.ends(1)?.json()?;
    assert_eq!(document["reason"], json!("SplitWeights"), "{document:#}");
    ensure!(document.to_string().contains("kubectl patch ingress/edge"), "{document:#}");
    Ok(())
}

/// The rights are those on the Ingress.
#[tokio::test]
async fn whoever_may_move_routes_may_move_it() -> Result<()> {
    let ns = routed("alb-rights", &forward(100, 0)).await?;
    let reader = bound_to_all(&ns, &["bluegreen"]).await?;
    bluegreen_as(&ns.kubectl_as(&reader.kubeconfig), SWITCH).await?.ends(1)?.tells("cannot patch")?;
    let writer = bound_to_all(&ns, &["bluegreen", "bluegreen-routes"]).await?;
    let kubectl = ns.kubectl_as(&writer.kubeconfig);
    bluegreen_as(&kubectl, SWITCH).await?.ends(0)?;
    bluegreen_as(&kubectl, "rollback api --yes").await?.ends(0)?;
    assert_eq!(action_of(&ns).await?, forward(100, 0));
    Ok(())
}

/// Two target groups of one color, 500 and 500: their sum is more than the controller takes, and it would take nothing
/// of the Ingress from then on.
#[tokio::test]
async fn no_weight_is_more_than_the_controller_takes() -> Result<()> {
    let group =
        |service: &str, port: u32, weight: u32| json!({"serviceName": service, "servicePort": port, "weight": weight});
    let all = [group("api-blue", 80, 500), group("api-blue", 81, 500), group("api-green", 80, 0)];
    let action = json!({"type": "forward", "forwardConfig": {"targetGroups": all}}).to_string();
    let ns = routed("alb-sum", &action).await?;
    bluegreen(&ns, SWITCH).await?.ends(0)?;
    let action: Value = serde_json::from_str(&action_of(&ns).await?)?;
    let weights: Vec<_> = (0..3).map(|at| action["forwardConfig"]["targetGroups"][at]["weight"].as_i64()).collect();
    assert_eq!(weights, [Some(0), Some(0), Some(999)]);
    bluegreen(&ns, "rollback api --yes").await?.ends(0).map(drop)
}

/// Quoted numbers: the controller takes nothing of it, and what we have moved by it would be taken for a Service whose
/// selector decides.
#[tokio::test]
async fn an_action_of_ours_that_became_unreadable_is_told() -> Result<()> {
    let ns = routed("alb-unreadable", &forward(100, 0)).await?;
    bluegreen(&ns, SWITCH).await?.ends(0)?;
    let quoted = action_of(&ns).await?.replace("\"weight\":0", "\"weight\":\"0\"");
    annotate(&ns, ACTION, Some(&quoted)).await?;
    let document = bluegreen(&ns, "rollback api --yes -ojson").await?.ends(1)?.json()?;
    assert_eq!(document["reason"], json!("RouteUndecided"), "{document:#}");
    Ok(())
}
