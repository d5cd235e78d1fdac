//! A rollback killed at every point between two of its calls, to the API server or to ECR, and
//! typed again.
//!
//! A point is before or after one call, which is known by what it asks for and its how-manieth of
//! that kind it is: reads go out at the same time, and come in any order. A rollout is looked at
//! again and again until it is done, so how many calls there are is chance; of the looks the first
//! few count, as a later one finds what an earlier one could.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Mutex;

use anyhow::{Context, Result, ensure};
use futures::{StreamExt, TryStreamExt, stream};
use http::Method;
use lab::api_proxy::{ApiProxy, Call};
use lab::fixtures::Behavior;
use lab::registry::{AccessKey, When};
use lab::{Output, Running};

use super::calls::{is_image_patch, is_result_note};
use super::releases::{NEWEST, PREVIOUS, Releases, finished};
use crate::common::kill_points::{AT_ONCE, HeldRun, Hold, TRIES, kill_at};
use crate::common::run::said;

/// How many looks at one thing count.
const LOOKS: usize = 3;

/// A command, where it starts, and how it ends when it is typed again. `APP` is the Deployment.
#[derive(Debug, Clone, Copy)]
pub struct Scenario {
    pub name: &'static str,
    /// How pods of the previous release behave.
    pub previous: Behavior,
    /// A command that leads from the newest release to the start.
    pub before: Option<&'static str>,
    pub verb: &'static str,
    /// What is typed after the kill.
    pub again: fn(&Point) -> &'static str,
    /// Points of interest; reads before the write are the same in many scenarios.
    pub only: fn(&Point) -> bool,
    /// Exit code of both.
    pub exit: u8,
    /// Where the command starts, and what it tries; in between nothing is ever left.
    pub images: [&'static str; 2],
    /// Where it ends in the end.
    pub ends_on: &'static str,
    /// The record's result in the end.
    pub result: &'static str,
}

/// A call that was made, or is about to be.
#[derive(Debug, Clone)]
pub struct Point {
    target: Target,
    pub when: When,
    /// What the call does.
    pub step: Step,
}

/// What a call is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Before the first write.
    Read,
    /// The first write.
    Write,
    /// Watching, or taking back.
    After,
    /// The note of the result.
    Result,
}

#[derive(Debug, Clone)]
enum Target {
    Cluster { method: Method, path: String, nth: usize },
    Registry { operation: String },
}

impl fmt::Display for Point {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.target {
            Target::Cluster { method, path, nth } => write!(out, "{:?} {method} {path} #{nth}", self.when),
            Target::Registry { operation } => write!(out, "{:?} ecr:{operation}", self.when),
        }
    }
}

impl Scenario {
    /// Kills the command at every point of a clean run and types it again; gives the number of
    /// points.
    ///
    /// # Errors
    /// Where a point leaves something that it must not; the text names the point.
    pub async fn kill_everywhere(&self) -> Result<usize> {
        let releases = Releases::with(self.name, self.previous).await?;
        let mut points = self.points(&releases).await?;
        points.retain(self.only);
        let runs = points.iter().enumerate().map(|(index, point)| {
            let app = format!("api-{index}");
            let releases = &releases;
            async move { self.kill_and_go_on(releases, &app, point).await.with_context(|| format!("killed {point}")) }
        });
        let results: Vec<bool> = stream::iter(runs).buffer_unordered(AT_ONCE).try_collect().await?;
        let killed = results.iter().filter(|there| **there).count();
        println!("{}: {} points, killed at {killed}, typed again after each", self.name, points.len());
        Ok(killed)
    }

    /// What a clean run asks for.
    async fn points(&self, releases: &Releases) -> Result<Vec<Point>> {
        let app = "api-clean";
        self.start(releases, app).await?;
        let (proxy, key) = (ApiProxy::start(releases.ns.lab()).await?, AccessKey::fresh());
        let clean = finished(self.run(releases, &proxy, &key, app)?).await?;
        ensure!(clean.code == self.exit, "the clean run ended with {}\n{}", clean.code, said(&clean));
        let calls = proxy.calls();
        let written = calls.iter().position(is_image_patch).context("no write")?;
        let step = |call: &Call| match call.index {
            index if index < written => Step::Read,
            index if index == written => Step::Write,
            _ if is_result_note(call) => Step::Result,
            _ => Step::After,
        };
        let mut seen = BTreeMap::new();
        let mut targets = Vec::new();
        for call in &calls {
            let path = call.path.replace(app, "APP");
            let nth = seen.entry((call.method.to_string(), path.clone())).or_insert(0);
            targets.push((Target::Cluster { method: call.method.clone(), path, nth: *nth }, step(call)));
            *nth += 1;
        }
        for call in key.interceptor().calls().await? {
            targets.push((Target::Registry { operation: call.operation }, Step::Read));
        }
        let counts = |target: &Target| !matches!(target, Target::Cluster { nth, .. } if *nth >= LOOKS);
        let both = |(target, step): (Target, Step)| {
            [When::Before, When::After].map(|when| Point { target: target.clone(), when, step })
        };
        Ok(targets.into_iter().filter(|(target, _)| counts(target)).flat_map(both).collect())
    }

    async fn start(&self, releases: &Releases, app: &str) -> Result<()> {
        releases.deploy(&releases.app(app)).await?;
        if let Some(words) = self.before {
            let output = releases.run(&words.replace("APP", app)).await?;
            ensure!(output.code == 0, "the start isn't reached\n{}", said(&output));
        }
        Ok(())
    }

    fn run(&self, releases: &Releases, proxy: &ApiProxy, key: &AccessKey, app: &str) -> Result<Running> {
        let mut command = releases.command(proxy.kubeconfig(), &self.verb.replace("APP", app));
        command.envs(key.environment());
        Running::start(command)
    }

    /// False where the run never made the call; only looks may be left out.
    async fn kill_and_go_on(&self, releases: &Releases, app: &str, point: &Point) -> Result<bool> {
        let mut tried = String::new();
        let killed = kill_at(async |attempt| {
            tried = format!("{app}-{attempt}");
            self.start(releases, &tried).await?;
            let (proxy, key) = (ApiProxy::start(releases.ns.lab()).await?, AccessKey::fresh());
            let hold = point.hold(&proxy, &key, &tried).await?;
            let running = self.run(releases, &proxy, &key, &tried)?;
            Ok(HeldRun { proxy, hold, running })
        });
        if killed.await?.is_some() {
            self.ends(releases, &tried, point).await?;
            return Ok(true);
        }
        ensure!(point.is_a_look(), "in {TRIES} runs it never came");
        Ok(false)
    }

    /// Nothing is left halfway, and the command typed again ends as it should.
    async fn ends(&self, releases: &Releases, app: &str, point: &Point) -> Result<()> {
        let left = releases.written(app).await?;
        ensure!(self.images.contains(&left.image.as_str()), "left on {}", left.image);
        ensure!(left.image == self.images[0] || left.record.is_some(), "{} is there without a record", left.image);
        let words = (self.again)(point).replace("APP", app);
        let output = releases.run(&words).await?;
        self.ended(releases, app, &output).await?;
        // Before the write a kill leaves nothing that a third run could stumble over.
        if self.exit == 0 && point.step != Step::Read && !words.contains("--again") {
            let third = releases.run(&words).await?;
            ensure!(third.stdout.contains("nothing to do"), "typed once more\n{}", said(&third));
            self.ended(releases, app, &third).await?;
        }
        Ok(())
    }

    async fn ended(&self, releases: &Releases, app: &str, output: &Output) -> Result<()> {
        ensure!(output.code == self.exit, "then it ended with {}\n{}", output.code, said(output));
        let (image, record) = (releases.image(app).await?, releases.record(app).await?);
        ensure!(image == self.ends_on, "then it asks for {image}\n{}", said(output));
        ensure!(record["result"] == self.result, "then the record says {record}\n{}", said(output));
        Ok(())
    }
}

impl Point {
    async fn hold(&self, proxy: &ApiProxy, key: &AccessKey, app: &str) -> Result<Hold> {
        match &self.target {
            Target::Registry { operation } => {
                let hold = key.interceptor().hold(operation, self.when).await?;
                Ok(Hold::Registry(Box::new(hold)))
            }
            Target::Cluster { method, path, nth } => {
                let (method, path, nth) = (method.clone(), path.replace("APP", app), *nth);
                let seen = Mutex::new(0);
                Ok(Hold::Cluster(proxy.hold(self.when, move |call| {
                    let Ok(mut seen) = seen.lock() else { return false };
                    let matches = call.method == method && call.path == path;
                    *seen += usize::from(matches);
                    matches && *seen == nth + 1
                })))
            }
        }
    }

    /// True for a look at the rollout, of which there may be fewer.
    #[must_use]
    pub fn is_a_look(&self) -> bool {
        self.step == Step::After && matches!(&self.target, Target::Cluster { method, .. } if method == Method::GET)
    }
}

/// A rollback to the previous release.
pub const ONCE: Scenario = Scenario {
    name: "kill-ecr",
    previous: Behavior::Ready,
    before: None,
    verb: "deploy/APP --yes --timeout=60s",
    again: |_| "deploy/APP --yes --timeout=60s",
    only: |_| true,
    exit: 0,
    images: [NEWEST, PREVIOUS],
    ends_on: PREVIOUS,
    result: "done",
};
