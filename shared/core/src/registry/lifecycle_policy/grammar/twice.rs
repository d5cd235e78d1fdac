//! Keys that stand twice in one object: a JSON parser keeps one of them and says nothing.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::registry::lifecycle_policy::problem::{Problem, RulePosition};
use crate::text::printable;

/// A problem for every key that stands twice in its object.
pub(super) fn keys_that_stand_twice(text: &str) -> Vec<Problem> {
    let mut problems = Vec::new();
    let place = Place { path: String::new(), rule: None, is_list_of_rules: false };
    let mut json = serde_json::Deserializer::from_str(text);
    // What is no JSON at all has been said before.
    let _ = Keys { place: &place, problems: &mut problems }.deserialize(&mut json);
    problems
}

/// Where in a policy.
struct Place {
    /// `selection.`
    path: String,
    rule: Option<usize>,
    is_list_of_rules: bool,
}

struct Keys<'p> {
    place: &'p Place,
    problems: &'p mut Vec<Problem>,
}

impl<'de> DeserializeSeed<'de> for Keys<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<(), D::Error> {
        value.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Keys<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut seen = BTreeSet::new();
        while let Some(key) = map.next_key::<String>()? {
            let path = format!("{}{}", self.place.path, printable(&key));
            if !seen.insert(key.clone()) {
                let place = self.place.rule.map(|number| RulePosition { number, priority: None });
                let message = format!("{path} stands twice: leave one out");
                self.problems.push(Problem { place, message });
            }
            let is_list_of_rules = self.place.rule.is_none() && path == "rules";
            let path = if is_list_of_rules { String::new() } else { format!("{path}.") };
            let place = Place { path, rule: self.place.rule, is_list_of_rules };
            map.next_value_seed(Keys { place: &place, problems: &mut *self.problems })?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let mut number = 0_usize;
        loop {
            number = number.saturating_add(1);
            let rule = if self.place.is_list_of_rules { Some(number) } else { self.place.rule };
            let place = Place { path: self.place.path.clone(), rule, is_list_of_rules: false };
            if list.next_element_seed(Keys { place: &place, problems: &mut *self.problems })?.is_none() {
                return Ok(());
            }
        }
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<String> {
        keys_that_stand_twice(text).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn each_key_that_stands_twice_is_named_with_its_place() {
        let text = r#"{"rules": [{"rulePriority": 1}, {"rulePriority": 1, "selection": {"countNumber": 5, "countNumber": 50},
            "rulePriority": 2}], "rules": []}"#;
        let twice = |what: &str| format!("{what} stands twice: leave one out");
        let expected = ["rule 2: selection.countNumber", "rule 2: rulePriority", "rules"].map(twice);
        assert_eq!(told(text), expected);
        // Once in each of several objects is no twice.
        assert!(told(r#"{"rules": [{"a": {"x": 1}, "b": {"x": [1, null, true, -1.5, "x"]}}, {"a": 1}]}"#).is_empty());
        assert!(told("[").is_empty() && told("1").is_empty());
    }
}
