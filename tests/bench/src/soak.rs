//! Hundreds of switches under load.

use std::time::Duration;

use anyhow::Result;
use e2e::bluegreen::under_load::{BroughtBackBy, MeasuredSwitch, ServiceUnderLoad, Spacing, lags, worst_lag};
use lab::Lab;

use crate::figures::millis;
use crate::score::Score;

/// Switches in a block of [`ServiceUnderLoad::block`].
const BLOCK: usize = 5;
/// Switches from one line to the next.
const A_LINE: usize = 50;
/// Far more than the slowest block takes.
const A_BLOCK: Duration = Duration::from_secs(60);
/// kube-proxy's own minimum between two syncs, its sync, and the time between two samples.
const LAG: Duration = Duration::from_millis(1250);

pub async fn run(lab: &Lab, switches: usize, score: &mut Score) -> Result<()> {
    let blocks = switches.div_ceil(BLOCK);
    let most = A_BLOCK * u32::try_from(blocks)?;
    let mut service = ServiceUnderLoad::start(lab.namespace("soak").await?, most).await?;
    let mut switches: Vec<MeasuredSwitch> = Vec::new();
    for block in 0..blocks {
        // Cleaned up colors alternate, too: two of four.
        let back_by = if block % 4 < 2 { BroughtBackBy::Switch } else { BroughtBackBy::Rollback };
        switches.extend(service.block(back_by).await?);
        if switches.len().is_multiple_of(A_LINE) {
            println!("{}", line(&switches, &service));
        }
    }
    let traffic = service.stop().await;
    println!("\n{traffic}\n\nAfter a command had returned, new connections reached the old color for");
    println!("  switches 2 s apart or more: {}", lags(&switches, Spacing::Apart));
    println!("  switches close together:    {}", lags(&switches, Spacing::Close));
    for switch in
        switches.iter().filter(|switch| switch.spacing == Spacing::Apart && switch.lag > Duration::from_millis(150))
    {
        println!("  worth a look: {switch:?}");
    }
    let failed = traffic.failures().len();
    score.judge(
        &format!("failed requests in {} switches", switches.len()),
        failed.to_string(),
        "0".to_owned(),
        failed == 0,
    );
    score.judge("requests per second", format!("{:.0}", traffic.rate()), ">= 200".to_owned(), traffic.rate() >= 200.0);
    let worst = worst_lag(&switches);
    score.judge(
        "worst time on the old color after the command",
        millis(worst),
        format!("<= {}", millis(LAG)),
        worst <= LAG,
    );
    Ok(())
}

fn line(switches: &[MeasuredSwitch], service: &ServiceUnderLoad) -> String {
    let recent = &switches[switches.len() - A_LINE..];
    let (requests, failed) = service.counts();
    format!(
        "{:>4} switches  {requests:>7} requests  {failed} failed   old color after the command: apart {}; close {}",
        switches.len(),
        lags(recent, Spacing::Apart),
        lags(recent, Spacing::Close)
    )
}
