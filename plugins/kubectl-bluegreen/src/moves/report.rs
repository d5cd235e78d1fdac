//! What a move's report is filled with.

use release_cli::run::Run;
use release_cli::verb::would_be;
use release_core::checks::finding::Finding;
use release_core::release::change::Change;

use crate::apply::{MoveInProgress, Reached};
use crate::options::MoveOptions;
use crate::plan::{Planned, ServicePlan, Stay, StayState, SwitchPlan};
use crate::report::move_document::MoveEntry;

/// The parts of a verb's report that a move fills as it goes on.
#[derive(Debug)]
pub struct MoveReport<'r> {
    pub services: &'r mut Vec<MoveEntry>,
    pub findings: &'r mut Vec<Finding>,
    pub text: &'r mut String,
    pub names: &'r mut Vec<String>,
}

impl MoveReport<'_> {
    /// What is about to happen.
    pub fn planned(&mut self, plan: &SwitchPlan, options: &MoveOptions) {
        self.findings.clone_from(&plan.findings);
        *self.services = plan.services.iter().map(MoveEntry::planned).collect();
        let stays = plan.services.iter().filter_map(|planned| match planned {
            Planned::Stay(stay) => Some(unchanged(stay)),
            Planned::Move(_) | Planned::Finish(_) => None,
        });
        *self.text = lines(stays);
        *self.names = options.services.iter().map(|name| format!("service/{name}")).collect();
    }

    /// What would have happened.
    pub fn would_be(&mut self, run: &Run, plan: &SwitchPlan) {
        *self.text = lines(plan.moves().map(|plan| {
            let (service, past, to) = (plan.service(), plan.movement.record.verb.past(), &plan.movement.to);
            would_be(run, &format!("service/{service} {past} to {to}"))
        }));
    }

    /// What has become of the moves; `reached` where all were proven.
    pub fn ended<'p>(
        &mut self,
        run: &Run,
        plans: impl Iterator<Item = &'p ServicePlan>,
        moves: &[MoveInProgress<'_>],
        reached: Option<&[Reached]>,
    ) {
        for (index, (made, plan)) in moves.iter().zip(plans).enumerate() {
            let reached = reached.and_then(|all| all.get(index)).map(|reached| (reached, run.millis()));
            let entry = MoveEntry::ended(plan, made, reached);
            match self.services.iter_mut().find(|known| known.service() == made.service()) {
                Some(known) => *known = entry,
                None => self.services.push(entry),
            }
        }
    }

    /// What was brought to size for moves of which none was made; true where that is so.
    pub fn left_scaled(&mut self, of_service: impl Fn(&str) -> Vec<Change>) -> bool {
        let untouched = self.services.iter().all(MoveEntry::is_untouched);
        for entry in self.services.iter_mut().filter(|_| untouched) {
            let changes = of_service(entry.service());
            entry.leaves_scaled(&changes);
        }
        untouched
    }

    /// What weakens the proof, which others did while it was made.
    pub fn weakened(&mut self, moves: &[MoveInProgress<'_>]) {
        self.findings.extend(moves.iter().flat_map(MoveInProgress::weaknesses));
        self.findings.sort_by_key(|f| (f.severity, f.overridden));
    }

    /// All moves were proven.
    pub fn done(&mut self, moves: &[MoveInProgress<'_>], options: &MoveOptions) {
        let past = options.verb.past();
        let said = lines(moves.iter().map(|m| format!("service/{} {past} to {}", m.service(), m.movement.to)));
        // What stays was said before.
        let before = std::mem::take(self.text);
        *self.text = lines([before, said].into_iter().filter(|part| !part.is_empty()));
    }
}

/// What is so where somebody else was there before is no "nothing to do".
fn unchanged(stay: &Stay) -> String {
    let Stay { service, color, state, message, .. } = stay;
    match state {
        StayState::MovedByHand => format!("service/{service} unchanged ({color}): {message}"),
        _ if stay.way_out.is_some() => format!("service/{service} unchanged ({color}), and no pod of it is ready"),
        _ => format!("service/{service} unchanged ({color}); nothing to do"),
    }
}

fn lines(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join("\n")
}
