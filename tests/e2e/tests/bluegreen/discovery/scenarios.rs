//! Whole set-ups as teams have written them.

use anyhow::{Result, ensure};
use e2e::bluegreen::run::bluegreen;
use e2e::common::run::{Ended, finding_ids};
use e2e::{LIMIT, namespace};

use super::{labels, moves, selector};

/// Two Deployments behind a load balancer, told apart by `track`, on an image registry of AWS.
const SHOP_FRONT: &str = r#"
apiVersion: apps/v1
kind: Deployment
metadata: {name: shopfront-blue}
spec:
  replicas: 3
  selector: {matchLabels: {app: shopfront, track: blue}}
  template:
    metadata: {labels: {app: shopfront, track: blue}}
    spec:
      containers:
        - name: shopfront
          image: registry.example.com/shopfront:v7
          resources: {requests: {cpu: 50m, memory: 64Mi}}
          ports: [{containerPort: 8080}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: shopfront-green}
spec:
  replicas: 3
  selector: {matchLabels: {app: shopfront, track: green}}
  template:
    metadata: {labels: {app: shopfront, track: green}}
    spec:
      containers:
        - name: shopfront
          image: registry.example.com/shopfront:v8
          env: [{name: NEW_BASKET, value: "on"}]
          ports: [{containerPort: 8080}]
---
apiVersion: v1
kind: Service
metadata: {name: shopfront-lb}
spec:
  type: LoadBalancer
  selector: {app: shopfront, track: blue}
  ports: [{port: 80, targetPort: 8080}]
"#;

/// The Service `orders`, and one budget over both colors.
const ORDERS_SERVICE: &str = r#"
apiVersion: v1
kind: Service
metadata: {name: orders}
spec:
  selector: {app: orders, version: blue}
  ports: [{name: http, port: 80, targetPort: http}]
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: orders-budget}
spec:
  minAvailable: 75%
  selector: {matchLabels: {app: orders}}
"#;

/// A Service with probes, hooks, and one budget over both colors; a route that names no color.
fn orders() -> String {
    let color = |name: &str, tag: &str| {
        format!(
            r#"
apiVersion: apps/v1
kind: Deployment
metadata: {{name: orders-{name}, labels: {{app: orders, version: {name}}}}}
spec:
  replicas: 4
  selector: {{matchLabels: {{app: orders, version: {name}}}}}
  template:
    metadata: {{labels: {{app: orders, version: {name}}}}}
    spec:
      terminationGracePeriodSeconds: 45
      containers:
        - name: orders
          image: registry.example.com/orders:{tag}
          ports: [{{name: http, containerPort: 8080}}]
          readinessProbe:
            httpGet: {{path: /ready, port: 8080}}
            periodSeconds: 5
            failureThreshold: 3
          lifecycle: {{preStop: {{exec: {{command: [sh, -c, sleep 8]}}}}}}
"#
        )
    };
    [color("blue", "3.1.0"), color("green", "3.2.0"), ORDERS_SERVICE.to_owned()].join("---")
}

/// The set-up of most teams on EKS would need configuration first.
#[tokio::test]
async fn two_deployments_behind_a_load_balancer() -> Result<()> {
    let ns = namespace("shopfront").await?;
    ns.apply_yaml(SHOP_FRONT).await?;
    for color in ["blue", "green"] {
        ns.rolled_out(&format!("deployment/shopfront-{color}"), LIMIT).await?;
    }
    bluegreen(&ns, "status shopfront-lb").await?.ends(0)?.tells("shopfront:v8")?;
    moves(&ns, "shopfront-lb", "--to green", "app=shopfront track=green").await?;
    moves(&ns, "shopfront-lb", "--to-image v8", "app=shopfront track=green").await
}

/// The set-up with everything that is recommended would be refused, or the shared budget not seen.
#[tokio::test]
async fn probes_hooks_and_a_shared_budget() -> Result<()> {
    let ns = namespace("orders").await?;
    ns.apply_yaml(&orders()).await?;
    for color in ["blue", "green"] {
        ns.rolled_out(&format!("deployment/orders-{color}"), LIMIT).await?;
    }
    let preflight = bluegreen(&ns, "preflight orders --to green -ojson").await?.ends(0)?.json()?;
    assert_eq!(finding_ids(&preflight), ["pdb-spans-colors"], "{preflight:#}");
    moves(&ns, "orders", "--to green", "app=orders version=green").await
}

/// A mesh that sends to stable and canary subsets: the selector is not what decides.
#[tokio::test]
async fn stable_and_canary_subsets_are_left_to_their_route() -> Result<()> {
    let ns = namespace("orders-mesh").await?;
    ns.apply_yaml(&orders()).await?;
    let route = r#"
apiVersion: networking.istio.io/v1beta1
kind: VirtualService
metadata: {name: orders}
spec:
  hosts: [orders.internal]
  http:
    - route:
        - {destination: {host: orders, subset: stable}, weight: 90}
        - {destination: {host: orders, subset: canary}, weight: 10}
"#;
    ns.apply_yaml(route).await?;
    for color in ["blue", "green"] {
        ns.rolled_out(&format!("deployment/orders-{color}"), LIMIT).await?;
    }
    let document = bluegreen(&ns, "switch orders --to green --yes --verify-for=0 -ojson").await?.ends(1)?.json()?;
    ensure!(finding_ids(&document).contains(&"route-decides".to_owned()), "{document:#}");
    assert_eq!(selector(&ns, "orders").await?, labels("app=orders version=blue"));
    Ok(())
}
