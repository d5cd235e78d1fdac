//! Several Services that move as one.

use anyhow::{Context, Result, ensure};
use e2e::bluegreen::admission::Policy;
use e2e::bluegreen::calls::is_move;
use e2e::bluegreen::run::{bluegreen, bluegreen_as, killed_at, start};
use e2e::bluegreen::written::record;
use e2e::bluegreen::{active, blue_green};
use e2e::common::events::events;
use e2e::common::run::{Ended, finding, said};
use e2e::{LIMIT, namespace};
use k8s_openapi::api::core::v1::Service;
use lab::api_proxy::{ApiProxy, Call, When};
use lab::{Namespace, Running};
use serde_json::{Value, json};

const ALL: [&str; 3] = ["api", "api-headless", "api-admin"];
const SWITCH_ALL: &str = "switch api api-headless api-admin --to green --yes --verify-for=0";

/// `api`, a headless twin, and one for another port: all on blue.
async fn three(test: &str) -> Result<Namespace> {
    let ns = namespace(test).await?;
    blue_green(&ns, 1).await?;
    let twin = |name: &str, spec: Value| json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec});
    let selector = json!({"app": "api", "version": "blue"});
    let headless = json!({"clusterIP": "None", "selector": selector, "ports": [{"port": 8080, "targetPort": "http"}]});
    let admin = json!({"selector": selector, "ports": [{"port": 81, "targetPort": "admin"}]});
    ns.apply_all(&[twin("api-headless", headless), twin("api-admin", admin)]).await?;
    Ok(ns)
}

async fn colors(ns: &Namespace) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for name in ALL {
        found.push(active(ns, name).await?);
    }
    Ok(found)
}

/// Callers by the headless name, or on the other port, would stay on the old version.
#[tokio::test]
async fn three_services_move_and_come_back_as_one() -> Result<()> {
    let ns = three("set").await?;
    let document = bluegreen(&ns, &format!("{SWITCH_ALL} -ojson")).await?.ends(0)?.json()?;
    assert_eq!(document["services"].as_array().map(Vec::len), Some(3));
    assert_eq!(colors(&ns).await?, ["green"; 3]);
    for name in ALL {
        assert_eq!(record(&ns, name).await?["services"], json!(ALL), "{name}");
        assert!(events(&ns, name).await?.contains(&"Switched".to_owned()), "{name}");
    }
    let status = bluegreen(&ns, "status api api-headless api-admin -ojson").await?.ends(0)?.json()?;
    let converged = status["services"].as_array().context("services")?.iter().all(|s| s["converged"] == true);
    ensure!(converged, "{status:#}");
    bluegreen(&ns, "rollback api api-headless api-admin --yes").await?.ends(0)?;
    assert_eq!(colors(&ns).await?, ["blue"; 3]);
    bluegreen(&ns, "rollback api api-headless api-admin --yes").await?.ends(0)?;
    assert_eq!(colors(&ns).await?, ["blue"; 3]);
    Ok(())
}

/// Two of three Services would stay on the new version and one on the old.
#[tokio::test]
async fn when_one_is_refused_the_others_are_taken_back_in_order() -> Result<()> {
    let ns = three("set-refused").await?;
    let frozen = "the admin port is frozen";
    let policy = Policy::deny(&ns, "api-admin", "object.spec.selector.version == 'blue'", frozen).await?;
    let proxy = ApiProxy::start(ns.lab()).await?;
    let user = ns.kubectl_as(proxy.kubeconfig());
    let ended = bluegreen_as(&user, SWITCH_ALL).await?.ends(5)?;
    ensure!(ended.stderr.contains(frozen), "it does not say why\n{}", said(&ended));
    assert_eq!(colors(&ns).await?, ["blue"; 3]);
    let calls = proxy.calls();
    let patches = calls.iter().filter(|call| call.method == "PATCH" && call.path.contains("/services/"));
    let moved: Vec<String> = patches
        .filter(|call| String::from_utf8_lossy(&call.body).contains(r#""path":"/spec/selector""#))
        .map(|call| call.path.rsplit('/').next().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(moved, ["api", "api-headless", "api-admin", "api-headless", "api"]);
    for name in &ALL[..2] {
        assert_eq!(record(&ns, name).await?["verb"], "rollback", "{name}");
    }
    policy.remove().await?;
    settles(&ns).await
}

/// Status has nothing odd to tell afterwards, and a rollback nothing to do.
async fn settles(ns: &Namespace) -> Result<()> {
    let status = bluegreen(ns, "status api api-headless api-admin").await?.ends(0)?;
    for word in ["twin-service", "unfinished", "converging"] {
        ensure!(!status.stdout.contains(word), "{word}\n{}", said(&status));
    }
    bluegreen(ns, "rollback api api-headless api-admin --yes").await?.ends(0)?;
    assert_eq!(colors(ns).await?, ["blue"; 3]);
    Ok(())
}

/// A refusal by admission would be found out when two Services had been switched already.
#[tokio::test]
async fn a_server_dry_run_asks_for_all_of_them() -> Result<()> {
    let ns = three("set-dry-run").await?;
    let frozen = "the admin port is frozen";
    let policy = Policy::deny(&ns, "api-admin", "object.spec.selector.version == 'blue'", frozen).await?;
    let words = "switch api api-headless api-admin --to green --dry-run=server";
    bluegreen(&ns, words).await?.ends(1)?.tells(frozen)?;
    assert_eq!(colors(&ns).await?, ["blue"; 3]);
    policy.remove().await
}

/// The forgotten twin would keep sending to the old color, which a cleanup then takes down.
#[tokio::test]
async fn a_forgotten_twin_stops_the_switch_and_is_in_the_command_to_paste() -> Result<()> {
    let ns = three("twin").await?;
    let document = bluegreen(&ns, "switch api --to green --yes --verify-for=0 -ojson").await?.ends(1)?.json()?;
    let twin = finding(&document, "twin-service").context("no finding")?;
    assert_eq!(twin["severity"], "block");
    assert_eq!(colors(&ns).await?, ["blue"; 3]);
    let next = document["next"].as_str().context("no next step")?;
    let (command, _) = next.trim_start_matches("kubectl bluegreen ").split_once(" -n ").context("no namespace")?;
    bluegreen(&ns, &format!("{command} --yes --verify-for=0")).await?.ends(0)?;
    assert_eq!(colors(&ns).await?, ["green"; 3]);
    Ok(())
}

/// Accepted for good, a preview's twin would have to be forced in every pipeline.
#[tokio::test]
async fn an_accepted_twin_stays_behind_and_is_shown() -> Result<()> {
    let ns = three("twin-accepted").await?;
    let forced = "switch api --to green --yes --verify-for=0 --force=twin-service";
    bluegreen(&ns, forced).await?.ends(0)?;
    assert_eq!(colors(&ns).await?, ["green", "blue", "blue"]);
    bluegreen(&ns, "status api").await?.ends(0)?.tells("api-headless")?;
    ns.annotate::<k8s_openapi::api::core::v1::Service>("api", "kubectl-release.dev/accept", Some("twin-service"))
        .await?;
    bluegreen(&ns, "rollback api --yes").await?.ends(0)?;
    bluegreen(&ns, "switch api --to green --yes --verify-for=0").await?.ends(0)?.tells("api-headless")?;
    Ok(())
}

/// A name given twice, with and without its kind, would be switched and switched again.
#[tokio::test]
async fn a_service_named_twice_moves_once() -> Result<()> {
    let ns = namespace("named-twice").await?;
    blue_green(&ns, 1).await?;
    bluegreen(&ns, "switch api svc/api --to green --yes --verify-for=0").await?.ends(0)?;
    let history = bluegreen(&ns, "history api -ojson").await?.ends(0)?.json()?;
    assert_eq!(history["services"][0]["records"].as_array().map(Vec::len), Some(1));
    Ok(())
}

/// Rolling two back, one would be moved that the switch had left where it was.
#[tokio::test]
async fn a_set_goes_back_as_it_was_moved() -> Result<()> {
    let ns = three("set-one-there").await?;
    ns.patch::<Service>("api-admin", json!({"spec": {"selector": {"version": "green"}}})).await?;
    bluegreen(&ns, SWITCH_ALL).await?.ends(0)?;
    let back = bluegreen(&ns, "rollback api api-headless api-admin --yes -ojson").await?.ends(0)?.json()?;
    assert_eq!(colors(&ns).await?, ["blue", "blue", "green"], "{back:#}");
    Ok(())
}

/// Two Services that have diverged would be swapped instead of brought together.
#[tokio::test]
async fn services_that_have_diverged_don_t_pass_each_other() -> Result<()> {
    let ns = three("set-crossing").await?;
    ns.patch::<Service>("api-admin", json!({"spec": {"selector": {"version": "green"}}})).await?;
    let document = bluegreen(&ns, "preflight api api-admin -ojson").await?.ends(1)?.json()?;
    assert_eq!(document["reason"], "OppositeWays", "{document:#}");
    bluegreen(&ns, "switch api api-headless --to green --yes --verify-for=0 --force=twin-service").await?.ends(0)?;
    bluegreen(&ns, "switch api-admin --to blue --yes --verify-for=0 --force=twin-service").await?.ends(0)?;
    let document = bluegreen(&ns, "rollback api api-admin --yes -ojson").await?.ends(1)?.json()?;
    assert_eq!(document["reason"], "OppositeWays", "{document:#}");
    assert_eq!(colors(&ns).await?, ["green", "green", "blue"]);
    Ok(())
}

/// One of three went back alone; taking all of them back must not send that one forward again.
#[tokio::test]
async fn what_went_back_alone_stays_when_the_others_follow() -> Result<()> {
    let ns = three("set-in-parts").await?;
    bluegreen(&ns, SWITCH_ALL).await?.ends(0)?;
    bluegreen(&ns, "rollback api-headless --yes --verify-for=0").await?.ends(0)?;
    assert_eq!(colors(&ns).await?, ["green", "blue", "green"]);
    let back = bluegreen(&ns, "rollback api api-headless api-admin --yes --verify-for=0 -ojson").await?.ends(0)?;
    assert_eq!(colors(&ns).await?, ["blue"; 3], "{}", back.stdout);
    Ok(())
}

/// One of three was taken back by hand: the set follows it, and nothing is swapped.
#[tokio::test]
async fn what_was_taken_back_by_hand_is_not_sent_forward() -> Result<()> {
    let ns = three("set-by-hand").await?;
    bluegreen(&ns, SWITCH_ALL).await?.ends(0)?;
    ns.patch::<k8s_openapi::api::core::v1::Service>("api-admin", json!({"spec": {"selector": {"version": "blue"}}}))
        .await?;
    bluegreen(&ns, "rollback api api-headless api-admin --yes --verify-for=0 -ojson").await?;
    let now = colors(&ns).await?;
    assert_eq!(now[2], "blue", "{now:?}");
    ensure!(now == ["blue"; 3] || now == ["green", "green", "blue"], "all or none of the others: {now:?}");
    Ok(())
}

/// Of a set that may not be moved as a whole, a part would be moved and taken back.
#[tokio::test]
async fn a_set_of_which_one_may_not_be_written_is_left_alone() -> Result<()> {
    let ns = three("set-forbidden").await?;
    let rules = json!([
        {"apiGroups": ["*"], "resources": ["*"], "verbs": ["get", "list", "watch"]},
        {"apiGroups": [""], "resources": ["services"], "resourceNames": ["api"], "verbs": ["patch"]},
    ]);
    let user = e2e::common::permissions::with_rules(&ns, "half", &rules).await?;
    let words = format!("{SWITCH_ALL} -ojson");
    let document = bluegreen_as(&ns.kubectl_as(user.kubeconfig), &words).await?.ends(1)?.json()?;
    ensure!(document["message"].to_string().contains("service/api-headless"), "{document:#}");
    let service = ns.api::<Service>().get("api").await?;
    ensure!(!service.metadata.annotations.unwrap_or_default().contains_key("kubectl-release.dev/bluegreen"), "written");
    Ok(())
}

/// "Not now" of a command that goes through.
#[tokio::test]
async fn forward_again_of_a_set_is_offered_as_it_goes_through() -> Result<()> {
    let ns = three("set-forward").await?;
    bluegreen(&ns, SWITCH_ALL).await?.ends(0)?;
    bluegreen(&ns, "rollback api api-headless api-admin --yes").await?.ends(0)?;
    let status = bluegreen(&ns, "status api").await?.ends(0)?;
    let line = status.stdout.lines().find(|line| line.starts_with("Forward: ")).context("no way forward")?;
    ensure!(!line.contains("not now"), "{line}");
    Ok(())
}

/// A set that was cut off between its Services and finished by the same words goes back whole.
#[tokio::test]
async fn what_the_same_words_finished_goes_back_whole() -> Result<()> {
    let ns = three("set-finished").await?;
    let is_second = |call: &Call| is_move(call) && !call.is_about("/services/api");
    let plugin = ns.lab().plugins().join("kubectl-bluegreen");
    let words: Vec<&str> = SWITCH_ALL.split(' ').collect();
    let proxy = ApiProxy::start(ns.lab()).await?;
    let hold = proxy.hold(When::Before, is_second);
    let running = Running::start(ns.kubectl_as(proxy.kubeconfig()).plugin(&plugin, &words))?;
    hold.arrived(LIMIT).await?;
    running.kill().await?;
    assert_eq!(colors(&ns).await?.iter().filter(|color| *color == "green").count(), 1);
    bluegreen(&ns, SWITCH_ALL).await?.ends(0)?;
    assert_eq!(colors(&ns).await?, ["green"; 3]);
    bluegreen(&ns, "rollback api api-headless api-admin --yes").await?.ends(0)?;
    assert_eq!(colors(&ns).await?, ["blue"; 3]);
    Ok(())
}

/// Somebody took one of the set back: where the others stand is said, and nothing that isn't so of that one.
#[tokio::test]
async fn a_set_that_is_overtaken_in_part_says_where_the_rest_stands() -> Result<()> {
    let ns = three("set-overtaken").await?;
    let words = "switch api api-headless api-admin --to green --yes --verify-for=60s -ojson";
    let running = start(&ns, words)?;
    for name in ALL {
        bluegreen(&ns, &format!("status {name} --wait-for active=green --timeout 60s")).await?.ends(0)?;
    }
    ns.patch::<Service>("api", json!({"spec": {"selector": {"version": "blue"}}})).await?;
    let document = running.wait(LIMIT).await?.ends(3)?.json()?;
    let message = document["message"].as_str().context("message")?;
    for other in ["api-headless", "api-admin"] {
        ensure!(message.contains(&format!("service/{other} stays on green")), "{document:#}");
    }
    let back = bluegreen(&ns, "rollback api-headless api-admin --yes -ojson").await?.ends(0)?.json()?;
    ensure!(!back.to_string().contains("api was moved together"), "{back:#}");
    Ok(())
}

/// One of the set had been there before it: the command that is printed for it was refused.
#[tokio::test]
async fn one_that_was_there_before_has_no_way_back_of_its_own() -> Result<()> {
    let ns = three("there-before").await?;
    ns.patch::<Service>("api-admin", json!({"spec": {"selector": {"version": "green"}}})).await?;
    bluegreen(&ns, "switch api api-admin --to green --yes --verify-for=0 --force=twin-service").await?.ends(0)?;
    let document = bluegreen(&ns, "rollback api api-admin --yes --force=twin-service -ojson").await?.ends(0)?.json()?;
    assert_eq!((active(&ns, "api").await?.as_str(), active(&ns, "api-admin").await?.as_str()), ("blue", "green"));
    let found = finding(&document, "twin-service").context("no finding")?;
    ensure!(found["fix"].to_string().contains("switch api-admin --to blue"), "{document:#}");
    Ok(())
}

/// "Done" would be said of a rollback that took one of three Services back, because its first run was cut off.
#[tokio::test]
async fn a_rollback_that_was_cut_off_takes_the_rest_back_too() -> Result<()> {
    let ns = three("set-rollback-killed").await?;
    bluegreen(&ns, SWITCH_ALL).await?.ends(0)?;
    let back = "rollback api api-headless api-admin --yes";
    killed_at(&ns, back, When::After, |call| call.is_write() && is_move(call)).await?;
    assert_eq!(colors(&ns).await?, ["blue", "green", "green"]);
    bluegreen(&ns, back).await?.ends(0)?;
    assert_eq!(colors(&ns).await?, ["blue", "blue", "blue"]);
    assert_eq!(record(&ns, "api").await?["id"], record(&ns, "api-admin").await?["id"], "one move");
    bluegreen(&ns, back).await?.ends(0)?.tells("active since")?;
    Ok(())
}
