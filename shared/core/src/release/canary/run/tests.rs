use proptest::prelude::*;

use super::model::Cluster;
use super::*;

/// What happens beside the run, one after the other.
#[derive(Debug, Clone, Copy)]
enum Happens {
    /// Controllers go on.
    Follow(u8),
    /// The runner does one thing.
    Run,
    /// It is killed before it is written.
    Killed,
}

fn happens() -> impl Strategy<Value = Happens> {
    prop_oneof![
        4 => (0_u8..6).prop_map(Happens::Follow),
        4 => Just(Happens::Run),
        1 => Just(Happens::Killed),
    ]
}

fn weights() -> impl Strategy<Value = Vec<u32>> {
    proptest::collection::btree_set(1_u32..=100, 1..5).prop_map(|set| set.into_iter().collect())
}

/// What must be so at every moment.
fn hold(cluster: &Cluster) {
    let (state, replicas) = (&cluster.state, cluster.state.replicas);
    assert!(cluster.ready() >= replicas, "{} serve of {replicas}: {cluster:?}", cluster.ready());
    let canary = cluster.canary.clone().unwrap_or_default();
    let (wanted, most) = (cluster.stable.wanted + canary.wanted, replicas + state.surge);
    match state.phase {
        Phase::Running | Phase::Paused(_) => {
            assert!(wanted <= most, "{wanted} pods are asked for: {cluster:?}");
            assert!(canary.wanted <= state.goal().canary, "above its step: {cluster:?}");
        }
        Phase::Promoting => assert!(wanted <= most, "{wanted} pods are asked for: {cluster:?}"),
        Phase::Aborting(_) | Phase::Over => {}
    }
}

/// Runs it to its end, with these things happening first.
fn to_the_end(cluster: &mut Cluster, story: &[Happens]) {
    for one in story {
        match one {
            Happens::Follow(which) => cluster.follow(*which),
            Happens::Run => drop(cluster.run_once(false)),
            Happens::Killed => drop(cluster.run_once(true)),
        }
        hold(cluster);
    }
    for turn in 0..6000_u32 {
        cluster.run_once(false);
        cluster.follow((turn % 6) as u8);
        hold(cluster);
        if !cluster.state.is_under_way() {
            return;
        }
    }
    panic!("it has no end: {cluster:?}");
}

proptest! {
    /// Whoever is served by the pods would be served by fewer, or by more of an untested version than was asked for.
    #[test]
    fn a_good_version_is_promoted_whatever_happens_when(
        replicas in 2_u32..30, surge in 0_u32..6, weights in weights(),
        story in proptest::collection::vec(happens(), 0..200),
    ) {
        let mut cluster = Cluster::new(replicas, surge, &weights);
        to_the_end(&mut cluster, &story);
        prop_assert!(cluster.canary.is_none());
        prop_assert_eq!(cluster.stable_asks_for, Version::New);
        prop_assert_eq!((cluster.stable.wanted, cluster.stable.own, cluster.stable.others), (replicas, replicas, 0));
    }

    /// An abort at any moment, also of a promotion, brings back what was there, and never takes away what serves.
    #[test]
    fn an_abort_ends_with_the_stable_version_alone(
        replicas in 2_u32..30, surge in 0_u32..6, weights in weights(), is_good: bool,
        story in proptest::collection::vec(happens(), 0..400),
        after in proptest::collection::vec(happens(), 0..100),
    ) {
        let mut cluster = Cluster::new(replicas, surge, &weights);
        cluster.canary_is_good = is_good;
        for one in &story {
            match one {
                Happens::Follow(which) => cluster.follow(*which),
                Happens::Run => drop(cluster.run_once(false)),
                Happens::Killed => drop(cluster.run_once(true)),
            }
            hold(&cluster);
        }
        let was_over = !cluster.state.is_under_way();
        prop_assume!(!was_over);
        cluster.abort();
        to_the_end(&mut cluster, &after);
        prop_assert!(cluster.canary.is_none());
        prop_assert_eq!(cluster.stable_asks_for, Version::Old);
        prop_assert_eq!((cluster.stable.wanted, cluster.stable.own, cluster.stable.others), (replicas, replicas, 0));
    }

    /// A runner that was killed and one that was not do the same next: nothing is remembered outside the cluster.
    #[test]
    fn the_same_cluster_has_the_same_next_thing(
        replicas in 2_u32..30, weights in weights(), story in proptest::collection::vec(happens(), 0..200),
    ) {
        let mut cluster = Cluster::new(replicas, 2, &weights);
        for one in &story {
            if let Happens::Follow(which) = one { cluster.follow(*which) }
            let kept = serde_json::from_str(&serde_json::to_string(&cluster.state).unwrap()).unwrap();
            prop_assert_eq!(&cluster.state, &kept);
            prop_assert_eq!(next(&kept, &cluster.facts()), cluster.run_once(false));
        }
    }
}

/// So many things happen first that it is in the middle of this weight's pause.
fn at_its_pause(cluster: &mut Cluster, weight: u32) {
    for turn in 0..2000_u32 {
        let is_there = cluster.state.weight() == weight && cluster.state.since.is_some();
        if is_there && matches!(cluster.run_once(false), Act::Wait(Wait::Pause { .. })) {
            return;
        }
        cluster.run_once(false);
        cluster.follow((turn % 6) as u8);
    }
    panic!("it never came to {weight}: {cluster:?}");
}

/// A pod too many of an untested version takes requests that were not meant for it.
#[test]
fn at_its_pause_a_weight_is_as_many_pods_as_it_says() {
    for (weight, canary) in [(5, 1), (20, 4), (50, 10), (100, 20)] {
        let mut cluster = Cluster::new(20, 5, &[5, 20, 50, 100]);
        at_its_pause(&mut cluster, weight);
        let serving = (cluster.canary.as_ref().unwrap().serving, cluster.stable.serving);
        assert_eq!(serving, (canary, 20 - canary), "{weight}%");
    }
}

/// Going on from what somebody else changed would take away what they did, or count on pods that aren't there.
#[test]
fn another_hand_stops_a_run_and_no_abort() {
    let paused = || {
        let mut cluster = Cluster::new(10, 3, &[20, 50]);
        at_its_pause(&mut cluster, 20);
        cluster
    };
    let mut scaled = paused();
    scaled.stable.wanted = 12;
    assert_eq!(scaled.run_once(false), Act::Stop(Stop::Scaled { which: Which::Stable, from: 8, to: 12 }));
    scaled.canary.as_mut().unwrap().wanted = 5;
    scaled.stable.wanted = 8;
    assert_eq!(scaled.run_once(false), Act::Stop(Stop::Scaled { which: Which::Canary, from: 2, to: 5 }));
    let mut changed = paused();
    changed.stable_asks_for = Version::Other;
    assert_eq!(changed.run_once(false), Act::Stop(Stop::Template));
    for mut cluster in [scaled, changed] {
        cluster.abort();
        cluster.stable_asks_for = Version::Old;
        to_the_end(&mut cluster, &[]);
        assert_eq!((cluster.stable.wanted, cluster.canary.is_none()), (10, true));
    }
}

/// What somebody scaled up in an outage is not taken away by going back.
#[test]
fn an_abort_takes_no_pod_of_the_stable_version_away() {
    let mut cluster = Cluster::new(10, 3, &[20, 50]);
    at_its_pause(&mut cluster, 20);
    cluster.stable.wanted = 15;
    cluster.abort();
    to_the_end(&mut cluster, &[]);
    assert_eq!(cluster.stable.wanted, 15);
}

#[test]
fn a_canary_that_somebody_deleted_is_taken_back() {
    let mut cluster = Cluster::new(10, 3, &[20, 50]);
    at_its_pause(&mut cluster, 50);
    cluster.canary = None;
    assert!(matches!(cluster.run_once(false), Act::Abort(_)));
    for turn in 0..500_u32 {
        cluster.run_once(false);
        cluster.follow((turn % 6) as u8);
    }
    assert_eq!((cluster.state.is_under_way(), cluster.stable.own), (false, 10));
}

/// Its pods are the only ones that serve.
#[test]
fn while_stables_new_pods_are_stuck_the_canary_goes_on_serving() {
    let mut cluster = Cluster::new(10, 3, &[50]);
    for turn in 0..500_u32 {
        if cluster.state.phase == Phase::Promoting {
            break;
        }
        cluster.run_once(false);
        cluster.follow((turn % 6) as u8);
    }
    for _ in 0..10 {
        cluster.run_once(false);
    }
    let mut facts = cluster.facts();
    facts.stable.stuck = Some("ImagePullBackOff".into());
    assert_eq!(next(&cluster.state, &facts), Act::Stop(Stop::StableStuck("ImagePullBackOff".into())));
    assert_eq!(facts.canary.unwrap().wanted, 10);
}

/// argo-rollouts#4839: it would wait in silence, and going back would leave nobody to serve.
#[test]
fn a_stable_version_that_breaks_in_the_middle_is_told() {
    let mut cluster = Cluster::new(10, 3, &[20, 50]);
    at_its_pause(&mut cluster, 20);
    let mut facts = cluster.facts();
    (facts.stable.available, facts.stable.serving, facts.stable.listed) = (3, 3, 3);
    assert_eq!(next(&cluster.state, &facts), Act::Wait(Wait::Ready { which: Which::Stable, have: 3, want: 8 }));
    facts.stable.stuck = Some("CrashLoopBackOff".into());
    assert_eq!(next(&cluster.state, &facts), Act::Stop(Stop::StableStuck("CrashLoopBackOff".into())));
    cluster.abort();
    let act = next(&cluster.state, &facts);
    assert_eq!(act, Act::Scale { which: Which::Stable, to: 10 });
    facts.stable.wanted = 10;
    let waits = next(&cluster.state, &facts);
    assert_eq!(waits, Act::Wait(Wait::Ready { which: Which::Stable, have: 3, want: 10 }), "the canary stays");
}

/// Whoever holds a release means that it goes no further, also where a pause is over.
#[test]
fn what_is_paused_does_not_go_on_until_it_is_resumed() {
    let mut cluster = Cluster::new(10, 3, &[20, 50]);
    at_its_pause(&mut cluster, 20);
    cluster.state.phase = Phase::Paused(Word { by: "you".into(), at: cluster.now, why: String::new() });
    for turn in 0..100_u32 {
        assert_eq!(cluster.run_once(false), Act::Wait(Wait::Resume));
        cluster.follow((turn % 6) as u8);
    }
    cluster.state.phase = Phase::Running;
    assert_eq!(cluster.run_once(false), Act::Advance);
}

#[test]
fn a_weight_by_hand_is_in_force_until_the_next_of_the_plan() {
    let mut cluster = Cluster::new(10, 3, &[20, 50]);
    at_its_pause(&mut cluster, 20);
    cluster.state.by_hand = Some(30);
    assert_eq!(cluster.state.goal().canary, 3);
    at_its_pause(&mut cluster, 50);
    assert_eq!(cluster.state.by_hand, None);
    let seen: Vec<u32> = cluster.state.weights.iter().map(|weighed| weighed.weight).collect();
    assert!(seen.starts_with(&[20]) && seen.ends_with(&[50]), "{seen:?}");
}
