//! The choice: which image is "the one before".

use wildmatch::WildMatch;

use super::answer::{Choice, Chosen, Counted, Decision, SkipReason, Skipped, Why, both_passed_over};
use super::catalog::Catalog;
use super::deployable::LeftOut;
use super::deployments::{Deployments, Ran, pushed_after};
use super::leaving::{Left, PodImage};
use super::listing::{Candidate, Deployed, Keep, Wanted, candidates};
use super::never_ready::ready_before;
use super::question::{Question, Source};
use super::steps::Before;
use super::tag::{TagForm, TagKind};
use super::target::{Deciding, Target, asked, older_of_another_form};
use crate::registry::ecr_reference::same_repository;
use crate::registry::image::ImageRef;

/// Decides what to go back to, and lists what there is.
#[must_use]
pub fn choose<'a>(question: &Question<'a>) -> Choice<'a> {
    let catalog = question.repository.as_ref().map(Catalog::new);
    let filter = question.options.tag_filter.as_deref().map(WildMatch::new);
    let mut left = Left::of(question.spec, question.pods, catalog.as_ref());
    let deployments = Deployments {
        spec: question.spec,
        container: question.container,
        revisions: question.revisions,
        pods: question.pods,
        catalog: catalog.as_ref(),
        left_behind: question.left_behind,
    };
    let mut listed = Vec::new();
    if let Some(catalog) = &catalog {
        let keep = left.keep(catalog, filter.as_ref()).of_variant(catalog);
        left.form = keep.form().map(TagForm::pattern);
        let running = left.digest.as_deref().and_then(|digest| catalog.by_digest(digest));
        listed = candidates(catalog, Wanted { keep: &keep, filter: filter.as_ref(), running });
        mark(&mut listed, (&left, keep == Keep::Names), &deployments, catalog);
    }
    let deciding = Deciding { question, left: &left, candidates: &listed, deployments };
    let decision = match asked(&deciding, catalog.as_ref()) {
        Some(decision) => decision,
        None => deciding.back(),
    };
    Choice { left, candidates: listed, decision }
}

/// The decision for an image that a person picked from [`Choice::candidates`].
#[must_use]
pub fn pick(question: &Question<'_>, choice: &Choice<'_>, digest: &str) -> Decision {
    let target = Target { question, left: &choice.left };
    match choice.candidates.iter().find(|c| c.image.digest == digest) {
        Some(candidate) => target.named(candidate, candidate.tag, candidate.tag_moves),
        None => Decision::NoSuchDigest { digest: digest.to_owned(), close: Vec::new() },
    }
}

fn mark(
    candidates: &mut [Candidate<'_>],
    (left, by_names): (&Left, bool),
    deployments: &Deployments<'_>,
    catalog: &Catalog<'_>,
) {
    let whole = |pod: &PodImage| catalog.known(pod.digest.as_deref()?, &ImageRef::parse(&pod.image));
    let ready: Vec<&str> =
        deployments.pods.iter().filter(|p| p.ready).filter_map(whole).map(|i| i.digest.as_str()).collect();
    let ran = deployments.all(left);
    let Deployments { revisions, pods, container, .. } = *deployments;
    let never_ready = |number: i64| ready_before(revisions, pods, container, number).is_some();
    for candidate in candidates.iter_mut() {
        let digest = candidate.image.digest.as_str();
        candidate.running = left.digest.as_deref() == Some(digest);
        candidate.ready = ready.contains(&digest);
        let last = ran.iter().find(|r| r.digest.as_deref() == Some(digest)).map(|r| r.revision);
        candidate.deployed = last.map(|r| Deployed {
            revision: r.number,
            created: r.created,
            current: r.current,
            never_ready: never_ready(r.number),
        });
        let is_unknown = candidate.deployed.is_none() && candidate.is_eligible() && !candidate.running;
        candidate.other_name = by_names && is_unknown && candidate.goes_by_another_name(left.tag.as_deref());
        candidate.same_form &= !candidate.other_name;
    }
    let older = candidates.iter_mut().skip_while(|c| !c.running).skip(1);
    let mut eligible = older.filter(|c| c.is_eligible() && !deployments.is_left_behind(c.image));
    if let Some(previous) = eligible.next() {
        previous.previous = true;
    }
}

impl Deciding<'_, '_> {
    fn steps(&self) -> usize {
        self.question.options.steps.max(1)
    }

    fn back(&self) -> Decision {
        let (pushed, deployed) = (self.pushed_before(), self.deployed_before());
        if self.question.options.from == Some(Source::RolloutHistory) {
            let last = deployed.last(self.steps()).map(|decision| decision.clone().past(&deployed.skipped));
            return last.unwrap_or_else(|| self.nothing_older(deployed.skipped));
        }
        let deployed_last = deployed.last(self.steps()).and_then(Decision::chosen);
        let deployed_last = deployed_last.map(|chosen| chosen.clone().past(&deployed.skipped));
        if let Some(why) = &self.left.unknown {
            return Decision::UnknownRunning { why: why.clone(), deployed_before: deployed_last };
        }
        let pushed_last = pushed.last(self.steps()).map(|candidate| self.after_steps(candidate, &pushed));
        if self.question.options.from == Some(Source::Registry) {
            return pushed_last.map_or_else(|| self.nothing_older(pushed.skipped), Decision::Chosen);
        }
        if (&pushed_last, &deployed_last) == (&None, &None) {
            return self.nothing_older(both_passed_over(pushed.skipped, deployed.skipped));
        }
        let parting = self.parting(&pushed, &deployed);
        match (parting, pushed_last) {
            (None, Some(pushed)) => Decision::Chosen(Chosen {
                why: if deployed_last.is_some() { Why::PushedAndDeployedBefore } else { Why::PushedBefore },
                ..pushed.also_passed_over(deployed.skipped)
            }),
            (Some(parting), _) => parting,
            (None, None) => self.nothing_older(both_passed_over(pushed.skipped, deployed.skipped)),
        }
    }

    fn nothing_older(&self, skipped: Vec<Skipped>) -> Decision {
        Decision::NothingOlder { of_another_form: older_of_another_form(self.candidates), skipped }
    }

    /// The candidates of the form that were pushed before the one being left, step by step; and what was passed over
    /// on the way.
    fn pushed_before(&self) -> Before<&Candidate<'_>> {
        let mut before = Before::default();
        let older = self.candidates.iter().skip_while(|c| !c.running).skip(1);
        for candidate in older.filter(|c| c.same_form || c.other_name) {
            match &candidate.left_out {
                _ if candidate.other_name => {
                    before.skipped.push(Skipped::candidate(candidate, SkipReason::OtherName));
                }
                Some(why) if why.is_worth_a_word() => {
                    before.skipped.push(Skipped::candidate(candidate, SkipReason::LeftOut { why: why.clone() }));
                }
                Some(_) => {}
                None if self.deployments.is_left_behind(candidate.image) => {
                    before.skipped.push(Skipped::candidate(candidate, SkipReason::RolledBackFrom));
                }
                None => before.steps.push(candidate),
            }
            if before.steps.len() == self.steps() {
                break;
            }
        }
        before
    }

    /// The last of the steps, with those before it.
    fn after_steps(&self, last: &Candidate<'_>, pushed: &Before<&Candidate<'_>>) -> Chosen {
        let counted = pushed.steps.iter().take(self.steps().saturating_sub(1)).map(|candidate| Counted::of(candidate));
        let chosen = self.target().of(last, Why::PushedBefore);
        Chosen { skipped: pushed.skipped.clone(), counted: counted.collect(), ..chosen }
    }

    /// What older revisions with another image ran, step by step, an image a step.
    fn deployed_before(&self) -> Before<Decision> {
        let mut before = Before::default();
        for (ran, why) in self.deployments.before(self.left) {
            match why.map_or_else(|| self.usable(&ran), Err) {
                Err(why) => before.skipped.push(ran.skipped(why)),
                Ok(decision) => before.steps.push(decision),
            }
            if before.steps.len() == self.steps() {
                break;
            }
        }
        before
    }

    /// The first step at which pushes and deployments part. What lies behind it is in doubt with it, also where both
    /// come to the same image again: who counts three back means the third of one order.
    fn parting(&self, pushed: &Before<&Candidate<'_>>, deployed: &Before<Decision>) -> Option<Decision> {
        let chosen = |at: usize| pushed.steps.get(at).map(|candidate| self.target().of(candidate, Why::PushedBefore));
        let ran = deployed.steps.iter().enumerate().filter_map(|(at, decision)| Some((at, decision.chosen()?)));
        let (at, ran) = ran.into_iter().find(|(at, ran)| chosen(*at).is_none_or(|pushed| !pushed.is_same(ran)))?;
        let ends = [
            (Source::Registry, pushed.last(self.steps()).is_some()),
            (Source::RolloutHistory, deployed.last(self.steps()).and_then(Decision::chosen).is_some()),
        ];
        Some(Decision::Disagree {
            step: at.saturating_add(1),
            pushed_before: chosen(at),
            deployed_before: ran.clone().past(&deployed.skipped),
            open: ends.into_iter().filter(|(_, goes)| *goes).map(|(source, _)| source).collect(),
        })
    }

    /// What a revision may have been whose tag is on another image: a tag that is moved leaves an image without.
    fn perhaps(&self, ran: &Ran<'_>) -> Option<String> {
        let had = |c: &&Candidate<'_>| c.image.tags.is_empty() && c.left_out.is_none() && !c.running;
        let there = |c: &&Candidate<'_>| !pushed_after(c.image.pushed_at, ran.revision.created);
        let lost = self.candidates.iter().filter(had).find(there)?;
        Some(lost.image.digest.clone())
    }

    /// What going back to a revision's image means, or why that can't be done.
    fn usable(&self, ran: &Ran<'_>) -> Result<Decision, SkipReason> {
        let from_history = self.question.options.from == Some(Source::RolloutHistory);
        let reference = ImageRef::parse(ran.image);
        let same_repository = same_repository(ran.image, self.question.spec);
        let Some(catalog) = self.deployments.catalog else { return Ok(self.target().as_it_was(ran)) };
        let found = |digest: &String| self.candidates.iter().find(|c| c.image.digest == *digest);
        if !same_repository && from_history {
            return Ok(self.target().as_it_was(ran));
        }
        if !same_repository && ran.digest.as_ref().and_then(found).is_none() {
            return Err(SkipReason::OtherRepository);
        }
        let Some(digest) = &ran.digest else {
            let tag = reference.tag.unwrap_or("latest");
            let moved = catalog.by_tag(tag).is_some() || TagForm::of(tag).kind() == TagKind::Name;
            let perhaps = || self.perhaps(ran);
            return Err(if moved { SkipReason::TagMoved { perhaps: perhaps() } } else { SkipReason::NotInRepository });
        };
        let candidate = found(digest).ok_or(SkipReason::NotInRepository)?;
        // A part that a revision named is what it ran.
        let named = reference.digest == Some(digest) || reference.tag.is_some_and(|t| candidate.has_tag(t));
        let is_part = matches!(candidate.left_out, Some(LeftOut::IndexChild { .. }));
        if let Some(why) = candidate.left_out.as_ref().filter(|_| !(is_part && named)) {
            return Err(SkipReason::LeftOut { why: why.clone() });
        }
        let chosen = self.target().of(candidate, Why::DeployedBefore);
        Ok(Decision::Chosen(Chosen { revision: Some(ran.revision.number), ..chosen }))
    }
}
