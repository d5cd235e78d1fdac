//! A state of the cluster, what is asked of the plugin in it, and what happens meanwhile: all of it
//! follows from one number.

use std::fmt;
use std::time::Duration;

use super::random::Random;

/// The colors there may be.
const COLORS: [&str; 3] = ["blue", "green", "red"];
/// Every check that can be overridden and that a state here may fail.
const FORCED: &str =
    "--force=ready-below-active,rollout-unfinished,port-missing,deadline-exceeded,being-deleted,twin-service";

/// One run and all around it.
#[derive(Debug, Clone)]
pub struct Scenario {
    pub seed: u64,
    pub colors: Vec<ColorState>,
    /// Nodes that the pods of this run alone are on.
    pub nodes: usize,
    /// The color that the Services select first.
    pub from: &'static str,
    pub to: &'static str,
    /// Two Services that move as one.
    pub twin: bool,
    pub verb: Verb,
    /// In the order of their times.
    pub disturbances: Vec<Disturbance>,
}

/// A color before the run.
#[derive(Debug, Clone, Copy)]
pub struct ColorState {
    pub name: &'static str,
    pub stateful: bool,
    pub replicas: u32,
    /// Its pods are on this node; without one, on all.
    pub node: Option<usize>,
    pub pods: PodState,
}

/// What a color's pods are like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PodState {
    Ready,
    NeverReady,
    /// They lack the port that the Services name.
    WithoutPort,
}

/// What is asked of the plugin.
#[derive(Debug, Clone)]
pub enum Verb {
    Switch {
        flags: String,
    },
    /// The way back from a switch that was made before.
    Rollback {
        flags: String,
    },
}

/// Something that happens while the plugin runs.
#[derive(Debug, Clone, Copy)]
pub struct Disturbance {
    pub after: Since,
    pub what: Happening,
}

/// When it happens.
#[derive(Debug, Clone, Copy)]
pub enum Since {
    /// So long after the plugin was started.
    Start(Duration),
    /// So long after the first Service was moved.
    Move(Duration),
}

/// What happens.
#[derive(Debug, Clone, Copy)]
pub enum Happening {
    Scale {
        color: &'static str,
        replicas: u32,
    },
    /// All pods of a color are deleted, or one.
    DeletePods {
        color: &'static str,
        all: bool,
    },
    DeleteWorkload {
        color: &'static str,
    },
    /// Pods of a color stop being ready: all of them, or one.
    Unready {
        color: &'static str,
        all: bool,
    },
    /// All pods of a color become ready again.
    Recover {
        color: &'static str,
    },
    LoseNode {
        node: usize,
    },
}

impl Scenario {
    /// The scenario of a seed.
    #[must_use]
    pub fn of(seed: u64) -> Self {
        let mut random = Random::of(seed);
        let count = if random.percent(60) { 2 } else { 3 };
        let nodes = usize::try_from(1 + random.below(3)).unwrap_or(1);
        let names = &COLORS[..count];
        let from = random.one_of(names);
        let others: Vec<&'static str> = names.iter().copied().filter(|name| *name != from).collect();
        let to = random.one_of(&others);
        let colors: Vec<ColorState> = names.iter().map(|name| color(&mut random, name, *name == from, nodes)).collect();
        let verb = verb(&mut random);
        let disturbances = disturbances(&mut random, names, to, nodes);
        Self { seed, colors, nodes, from, to, twin: random.percent(15), verb, disturbances }
    }

    /// The words of the run, for Services of these names.
    #[must_use]
    pub fn words(&self, services: &[String]) -> Vec<String> {
        let (verb, flags) = match &self.verb {
            Verb::Switch { flags } => (format!("switch {} --to {}", services.join(" "), self.to), flags),
            Verb::Rollback { flags } => (format!("rollback {}", services.join(" ")), flags),
        };
        format!("{verb} --yes --timeout=25s {flags}").split_whitespace().map(str::to_owned).collect()
    }

    /// The command that leads to the start, if there is one.
    #[must_use]
    pub fn before(&self, services: &[String]) -> Option<Vec<String>> {
        let Verb::Rollback { .. } = self.verb else { return None };
        let words = format!("switch {} --to {} --yes --verify-for=0s {FORCED}", services.join(" "), self.from);
        Some(words.split_whitespace().map(str::to_owned).collect())
    }

    /// The color that the Services are made with.
    #[must_use]
    pub fn made_with(&self) -> &'static str {
        if matches!(self.verb, Verb::Rollback { .. }) { self.to } else { self.from }
    }

    /// Somebody overrides that the color asked for lacks the port, and so can't serve.
    #[must_use]
    pub fn insists(&self) -> bool {
        let forced = matches!(&self.verb, Verb::Switch { flags } if flags.contains(FORCED));
        forced && self.color(self.to).is_some_and(|color| color.pods == PodState::WithoutPort)
    }

    /// A color's state.
    #[must_use]
    pub fn color(&self, name: &str) -> Option<&ColorState> {
        self.colors.iter().find(|color| color.name == name)
    }
}

/// Most are as they should be, or hardly a run would write anything; who serves first is ready.
fn color(random: &mut Random, name: &'static str, serves: bool, nodes: usize) -> ColorState {
    let replicas = if serves || random.percent(85) { 1 + random.below(3) } else { 0 };
    let pods = match random.below(100) {
        _ if serves => PodState::Ready,
        0..=84 => PodState::Ready,
        85..=92 => PodState::NeverReady,
        _ => PodState::WithoutPort,
    };
    let node = random.percent(70).then(|| usize::try_from(random.below(nodes as u64)).unwrap_or(0));
    ColorState { name, stateful: random.percent(20), replicas: u32::try_from(replicas).unwrap_or(1), node, pods }
}

fn verb(random: &mut Random) -> Verb {
    let verify = random.one_of(&["0s", "1s", "2s", "4s"]);
    if random.percent(40) {
        let now = if random.percent(50) { "--now" } else { "" };
        return Verb::Rollback { flags: format!("--verify-for={verify} {now}") };
    }
    let scale = if random.percent(30) { "--scale" } else { "" };
    let force = if random.percent(60) { FORCED } else { "" };
    Verb::Switch { flags: format!("--verify-for={verify} {scale} {force}") }
}

/// None in some runs; most happen soon after the move, to the color that was moved to.
fn disturbances(random: &mut Random, names: &[&'static str], to: &'static str, nodes: usize) -> Vec<Disturbance> {
    let count = random.one_of(&[0, 1, 1, 2, 2, 3]);
    let mut all: Vec<Disturbance> = (0..count)
        .map(|_| {
            let wait = Duration::from_millis(random.below(3000));
            let after = if random.percent(35) { Since::Start(wait / 3) } else { Since::Move(wait) };
            let color = if random.percent(60) { to } else { random.one_of(names) };
            Disturbance { after, what: happening(random, color, nodes) }
        })
        .collect();
    all.sort_by_key(|disturbance| match disturbance.after {
        Since::Start(wait) => (0, wait),
        Since::Move(wait) => (1, wait),
    });
    all
}

fn happening(random: &mut Random, color: &'static str, nodes: usize) -> Happening {
    let all = random.percent(70);
    match random.below(100) {
        0..=24 => Happening::Scale { color, replicas: u32::try_from(random.below(3)).unwrap_or(0) },
        25..=44 => Happening::DeletePods { color, all },
        45..=51 => Happening::DeleteWorkload { color },
        52..=71 => Happening::Unready { color, all },
        72..=76 => Happening::Recover { color },
        _ => Happening::LoseNode { node: usize::try_from(random.below(nodes as u64)).unwrap_or(0) },
    }
}

impl fmt::Display for Scenario {
    /// A story, to find out what went wrong.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "STATES_SEED={}", self.seed)?;
        for ColorState { name, stateful, replicas, node, pods } in &self.colors {
            let kind = if *stateful { "StatefulSet" } else { "Deployment" };
            let node = node.map_or_else(|| "any node".to_owned(), |node| format!("node {node}"));
            writeln!(f, "  {name}: {kind} of {replicas}, {pods:?}, on {node} of {}", self.nodes)?;
        }
        let twin = if self.twin { ", two Services" } else { "" };
        writeln!(f, "  {} -> {}{twin}: {:?}", self.from, self.to, self.verb)?;
        self.disturbances.iter().try_for_each(|d| writeln!(f, "  {:?}: {:?}", d.after, d.what))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_one_story() {
        assert_eq!(Scenario::of(7).to_string(), Scenario::of(7).to_string());
        assert_ne!(Scenario::of(7).to_string(), Scenario::of(8).to_string());
    }

    #[test]
    fn every_kind_of_state_comes_up() {
        let all: Vec<Scenario> = (0..300).map(Scenario::of).collect();
        let some = |is: fn(&Scenario) -> bool| all.iter().filter(|s| is(s)).count() > 5;
        assert!(some(|s| s.colors.len() == 3) && some(|s| s.twin));
        assert!(some(|s| matches!(s.verb, Verb::Rollback { .. })));
        assert!(some(|s| s.color(s.to).is_some_and(|to| to.replicas == 0)));
        assert!(some(|s| s.color(s.to).is_some_and(|to| to.pods == PodState::WithoutPort)));
        let happens = |s: &Scenario, is: fn(&Happening) -> bool| s.disturbances.iter().any(|d| is(&d.what));
        for is in [
            (|h| matches!(h, Happening::Scale { replicas: 0, .. })) as fn(&Happening) -> bool,
            |h| matches!(h, Happening::DeletePods { .. }),
            |h| matches!(h, Happening::DeleteWorkload { .. }),
            |h| matches!(h, Happening::Unready { .. }),
            |h| matches!(h, Happening::LoseNode { .. }),
        ] {
            assert!(all.iter().filter(|s| happens(s, is)).count() > 5);
        }
    }
}
