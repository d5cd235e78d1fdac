//! Numbers that say nothing: never a pass, and named.

use anyhow::{Result, ensure};
use e2e::bluegreen::active;
use e2e::bluegreen::run::{bluegreen, start};
use e2e::common::run::Ended;

use super::{LONG, Watched, template, verification, watched};

async fn ends(watched: &Watched, template: &super::Template, code: u8, told: &[&str]) -> Result<()> {
    // Each of them is the next release, which mends the one before.
    let words = format!("{} --verify-for=12s --force=failed-before", template.flag());
    // It may be back before anybody sees that it was gone.
    let running = start(&watched.ns, &format!("switch api --to green --yes {words}"))?;
    let mut output = running.wait(LONG).await?.ends(code)?;
    for word in told {
        output = output.tells(word)?;
    }
    Ok(())
}

/// argo-rollouts#1466, #363, flagger#1095: what is empty, no number, or no condition is no good version.
#[tokio::test]
async fn what_can_not_be_judged_takes_the_color_back_and_says_why() -> Result<()> {
    let Some(watched) = watched("not-judged").await? else { return Ok(()) };
    let soon = "    consecutiveErrorLimit: 0\n";
    for (query, condition, told) in [
        ("no_such_metric", "result[0] < 1", "index 0 is out of range: the answer is empty"),
        ("sum(up)", "result[0]", "a condition is true or false"),
        ("sum(up)", "result < 1", "a list and a number don't go with"),
        ("sum(up", "result[0] < 1", "Prometheus said:"),
    ] {
        ends(&watched, &template(query, condition, soon)?, 5, &[told, "error-rate", "could not be judged"]).await?;
        assert_eq!(active(&watched.ns, "api").await?, "blue", "{query}");
    }
    // 0/0: nothing compares with it, so that it has failed.
    ends(&watched, &template("vector(0)/vector(0)", "result[0] < 1", "")?, 5, &["[NaN]", "good is result[0] < 1"])
        .await?;
    assert_eq!(active(&watched.ns, "api").await?, "blue");
    Ok(())
}

/// argo-rollouts#3850: neither good nor bad would be run again until it passes.
#[tokio::test]
async fn what_is_neither_good_nor_bad_waits_for_a_person() -> Result<()> {
    let Some(watched) = watched("neither").await? else { return Ok(()) };
    let file = template("vector(3)", "result[0] < 1", "    failureCondition: result[0] > 5\n")?;
    let words = format!("{} --verify-for=12s -ojson", file.flag());
    let document = watched.switching(&words).await?.wait(LONG).await?.ends(6)?.json()?;
    ensure!(document["reason"] == "Inconclusive", "{document:#}");
    ensure!(verification(&document)["metrics"][0]["phase"] == "Inconclusive", "{document:#}");
    ensure!(document["next"].to_string().contains("rollback api"), "{document:#}");
    assert_eq!(active(&watched.ns, "api").await?, "green");
    Ok(())
}

/// The fallback that everybody copies would take every release back, minutes after its switch.
#[tokio::test]
async fn a_template_that_can_not_work_is_refused_before_anything_is_asked() -> Result<()> {
    let ns = e2e::namespace("no-template").await?;
    for (query, condition, more, told) in [
        ("up", "default(result[0], 0) < 1", "", "len(result) == 0"),
        ("up", "result[0] <", "", "successCondition"),
        ("up{a=\"{{args.who}}\"}", "result[0] < 1", "", "who"),
        ("up", "result[0] < 1", "    count: 60\n", "--verify-for=59s"),
        ("up", "result[0] < 1", "    failureLimit: -1\n", "consecutiveSuccessLimit"),
    ] {
        let file = template(query, condition, more)?;
        let words = format!("switch api --to green --yes --verify-for=12s {}", file.flag());
        bluegreen(&ns, &words).await?.ends(2)?.tells(told)?;
    }
    Ok(())
}
