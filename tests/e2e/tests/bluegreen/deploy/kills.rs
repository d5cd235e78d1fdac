//! SIGKILL at every call of a deploy: the same words again finish it, and the opposite ones undo it.

use anyhow::{Context, Result, ensure};
use e2e::bluegreen::app::{active, api, color, replicas, rolled_out};
use e2e::bluegreen::run::{bluegreen, killed_at};
use e2e::bluegreen::setup::{Setup, State};
use e2e::common::kill_points::{AT_ONCE, HeldRun, Hold, kill_at};
use e2e::common::run::{Ended, admin};
use e2e::namespace;
use futures::future::try_join_all;
use lab::api_proxy::{ApiProxy, Call, When};
use lab::fixtures::{Behavior, autoscaler};

use super::{NEXT, images};

const DEPLOY: &[&str] = &["deploy", "api", "--image", "app=registry.example.com/api:1.6.0", "--yes", "--verify-for=0"];
const TO_GREEN: &[&str] = &["switch", "api", "--to", "green", "--yes", "--verify-for=0"];
const BACK: &[&str] = &["rollback", "api", "--yes"];

/// A pipeline's machine goes away in the middle of a release: the color would be half prepared, or the traffic
/// on it, and nobody could go on.
#[tokio::test]
async fn a_deploy_to_a_color_that_is_there() -> Result<()> {
    let workspaces = try_join_all((0..AT_ONCE).map(|_| workspace())).await?;
    let points = points(&workspaces[0]).await?;
    let writes: Vec<&str> = points.iter().filter(|point| !point.starts_with("GET")).map(String::as_str).collect();
    let wanted = ["PATCH /deployments/api-green", "PATCH /services/api", "PATCH /services/api (note)", "POST /events"];
    let mut sorted = writes.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, wanted, "{points:?}");
    println!("{} points: {points:?}", points.len() + writes.len());
    let all = points.iter().flat_map(|point| {
        let again = [(point.clone(), When::Before, DEPLOY)];
        let undone = [(point.clone(), When::After, DEPLOY), (point.clone(), When::After, BACK)];
        again.into_iter().chain(undone.into_iter().filter(|(point, _, _)| !point.starts_with("GET")))
    });
    let all: Vec<(String, When, &'static [&'static str])> = all.collect();
    let work = workspaces.iter().enumerate().map(|(number, workspace)| {
        let own: Vec<_> = all.iter().skip(number).step_by(AT_ONCE).cloned().collect();
        async move {
            for (point, when, then) in own {
                let what = format!("killed {when:?} {point}, then {}", then[0]);
                killed(workspace, &point, when, then).await.context(what)?;
            }
            anyhow::Ok(())
        }
    });
    try_join_all(work).await?;
    Ok(())
}

/// Blue and green, of which green was live once.
async fn workspace() -> Result<(Setup, State)> {
    let setup = Setup::new("kill-deploy", &["api"]).await?;
    setup.must(TO_GREEN).await?;
    setup.must(BACK).await?;
    let state = setup.state().await?;
    Ok((setup, state))
}

/// The first of each distinct call of a clean run, in their order; who one is is asked by POST.
async fn points((setup, state): &(Setup, State)) -> Result<Vec<String>> {
    let proxy = ApiProxy::start(setup.ns.lab()).await?;
    setup.run_through(proxy.kubeconfig(), DEPLOY).await?.ends(0)?;
    setup.put_back(state).await?;
    let mut points: Vec<String> = Vec::new();
    for point in proxy.calls().iter().map(point_of).filter(|point| !point.contains("selfsubject")) {
        if !points.contains(&point) {
            points.push(point);
        }
    }
    Ok(points)
}

/// `PATCH /services/api (note)`: without the namespace.
fn point_of(call: &Call) -> String {
    let within = call.path.split_once("/namespaces/").map(|(_, rest)| rest);
    let path = within.map(|rest| rest.split_once('/').map_or("namespace", |(_, path)| path));
    let note = if call.line().contains("-notes") { " (note)" } else { "" };
    let watch = if call.is_watch() { " (watch)" } else { "" };
    format!("{} /{}{note}{watch}", call.method, path.unwrap_or(&call.path).trim_start_matches('/'))
}

async fn killed((setup, state): &(Setup, State), point: &str, when: When, then: &[&str]) -> Result<()> {
    let killed = kill_at(async |attempt| {
        if attempt > 0 {
            setup.put_back(state).await?;
        }
        let proxy = ApiProxy::start(setup.ns.lab()).await?;
        let point = point.to_owned();
        let hold = Hold::Cluster(proxy.hold(when, move |call| point_of(call) == point));
        let running = setup.start(proxy.kubeconfig(), DEPLOY)?;
        Ok(HeldRun { proxy, hold, running })
    });
    ensure!(killed.await?.is_some(), "it was never there");
    setup.run(then).await?.ends(0)?;
    let (color, image) = (setup.colors().await?, images(&setup.ns, "api-green").await?);
    if then == DEPLOY {
        assert_eq!((color, image), (vec!["green"], vec!["registry.example.com/api:1.6.0".to_owned()]));
    } else {
        assert_eq!(color, ["blue"]);
    }
    setup.put_back(state).await
}

/// A write: what it is of, and how its call is known.
type Write = (&'static str, fn(&Call) -> bool);

/// The writes of a deploy that makes a color, in their order.
const WRITES: [Write; 5] = [
    ("the color", |call| call.is_write() && call.is_about("/deployments")),
    ("its autoscaler", |call| call.is_write() && call.is_about("/horizontalpodautoscalers")),
    ("the selector", |call| call.is_write() && call.is_about("/services/api") && !call.line().contains("-notes")),
    ("the result", |call| call.is_write() && call.is_about("/services/api") && call.line().contains("-notes")),
    ("the event", |call| call.is_write() && call.is_about("/events")),
];

/// Made twice, or made and forgotten.
#[tokio::test]
async fn a_deploy_that_makes_a_color() -> Result<()> {
    let points = WRITES.into_iter().flat_map(|write| [(write, When::Before), (write, When::After)]);
    try_join_all(points.map(|((name, write), when)| async move {
        killed_and_again(write, when).await.with_context(|| format!("killed {when:?} {name}"))
    }))
    .await?;
    Ok(())
}

async fn killed_and_again(write: fn(&Call) -> bool, when: When) -> Result<()> {
    let ns = namespace("kill-create").await?;
    rolled_out(&ns, &api().color(color("blue", 1, Behavior::Ready))).await?;
    ns.apply(&autoscaler("api-blue", 1, 5)).await?;
    killed_at(&ns, &DEPLOY.join(" "), when, write).await?;
    bluegreen(&ns, NEXT).await?.ends(0)?;
    assert_eq!((active(&ns, "api").await?.as_str(), replicas(&ns, "api-green").await?), ("green", 1));
    assert_eq!(images(&ns, "api-green").await?, ["registry.example.com/api:1.6.0"]);
    let made = admin(&ns).run(&["get", "deploy,hpa", "-oname"]).await?.ends(0)?.stdout;
    assert_eq!(made.lines().count(), 4, "two colors with an autoscaler each: {made}");
    Ok(())
}
