//! The JSON of one repository; see docs/lifecycle.md.

use kubectl_release::lifecycle_policy::{Action, Change, Kept, Policy, Raised, Remark, Verdict};
use serde_json::{Value, json};

use super::compare::Comparison;
use super::outlook::{InForce, Outlook, Row};

/// `{name, policyInForce, policy, unchanged, difference[], remarks[], summary, images[], ecrPreview,
/// protection?}`
#[must_use]
pub fn outlook(outlook: &Outlook) -> Value {
    let mut value = json!({
        "name": outlook.repository,
        "policyInForce": in_force(&outlook.in_force),
        "policy": outlook.policy.to_value(),
        "unchanged": outlook.is_unchanged(),
        "difference": outlook.difference.changes.iter().map(change).collect::<Vec<_>>(),
        "remarks": outlook.remarks.iter().map(remark).collect::<Vec<_>>(),
        "summary": {
            "images": outlook.rows.len(),
            "stay": outlook.staying(),
            "expire": outlook.count(Action::Expire),
            "archive": outlook.count(Action::Archive),
            "inUseAndGoing": outlook.threatened().count(),
        },
        "images": outlook.rows.iter().map(image).collect::<Vec<_>>(),
        "notInRepository": outlook.missing.iter().map(|(image, used)| json!({"image": image, "use": used})).collect::<Vec<_>>(),
        "ecrPreview": comparison(&outlook.comparison),
    });
    if let Some(protection) = &outlook.protection {
        value["protection"] = json!({
            "policy": protection.policy.to_value(),
            "raised": protection.raised.iter().map(raised).collect::<Vec<_>>(),
        });
    }
    value
}

/// The policy in force: an object, or null.
#[must_use]
pub fn in_force(in_force: &InForce) -> Value {
    in_force.policy().map_or(Value::Null, Policy::to_value)
}

/// `{rule, id, message}`
#[must_use]
pub fn remark(remark: &Remark) -> Value {
    json!({"rule": remark.rule, "id": remark.id, "message": remark.message})
}

/// `{change: same|added|removed|changed|moved, rule, from?, inWords}`
fn change(change: &Change) -> Value {
    match change {
        Change::Same(rule) => json!({"change": "same", "rule": rule.priority, "inWords": rule.in_words()}),
        Change::Added(rule) => json!({"change": "added", "rule": rule.priority, "inWords": rule.in_words()}),
        Change::Removed(rule) => json!({"change": "removed", "rule": rule.priority, "inWords": rule.in_words()}),
        Change::Changed { from, to } => {
            json!({"change": "changed", "rule": to.priority, "from": from.in_words(), "inWords": to.in_words()})
        }
        Change::Moved { from, to } => {
            json!({"change": "moved", "rule": to.priority, "from": from, "inWords": to.in_words()})
        }
    }
}

/// `{digest, tags, pushedAt, verdict: keep|expire|archive, rule?, why, index?, with?, tied?, inUse[]}`
fn image(row: &Row) -> Value {
    let mut value = json!({"digest": row.digest, "tags": row.tags, "pushedAt": row.pushed_at, "inUse": row.uses});
    let mut set = |key: &str, member: Value| value[key] = member;
    match &row.verdict {
        Verdict::Taken(taken) => {
            set("verdict", json!(taken.action));
            set("rule", json!(taken.rule));
            set("why", json!(if taken.with.is_some() { "goesWithSubject" } else { "beyondLimit" }));
            if let Some(with) = &taken.with {
                set("with", json!(with));
            }
        }
        Verdict::Kept(kept) => {
            set("verdict", json!("keep"));
            match kept {
                Kept::NoRule => set("why", json!("noRule")),
                Kept::Spared { rule, tied } => {
                    set("why", json!("withinLimit"));
                    set("rule", json!(rule));
                    set("tied", json!(tied));
                }
                Kept::NeededBy { index, rule } => {
                    set("why", json!("neededByIndex"));
                    set("rule", json!(rule));
                    set("index", json!(index));
                }
            }
        }
    }
    value
}

/// `{result: same|differs|notMade, why?, differences[]?}`
fn comparison(comparison: &Comparison) -> Value {
    match comparison {
        Comparison::Same => json!({"result": "same"}),
        Comparison::NotMade(why) => json!({"result": "notMade", "why": why}),
        Comparison::Differs(found) => {
            let side =
                |side: Option<(u32, Action)>| side.map(|(rule, action)| json!({"rule": rule, "verdict": action}));
            let one = |d: &super::compare::Disagreement| json!({"digest": d.digest, "ours": side(d.ours), "ecr": side(d.ecr), "why": d.why});
            json!({"result": "differs", "differences": found.iter().map(one).collect::<Vec<_>>()})
        }
    }
}

/// `{rule, countType, from, to, spares[]}`
fn raised(raised: &Raised) -> Value {
    json!({"rule": raised.rule, "countType": raised.kind.word(), "from": raised.from, "to": raised.to, "spares": raised.spares})
}
