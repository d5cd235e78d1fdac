//! Our switch against `kubectl argo rollouts promote`, in turns, in the same lab.

mod argo;

use anyhow::Result;
use lab::Lab;

use crate::departure::{Departures, quiet};
use crate::handover::{PODS, Small};
use crate::score::{Score, print_table};
use argo::{Argo, When};

/// What our switch may take of what a promotion takes, in a pipeline.
const SHARE: f64 = 0.125;

pub async fn run(lab: &Lab, rounds: usize, score: &mut Score) -> Result<()> {
    let mut small = Small::start(lab).await?;
    let mut argo = Argo::start(lab, PODS).await?;
    let mut measured = Measured::default();
    // Once unmeasured: programs come from the disk into the page cache.
    round(&mut small, &mut argo, &mut Measured::default()).await?;
    for _ in 0..rounds {
        round(&mut small, &mut argo, &mut measured).await?;
    }
    let Measured { at_once, late } = measured;
    for (when, sides) in
        [("as soon as the new version's pods were ready", &at_once), ("2 s after the last change", &late)]
    {
        let heading = format!("From starting the command to the last new connection on the old version, {when}");
        print_table(&heading, &Departures::COLUMNS, &sides.rows());
    }
    score.at_most("switch / promote, as soon as pods were ready", at_once.share(), SHARE);
    score.at_most("switch / promote, 2 s after the last change", late.share(), 1.0);
    Ok(())
}

#[derive(Default)]
struct Measured {
    at_once: Sides,
    late: Sides,
}

#[derive(Default)]
struct Sides {
    promote: Departures,
    switch: Departures,
}

/// Each begins two seconds after the change before.
async fn round(small: &mut Small, argo: &mut Argo, measured: &mut Measured) -> Result<()> {
    quiet().await;
    argo.promote(&mut measured.at_once.promote, When::AtOnce).await?;
    quiet().await;
    small.switch_to_new_pods(&mut measured.at_once.switch).await?;
    quiet().await;
    argo.promote(&mut measured.late.promote, When::Quiet).await?;
    small.switch(&mut measured.late.switch).await
}

impl Sides {
    fn rows(&self) -> [Vec<String>; 2] {
        [
            self.promote.row("kubectl argo rollouts promote"),
            self.switch.row("kubectl-bluegreen switch --yes --verify-for 0"),
        ]
    }

    fn share(&self) -> f64 {
        self.switch.left.median().as_secs_f64() / self.promote.left.median().as_secs_f64()
    }
}
