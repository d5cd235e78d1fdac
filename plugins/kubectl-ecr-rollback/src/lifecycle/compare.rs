//! Our reckoning beside ECR's own preview.

use std::collections::BTreeMap;

use release_core::registry::lifecycle_policy::{Action, Kept, Verdict};

use super::row::{Row, Theirs};

/// What ECR answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The images that its preview acts on.
    Listed(Vec<Theirs>),
    /// There is no answer; why, in a few words.
    None(String),
}

/// How far ECR and we agree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Comparison {
    Same,
    Differs(Vec<Disagreement>),
    /// Why there is none, in a few words.
    NotMade(String),
}

/// An image that ECR and we say different things about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disagreement {
    pub digest: String,
    /// The rule and what it does, by our reckoning; nothing where the image stays.
    pub ours: Option<(u32, Action)>,
    /// The same by ECR's preview.
    pub ecr: Option<(u32, Action)>,
    /// Why that may be, where we know.
    pub why: Option<&'static str>,
}

/// Compares image by image. What goes with another image is not in a preview, so it is no
/// difference.
#[must_use]
pub fn compare(rows: &[Row], answer: &Answer) -> Comparison {
    let theirs = match answer {
        Answer::None(why) => return Comparison::NotMade(why.clone()),
        Answer::Listed(theirs) => theirs,
    };
    let mut theirs: BTreeMap<&str, (u32, Action)> =
        theirs.iter().map(|t| (t.digest.as_str(), (t.rule, t.action))).collect();
    let mut found = Vec::new();
    for row in rows {
        let ecr = theirs.remove(row.digest.as_str());
        let ours = row.verdict.taken().map(|taken| (taken.rule, taken.action));
        let along = ecr.is_none() && row.verdict.taken().is_some_and(|taken| taken.with.is_some());
        if ours != ecr && !along {
            found.push(Disagreement { digest: row.digest.clone(), ours, ecr, why: reason(&row.verdict, ecr) });
        }
    }
    let unknown = theirs.into_iter().map(|(digest, ecr)| {
        let why = Some("pushed while we were reading");
        Disagreement { digest: digest.to_owned(), ours: None, ecr: Some(ecr), why }
    });
    found.extend(unknown);
    if found.is_empty() { Comparison::Same } else { Comparison::Differs(found) }
}

fn reason(verdict: &Verdict, ecr: Option<(u32, Action)>) -> Option<&'static str> {
    match (verdict, ecr) {
        (Verdict::Kept(Kept::NeededBy { .. }), Some(_)) => Some("an index that stays needs it"),
        (Verdict::Kept(Kept::Spared { tied: true, .. }), Some(_)) => Some("another image has the same push time"),
        (Verdict::Kept(_), Some(_)) | (Verdict::Taken(_), _) | (_, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use release_core::registry::lifecycle_policy::Taken;

    fn row(digest: &str, verdict: Verdict) -> Row {
        let pushed_at = jiff::Timestamp::UNIX_EPOCH;
        Row {
            digest: digest.into(),
            tags: vec![],
            pushed_at,
            verdict,
            about: None,
            uses: vec![],
            theirs: None,
            later: None,
        }
    }

    fn taken(with: Option<&str>) -> Verdict {
        Verdict::Taken(Taken { rule: 1, action: Action::Expire, with: with.map(str::to_owned) })
    }

    fn theirs(digest: &str, rule: u32) -> Theirs {
        Theirs { digest: digest.into(), rule, action: Action::Expire }
    }

    #[test]
    fn agreement_is_said_and_signatures_are_no_difference() {
        let rows = [row("a", taken(None)), row("sig", taken(Some("a"))), row("b", Verdict::Kept(Kept::NoRule))];
        assert_eq!(compare(&rows, &Answer::Listed(vec![theirs("a", 1)])), Comparison::Same);
        let none = Answer::None("unsupported".into());
        assert_eq!(compare(&rows, &none), Comparison::NotMade("unsupported".into()));
    }

    /// Whoever trusts one of both would lose an image that the other one spares.
    #[test]
    fn each_image_that_the_two_see_differently_is_named() {
        let needed = Verdict::Kept(Kept::NeededBy { index: "i".into(), rule: 1 });
        let rows = [row("here", taken(None)), row("rule", taken(None)), row("part", needed)];
        let answer = Answer::Listed(vec![theirs("rule", 2), theirs("part", 1), theirs("new", 1)]);
        let Comparison::Differs(found) = compare(&rows, &answer) else { panic!() };
        let named: Vec<_> = found.iter().map(|d| (d.digest.as_str(), d.ours.is_some(), d.ecr.is_some())).collect();
        assert_eq!(named, [("here", true, false), ("rule", true, true), ("part", false, true), ("new", false, true)]);
        assert!(found[2].why.is_some() && found[3].why.is_some());
    }
}
