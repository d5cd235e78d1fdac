//! A runner that is killed at each of its writes, before it is sent and after it took effect with its answer lost, and
//! at the first of each distinct read.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Mutex;

use anyhow::{Context, Result, ensure};
use e2e::LIMIT;
use e2e::canary::stage::{CRASHES, GOOD, SERVES, Stage};
use e2e::canary::watched::watched;
use e2e::common::kill_points::{HeldRun, Hold, kill_at};
use e2e::common::run::{Ended, said};
use futures::{StreamExt, TryStreamExt, stream};
use lab::api_proxy::{ApiProxy, Call, When};

/// Namespaces at a time.
const AT_ONCE: usize = 4;

/// Who runs it is renewed as often as time goes by: its first write counts alone.
fn is_renewal(call: &Call) -> bool {
    call.path.contains("/leases/") && call.is_write()
}

fn is_write(call: &Call) -> bool {
    call.is_write() && !call.path.contains("/selfsubject") && !is_renewal(call)
}

/// What is killed, what is typed after it, and where that ends.
#[derive(Clone, Copy)]
struct Story {
    name: &'static str,
    /// A share that is held before, by a runner that has ended.
    starts_held: bool,
    verb: &'static str,
    tag: &'static str,
    exit: u8,
    again: &'static str,
    /// Exit codes of what is typed then: the release may have ended, or not have begun.
    exits: &'static [u8],
    ends_on: &'static [&'static str],
}

/// One call of a run.
#[derive(Clone)]
enum Point {
    /// The so-manieth write.
    Write(usize, When),
    /// The first read of this.
    Read(String),
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Write(nth, when) => write!(f, "{when:?} write {nth}"),
            Self::Read(path) => write!(f, "read {path}"),
        }
    }
}

/// What a read is about, in any namespace.
fn read_of(call: &Call) -> Option<String> {
    let (_, path) = call.path.split_once("/namespaces/")?;
    let (_, path) = path.split_once('/')?;
    let selector = call.query.split('&').find(|part| part.starts_with("labelSelector")).unwrap_or_default();
    (!call.is_write()).then(|| format!("{path} {selector}"))
}

impl Story {
    async fn stage(&self, number: usize) -> Result<Stage> {
        let stage = Stage::of(&format!("canary-{}-{number}", self.name), 2).await?;
        if self.starts_held {
            let image = stage.repository.image(self.tag);
            let words = format!("set-weight api 50 --image api={image} --router replicas --time-scale 60 --yes");
            stage.canary(&words).await?.ends(0)?;
        }
        Ok(stage)
    }

    fn words(&self, stage: &Stage, verb: &str) -> String {
        if verb == "run" { stage.release("run", self.tag) } else { format!("{verb} api --yes") }
    }

    /// The points of a run that nobody kills, and the lines of its writes.
    async fn points(&self) -> Result<(Vec<Point>, Vec<String>)> {
        let stage = self.stage(0).await?;
        let proxy = ApiProxy::start(stage.ns.lab()).await?;
        let words = self.words(&stage, self.verb);
        stage.start_through(proxy.kubeconfig(), &words)?.wait(LIMIT).await?.ends(self.exit)?;
        let calls = proxy.calls();
        let writes: Vec<String> = calls.iter().filter(|call| is_write(call)).map(Call::line).collect();
        let reads: BTreeSet<String> = calls.iter().filter_map(read_of).collect();
        let both = (0..writes.len()).flat_map(|nth| [Point::Write(nth, When::Before), Point::Write(nth, When::After)]);
        Ok((both.chain(reads.into_iter().map(Point::Read)).collect(), writes))
    }

    /// Kills it there, goes on, and looks at what served meanwhile.
    async fn killed(&self, number: usize, point: &Point) -> Result<bool> {
        let stage = self.stage(number).await?;
        let (there, seen) = watched(&stage, async {
            let there = self.kill_at(&stage, point).await?;
            stage.heartbeat_is_stale().await?;
            let again = self.words(&stage, self.again);
            let ended = stage.start(&again)?.wait(LIMIT).await?;
            ensure!(self.exits.contains(&ended.code), "`{again}` ended with {}\n{}", ended.code, said(&ended));
            Ok(there)
        })
        .await?;
        ensure!(seen.iter().all(|now| now.all >= 2), "fewer than 2 pods served: {seen:?}");
        let (tag, size, canary) = stage.stands().await?;
        ensure!(self.ends_on.contains(&tag.as_str()), "it ended on {tag}");
        ensure!(size == 2 && canary.is_none(), "it stands at {size} pods, canary {canary:?}");
        stage.is_alone(&tag).await?;
        Ok(there)
    }

    async fn kill_at(&self, stage: &Stage, point: &Point) -> Result<bool> {
        let words = self.words(stage, self.verb);
        let killed = kill_at(async |_| {
            let proxy = ApiProxy::start(stage.ns.lab()).await?;
            let hold = match point.clone() {
                Point::Write(nth, when) => {
                    let count = Mutex::new(0_usize);
                    proxy.hold(when, move |call| {
                        let mut count = count.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                        *count += usize::from(is_write(call));
                        is_write(call) && *count == nth + 1
                    })
                }
                Point::Read(what) => proxy.hold(When::Before, move |call| read_of(call).as_ref() == Some(&what)),
            };
            let running = stage.start_through(proxy.kubeconfig(), &words)?;
            Ok(HeldRun { proxy, hold: Hold::Cluster(hold), running })
        });
        Ok(killed.await?.is_some())
    }

    async fn kill_everywhere(self) -> Result<()> {
        let (points, writes) = self.points().await?;
        ensure!(writes.len() >= 4, "{writes:#?}");
        let runs = points.iter().enumerate().map(|(number, point)| async move {
            let what = || format!("{}: killed {point}", self.name);
            self.killed(number + 1, point).await.with_context(what)
        });
        let killed: Vec<bool> = stream::iter(runs).buffer_unordered(AT_ONCE).try_collect().await?;
        let there = killed.iter().filter(|there| **there).count();
        println!("{}, then {}: killed at {there} of {} points", self.name, self.again, points.len());
        for point in &points {
            println!("  {point}");
        }
        println!("{}", writes.join("\n"));
        // How many sizes there are on the way is up to how fast pods get ready: the last writes may be a few less.
        ensure!(there + 6 >= points.len(), "points were never reached");
        Ok(())
    }
}

/// A laptop that is closed in the middle would leave users with half of two versions.
#[tokio::test]
async fn the_same_words_finish_a_release_that_was_killed_anywhere() -> Result<()> {
    let (tag, exits) = (GOOD, &[0, 1]);
    let story = Story {
        name: "kill-run",
        starts_held: false,
        verb: "run",
        tag,
        exit: 0,
        again: "run",
        exits,
        ends_on: &[GOOD],
    };
    story.kill_everywhere().await
}

/// Whoever sees it hang wants it back. Killed at its last write it is promoted.
#[tokio::test]
async fn an_abort_ends_a_release_that_was_killed_anywhere() -> Result<()> {
    let (tag, exits, ends_on) = (GOOD, &[0, 1], &[SERVES, GOOD]);
    let story = Story {
        name: "kill-then-abort",
        starts_held: false,
        verb: "run",
        tag,
        exit: 0,
        again: "abort",
        exits,
        ends_on,
    };
    story.kill_everywhere().await
}

/// Also one that takes itself back.
#[tokio::test]
async fn the_same_words_finish_taking_back_that_was_killed_anywhere() -> Result<()> {
    let (tag, ends_on) = (CRASHES, &[SERVES]);
    let story =
        Story { name: "kill-bad", starts_held: false, verb: "run", tag, exit: 5, again: "run", exits: &[5], ends_on };
    story.kill_everywhere().await
}

/// And an abort.
#[tokio::test]
async fn an_abort_that_was_killed_anywhere_is_ended_by_another() -> Result<()> {
    let (tag, exits, ends_on) = (GOOD, &[0, 1], &[SERVES]);
    let story =
        Story { name: "kill-abort", starts_held: true, verb: "abort", tag, exit: 0, again: "abort", exits, ends_on };
    story.kill_everywhere().await
}
