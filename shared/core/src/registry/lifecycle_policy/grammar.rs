//! Reads a policy's text and checks it as ECR does, all problems at once.

mod fields;
mod rule;
mod twice;
mod whole;

use serde_json::Value;

use super::policy::Policy;
use super::problem::{MAX_CHARS, MAX_RULES, Problem};
use fields::Fields;

/// Reads a policy.
///
/// # Errors
/// Every problem, in the order of the text; those between rules come last.
pub fn parse(text: &str) -> Result<Policy, Vec<Problem>> {
    let chars = text.chars().count();
    if chars > MAX_CHARS {
        return Err(vec![Problem::whole(format!("the policy has {chars} characters; ECR takes {MAX_CHARS}"))]);
    }
    let value: Value = serde_json::from_str(text).map_err(|e| vec![Problem::whole(format!("not JSON: {e}"))])?;
    let mut problems = twice::keys_that_stand_twice(text);
    let written = rules(&value, &mut problems);
    let mut rules = Vec::new();
    for (number, value) in (1..).zip(written.iter()) {
        if let Some(rule) = rule::read(number, value, &mut problems) {
            rules.push((number, rule));
        }
    }
    whole::check(&rules, &mut problems);
    if !problems.is_empty() {
        return Err(problems);
    }
    let mut rules: Vec<_> = rules.into_iter().map(|(_, rule)| rule).collect();
    rules.sort_by_key(|rule| rule.priority);
    Ok(Policy { rules })
}

/// The elements of `rules`.
fn rules<'v>(policy: &'v Value, problems: &mut Vec<Problem>) -> &'v [Value] {
    let Some(mut fields) = Fields::of(policy, "", "the policy", None, problems) else { return &[] };
    fields.only(&["rules"]);
    let Some(rules) = fields.list("rules") else { return &[] };
    if rules.is_empty() {
        fields.problem("the policy has no rule");
    }
    if rules.len() > MAX_RULES {
        fields.problem(format!("the policy has {} rules; ECR takes {MAX_RULES}", rules.len()));
    }
    rules
}

#[cfg(test)]
mod tests;
