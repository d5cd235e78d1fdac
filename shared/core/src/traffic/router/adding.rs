//! A destination that a rule lacks.

use super::rule::Form;
use super::{Op, Route, RouterKind, Rule, gateway, istio};

impl Route {
    /// Operations that give a rule a destination of a color without requests, like one that it has, where the rule is
    /// as it was read.
    #[must_use]
    pub fn adding(&self, rule: &Rule, color: &str) -> Option<Vec<Op>> {
        if self.dns.is_some() {
            return None;
        }
        let share = rule.shares.iter().find(|share| share.color.is_some())?;
        let (to, _) = self.colors.iter().find(|(_, name)| *name == color)?;
        let mut ops = vec![Op::test(&rule.pointer, rule.list.clone())];
        if let Form::Action(action) = &rule.form {
            let text = action.with_group_like(rule.list.as_str()?, share.index, &to.service)?;
            ops.push(Op::replace(&rule.pointer, text));
            return Some(ops);
        }
        let like = rule.list.get(share.index)?;
        // One that is alone needs no weight until it isn't.
        if rule.list.as_array().is_some_and(|list| list.len() == 1) && !rule.list[0]["weight"].is_number() {
            let weight = rule.shares.first().map_or(100, |share| share.weight);
            ops.push(Op::add(&format!("{}/0/weight", rule.pointer), weight));
        }
        let lacking = match self.kind {
            RouterKind::VirtualService => istio::destination_like(like, to),
            _ => gateway::backend_like(like, to),
        };
        ops.push(Op::add(&format!("{}/-", rule.pointer), lacking));
        Some(ops)
    }
}
