//! The color that serves beside what the other one did just before.

use std::time::Duration;

use release_cli::run::Run;
use release_core::analysis::compare::asked::Comparison;
use release_core::analysis::compare::blue_green::{BeforeAfter, Counters, Stand, stand};
use release_core::analysis::counters::Millis;
use release_core::analysis::judged::JudgedComparison;
use release_core::analysis::template::{self, Open, filled_text};
use release_core::analysis::verdict::{Ending, Phase};
use release_metrics::source::Source;
use release_metrics::trouble::Trouble;
use tokio::time::Instant;

use super::super::in_progress::MoveInProgress;

/// How often the counters are read.
const EVERY: Duration = Duration::from_secs(5);
/// Further back than what is compared, so that a series which is born is told from one that is cut off.
const MARGIN: Duration = Duration::from_secs(60);
const LIMIT: Duration = Duration::from_secs(30);

/// Two raw counters of both colors.
pub struct Compared {
    source: Source,
    /// Of requests and of errors, for the color before and the one after.
    before: [String; 2],
    after: [String; 2],
    allowed: f64,
    switched: Millis,
    window: Duration,
    looked: Option<Instant>,
    stand: Result<Stand, String>,
}

impl Compared {
    /// Before the first look.
    ///
    /// # Errors
    /// Where a selector names what has no value.
    pub fn new(compare: &Comparison, source: Source, made: &MoveInProgress<'_>) -> Result<Self, String> {
        let movement = made.movement;
        let selectors = |color: &str, other: &str| {
            let values = template::of_move(&movement.namespace, &movement.service, color, other);
            let of = |text: &str| filled_text(text, &values, Open::Nothing);
            Ok::<_, String>([of(&compare.requests)?, of(&compare.errors)?])
        };
        Ok(Self {
            source,
            before: selectors(&movement.from, &movement.to)?,
            after: selectors(&movement.to, &movement.from)?,
            allowed: compare.allowed(),
            switched: movement.record.at.as_millisecond(),
            window: made.verify_for,
            looked: None,
            stand: Err("nothing was read yet".to_owned()),
        })
    }

    /// Reads the counters again, once in a while.
    pub async fn look(&mut self, run: &Run) {
        if self.looked.is_some_and(|at| at.elapsed() < EVERY) {
            return;
        }
        let now = run.cluster.now().as_millisecond();
        let read = self.sides(now).await;
        self.stand = read.map(|sides| stand(&sides, self.allowed, now)).map_err(|trouble| trouble.to_string());
        self.looked = Some(Instant::now());
    }

    async fn sides(&self, now: Millis) -> Result<BeforeAfter, Trouble> {
        let since = u64::try_from(now.saturating_sub(self.switched)).unwrap_or_default();
        let stretch = self.window.saturating_add(MARGIN).saturating_add(Duration::from_millis(since));
        let read = async |selectors: &[String; 2]| {
            let [requests, errors] = selectors;
            let requests = self.source.samples(requests, (stretch, now), LIMIT);
            let errors = self.source.samples(errors, (stretch, now), LIMIT);
            let (requests, errors) = futures::try_join!(requests, errors)?;
            Ok::<_, Trouble>(Counters { requests, errors })
        };
        let after = read(&self.after).await?;
        let before = if self.before == self.after { after.clone() } else { read(&self.before).await? };
        Ok(BeforeAfter { before, after, switched: self.switched, window: self.window })
    }

    /// How it stands.
    pub fn judged(&self, ending: Ending) -> JudgedComparison {
        let (phase, message) = self.verdict(ending);
        let counted = self.stand.as_ref().ok().map(|stand| (stand.before, stand.after)).unwrap_or_default();
        JudgedComparison {
            phase,
            message,
            ratio: self.allowed,
            requests_before: counted.0.requests,
            errors_before: counted.0.errors,
            requests_after: counted.1.requests,
            errors_after: counted.1.errors,
        }
    }

    fn verdict(&self, ending: Ending) -> (Phase, String) {
        let is_over = ending == Ending::TimeOver;
        let none = |why: &str| (if is_over { Phase::Inconclusive } else { Phase::Running }, why.to_owned());
        let stand = match &self.stand {
            Err(why) => return none(why),
            Ok(stand) => stand,
        };
        let (before, after) = (stand.before, stand.after);
        let counted = format!(
            "{:.0} errors of {:.0} requests, {:.0} of {:.0} before",
            after.errors, after.requests, before.errors, before.requests
        );
        if stand.is_worse {
            return (Phase::Failed, format!("{counted}: more than {} times the rate", self.allowed));
        }
        match stand.nothing {
            Some(nothing) => none(nothing.words()),
            None => (if is_over { Phase::Successful } else { Phase::Running }, counted),
        }
    }
}
