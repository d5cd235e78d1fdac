//! Services of one move that are asked for apart: each with its own target, tests, watch and hooks.

use std::slice;

use release_core::failure::Outcome;
use release_core::kube::Labels;
use release_core::release::change::Change;

use super::{MoveOptions, Verb};
use crate::hooks::Hooks;
use crate::record::proof::Proof;
use crate::snapshot::{Looking, ReadScope};

impl MoveOptions {
    /// What has to be read for it.
    #[must_use]
    pub fn looking(&self, extent: ReadScope) -> Looking<'_> {
        Looking { key: self.track_key.as_deref(), router: self.router.as_ref(), extent, images: true }
    }

    /// A switch that was typed with `--scale`.
    #[must_use]
    pub fn grows(&self) -> bool {
        self.scale && self.verb == Verb::Switch
    }

    /// What was asked for one of the Services.
    #[must_use]
    pub fn of(&self, service: &str) -> &Self {
        self.parts.iter().find(|part| part.services.iter().any(|name| name == service)).unwrap_or(self)
    }

    /// Each that was asked for by itself; one where all are asked for alike.
    #[must_use]
    pub fn each(&self) -> &[Self] {
        if self.parts.is_empty() { slice::from_ref(self) } else { &self.parts }
    }

    fn hooks_of_each(&self) -> impl Iterator<Item = &Hooks> {
        self.each().iter().map(|one| &one.hooks)
    }

    /// True where anything runs before the traffic moves.
    #[must_use]
    pub fn has_before_switch(&self) -> bool {
        self.hooks_of_each().any(|hooks| hooks.before_switch.is_some())
    }

    /// By what a move is judged besides readiness.
    #[must_use]
    pub fn proofs(&self) -> Vec<Proof> {
        let asked = [
            (self.tested.is_some(), Proof::SmokeTests),
            (!self.analysis.metrics.is_empty(), Proof::Analysis),
            (self.analysis.compare.is_some(), Proof::Comparison),
            (self.hooks.after_switch.is_some(), Proof::AfterSwitch),
        ];
        asked.into_iter().filter_map(|(is_asked, proof)| is_asked.then_some(proof)).collect()
    }

    /// A line for each hook, with its end, and with its Service where each has its own.
    #[must_use]
    pub fn hooks_text(&self) -> String {
        if self.parts.is_empty() {
            return self.hooks.text();
        }
        let named = |part: &Self, line: &str| format!("  service/{}: {}\n", part.services.join(" "), line.trim());
        let of = |part: &Self| part.hooks.text().lines().map(|line| named(part, line)).collect::<String>();
        self.parts.iter().map(of).collect()
    }

    /// Holds the pods of all hooks' Jobs against what the Services select.
    ///
    /// # Errors
    /// Exit 1 where one would get the traffic of users.
    pub fn hooks_would_not_serve(&self, selectors: &[Labels]) -> Outcome<()> {
        self.hooks_of_each().try_for_each(|hooks| hooks.would_not_serve(selectors))
    }

    /// The writes that start the hooks' Jobs, to be tried.
    #[must_use]
    pub fn hooks_rehearsed(&self, namespace: &str) -> Vec<Change> {
        self.hooks_of_each().flat_map(|hooks| hooks.rehearsed(namespace)).collect()
    }
}
