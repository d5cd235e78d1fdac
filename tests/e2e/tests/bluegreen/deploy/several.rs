//! Several documents in one file: all of their Services are one release.
//!
//! What people report of tools that release each by itself, and what these tests hold:
//! - a failure leaves some on the new version and some on the old (firebase/firebase-tools#699, dagger/dagger#330);
//! - any release that fails should take back all that succeeded (roboll/helmfile#925, `ThalesGroup/helm-spray`#7);
//! - many rollouts of one product are promoted by a loop over them, one at a time (argoproj/argo-rollouts#2088);
//! - several Services of one Deployment can't be released together (argoproj/argo-rollouts#451).

mod again;
mod refused;

use anyhow::{Result, ensure};
use e2e::bluegreen::active;
use e2e::bluegreen::app::{api, color, rolled_out};
use e2e::bluegreen::run::bluegreen;
use e2e::bluegreen::written::{record, versions};
use e2e::common::run::{Ended, said};
use e2e::namespace;
use lab::Namespace;
use lab::fixtures::{Answer, App, Behavior, Workload};
use serde_json::{Value, json};

use super::document::File;
use super::{images, written};

const API: &str = "registry.example.com/api:1.6.0";
const WEB: &str = "registry.example.com/web:2.6.0";

/// A document for one of the Services, with more fields of `spec`.
fn document(service: &str, image: &str, more: &str) -> String {
    let head = "---\napiVersion: deploy.example.com/v1\nkind: BlueGreenDeployment\n";
    let fields: String = more.lines().map(|line| format!("  {line}\n")).collect();
    format!("{head}metadata: {{name: {service}}}\nspec:\n  images: {{app: '{image}'}}\n{fields}")
}

/// A file for both, each with these fields besides.
fn both(name: &str, api: &str, web: &str) -> Result<File> {
    File::new(name, document("api", API, api) + &document("web", WEB, web))
}

const AT_ONCE: &str = "verify: {for: 0s}";

/// A color of `web`.
fn of_web(name: &str) -> Workload {
    Workload::color(name, "registry.example.com/web:2.5.0")
}

/// `web` in two colors, on the first.
fn web(first: Workload, second: Workload) -> App {
    App::new("web").key("version").color(first).color(second)
}

/// `api` and `web`, both on blue, each with a green.
async fn two(test: &str, greens: [Workload; 2]) -> Result<Namespace> {
    let ns = namespace(test).await?;
    let [green_api, green_web] = greens;
    let api = api().color(color("blue", 1, Behavior::Ready)).color(green_api);
    let (api, web) = (rolled_out(&ns, &api), web(of_web("blue"), green_web));
    futures::try_join!(api, rolled_out(&ns, &web))?;
    Ok(ns)
}

/// The same, of which `web` is on green.
async fn parted(test: &str) -> Result<Namespace> {
    let ns = namespace(test).await?;
    let api = api().color(color("blue", 1, Behavior::Ready)).color(color("green", 1, Behavior::Ready));
    let web = web(of_web("green"), of_web("blue"));
    futures::try_join!(rolled_out(&ns, &api), rolled_out(&ns, &web))?;
    Ok(ns)
}

fn ready() -> [Workload; 2] {
    [color("green", 1, Behavior::Ready), of_web("green")]
}

async fn colors(ns: &Namespace) -> Result<[String; 2]> {
    Ok([active(ns, "api").await?, active(ns, "web").await?])
}

/// A product's services would be released one by one, and their users meet versions that don't belong together.
#[tokio::test]
async fn all_documents_of_a_file_are_prepared_and_moved_as_one() -> Result<()> {
    let ns = two("several", ready()).await?;
    let file = both("both", AT_ONCE, AT_ONCE)?;
    let released = bluegreen(&ns, &file.words("--yes -ojson")).await?.ends(0)?;
    let report = released.json()?;
    assert_eq!(colors(&ns).await?, ["green", "green"]);
    assert_eq!(written(&report), ["deploy/api-green", "deploy/web-green"], "{report:#}");
    let services: Vec<&Value> = report["services"].as_array().into_iter().flatten().map(|one| &one["name"]).collect();
    assert_eq!(services, ["api", "web"]);
    ensure!(report.get("color").is_none(), "{report:#}");
    let (of_api, of_web) = (record(&ns, "api").await?, record(&ns, "web").await?);
    assert_eq!((&of_api["id"], &of_api["services"]), (&of_web["id"], &json!(["api", "web"])));
    let again = bluegreen(&ns, &file.words("--yes -ojson")).await?.ends(0)?.json()?;
    ensure!(written(&again).is_empty() && again["services"][1]["changed"] == false, "{again:#}");
    bluegreen(&ns, "rollback api web --yes").await?.ends(0)?;
    assert_eq!(colors(&ns).await?, ["blue", "blue"]);
    Ok(())
}

/// Half of a release would have the traffic while the other half is known to be broken.
#[tokio::test]
async fn one_that_fails_its_tests_stops_all_before_the_traffic_moves() -> Result<()> {
    let bad = of_web("green").answers(&[("/front", Answer::status(500))]);
    let ns = two("several-tests", [color("green", 1, Behavior::Ready), bad]).await?;
    let tests = format!("{AT_ONCE}\nsmokeTests: [{{name: front, endpoint: /front, retries: 0}}]");
    let file = both("tests", AT_ONCE, &tests)?;
    let report = bluegreen(&ns, &file.words("--yes -ojson")).await?.ends(1)?.json()?;
    assert_eq!(report["reason"], "TestsFailed", "{report:#}");
    let message = report["message"].as_str().unwrap_or_default();
    for part in
        ["service/web: ", "front", "no Service was switched", "left: deploy/api-green", "left: deploy/web-green"]
    {
        ensure!(message.contains(part), "nothing of {part}: {message}");
    }
    assert_eq!(colors(&ns).await?, ["blue", "blue"]);
    Ok(())
}

/// The one that is well would stay on a version that is meant for what was taken back beside it.
#[tokio::test]
async fn one_that_turns_bad_after_the_switch_takes_all_back() -> Result<()> {
    let warm = of_web("green").answers(&[("/front", Answer::status(200).body("warm").first(1))]);
    let ns = two("several-bad", [color("green", 1, Behavior::Ready), warm]).await?;
    let tests = "verify: {for: 60s}\nsmokeTests: [{name: front, endpoint: /front, retries: 0, expect: {body: warm}}]";
    let file = both("bad", AT_ONCE, tests)?;
    let output = bluegreen(&ns, &file.words("--yes")).await?.ends(5)?;
    output.tells("failed a smoke test after the switch: front")?;
    assert_eq!(colors(&ns).await?, ["blue", "blue"]);
    Ok(())
}

/// A color that never becomes ready would keep the others from nothing but the move, or be moved to.
#[tokio::test]
async fn one_that_is_not_rolled_out_stops_all() -> Result<()> {
    let ns = namespace("several-crash").await?;
    rolled_out(&ns, &api().color(color("blue", 1, Behavior::Ready)).color(color("green", 1, Behavior::Ready))).await?;
    ns.apply_all(&web(of_web("blue"), of_web("green").behavior(Behavior::CrashLoop)).objects()).await?;
    ns.rolled_out("deployment/web-blue", e2e::LIMIT).await?;
    let file = both("crash", AT_ONCE, AT_ONCE)?;
    let words = file.words("--yes --force=pods-not-ready,failed-before");
    let output = bluegreen(&ns, &words).await?.ends(1)?;
    output.tells("service/web: green was not rolled out")?;
    assert_eq!(colors(&ns).await?, ["blue", "blue"]);
    Ok(())
}

/// Services that have parted would have to be brought to one color first, which nobody needs.
#[tokio::test]
async fn each_goes_to_its_own_color_and_back() -> Result<()> {
    let ns = parted("several-ways").await?;
    let file = both("ways", AT_ONCE, AT_ONCE)?;
    let output = bluegreen(&ns, &file.words("--yes")).await?.ends(0)?;
    ensure!(said(&output).contains("web  version: green -> blue"), "{}", said(&output));
    assert_eq!(colors(&ns).await?, ["green", "blue"]);
    assert_eq!((images(&ns, "api-green").await?, images(&ns, "web-blue").await?), (vec![API.into()], vec![WEB.into()]));
    bluegreen(&ns, "rollback api web --yes").await?.ends(0)?;
    assert_eq!(colors(&ns).await?, ["blue", "green"]);
    Ok(())
}

/// Whoever releases most of it a second time would be refused, or move what is live.
#[tokio::test]
async fn one_that_is_live_already_stands_beside_the_others() -> Result<()> {
    let ns = two("several-live", ready()).await?;
    let file = both("live", AT_ONCE, AT_ONCE)?;
    bluegreen(&ns, &file.words("web --yes")).await?.ends(0)?;
    assert_eq!(colors(&ns).await?, ["blue", "green"]);
    let before = versions(&ns).await?.remove("service/web");
    let output = bluegreen(&ns, &file.words("--yes")).await?.ends(0)?;
    output.tells("service/web: green has these images already")?;
    assert_eq!(colors(&ns).await?, ["green", "green"]);
    assert_eq!(versions(&ns).await?.remove("service/web"), before);
    Ok(())
}

/// A product that speaks two protocols has a Service for each, and one Deployment: the second one would find what
/// the first had written, and call it somebody else's.
#[tokio::test]
async fn services_of_one_workload_are_released_together() -> Result<()> {
    let ns = namespace("several-shared").await?;
    let app = api().color(color("blue", 1, Behavior::Ready)).color(color("green", 1, Behavior::Ready));
    rolled_out(&ns, &app).await?;
    let mut grpc = app.service("blue");
    grpc["metadata"]["name"] = json!("api-grpc");
    ns.apply(&grpc).await?;
    let of = |image: &str| document("api", API, AT_ONCE) + &document("api-grpc", image, AT_ONCE);
    let other = File::new("shared-other", of("registry.example.com/api:1.7.0"))?;
    bluegreen(&ns, &other.words("--yes")).await?.ends(1)?.tells("ask for different things")?;
    let file = File::new("shared", of(API))?;
    let report = bluegreen(&ns, &file.words("--yes -ojson")).await?.ends(0)?.json()?;
    assert_eq!(written(&report), ["deploy/api-green"], "{report:#}");
    assert_eq!((active(&ns, "api").await?, active(&ns, "api-grpc").await?), ("green".into(), "green".into()));
    Ok(())
}

/// One document's hooks would run for the other, or one of them not at all; and each keeps what is left as long as
/// it says.
#[tokio::test]
async fn each_has_its_own_hooks_and_retention() -> Result<()> {
    let ns = two("several-hooks", ready()).await?;
    let hooks = |name: &str| {
        let hook = |moment: &str| format!("{{command: [printf, '{moment}-%s', {name}]}}");
        let (migrate, before, after) = (hook("expands"), hook("before"), hook("after"));
        format!("{AT_ONCE}\nhooks: {{migrate: {migrate}, beforeSwitch: {before}, afterSwitch: {after}}}")
    };
    let file = both("hooks", &hooks("api"), &format!("{}\nretainPreviousVersion: 2h", hooks("web")))?;
    let output = bluegreen(&ns, &file.words("--yes")).await?.ends(0)?;
    let order = ["expands-api", "expands-web", "before-api", "before-web", "after-api", "after-web"];
    let places: Vec<Option<usize>> = order.iter().map(|word| output.stderr.find(word)).collect();
    ensure!(places.iter().all(Option::is_some) && places.is_sorted(), "{places:?}\n{}", said(&output));
    let kept = (record(&ns, "api").await?["retainSeconds"].clone(), record(&ns, "web").await?["retainSeconds"].clone());
    assert_eq!(kept, (json!(3600), json!(7200)));
    Ok(())
}
