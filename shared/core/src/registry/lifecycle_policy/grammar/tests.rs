use super::*;
use serde_json::json;

fn rule(priority: u32, selection: Value) -> Value {
    json!({"rulePriority": priority, "selection": selection, "action": {"type": "expire"}})
}

fn count(tag_status: &str) -> Value {
    json!({"tagStatus": tag_status, "countType": "imageCountMoreThan", "countNumber": 5})
}

fn with(mut value: Value, changes: Value) -> Value {
    for (key, change) in changes.as_object().unwrap() {
        value[key] = change.clone();
    }
    value
}

fn without(mut value: Value, key: &str) -> Value {
    value.as_object_mut().unwrap().remove(key);
    value
}

fn found(rules: Value) -> Vec<String> {
    match parse(&json!({"rules": rules}).to_string()) {
        Ok(_) => Vec::new(),
        Err(problems) => problems.iter().map(ToString::to_string).collect(),
    }
}

/// Exactly one problem, at the rule and about the word.
fn assert_refused(rule: &Value, place: &str, word: &str) {
    let found = found(json!([rule]));
    assert_eq!(found.len(), 1, "{rule} {found:?}");
    assert!(found[0].starts_with(place) && found[0].contains(word), "{rule} {found:?}");
}

#[test]
fn tags_that_ecr_refuses_are_found_at_their_rule() {
    let tagged = |list: Value| with(count("tagged"), json!({"tagPrefixList": list}));
    let patterns = |list: Value| with(count("tagged"), json!({"tagPatternList": list}));
    let selections = [
        (count("tagged"), "tagPatternList"),
        (count("TAGGED"), "untagged"),
        (without(count("any"), "tagStatus"), "tagStatus"),
        (tagged(json!([])), "empty"),
        (tagged(json!([""])), "empty"),
        (tagged(json!("prod")), "not a list"),
        (tagged(json!(["prod", 1])), "no string"),
        (tagged(json!(["prod*"])), "tagPatternList"),
        (tagged(json!(["prod 1"])), "no tag"),
        (tagged(json!(["p".repeat(301)])), "300"),
        (tagged(Value::Null), "null"),
        (patterns(json!(["*a*b*c*d*"])), "5 wildcards"),
        (with(tagged(json!(["a"])), json!({"tagPatternList": ["a*"]})), "not both"),
        (with(count("any"), json!({"tagPrefixList": ["a"]})), "tagged only"),
        (with(count("untagged"), json!({"tagPatternList": []})), "tagged only"),
        (with(count("any"), json!({"tagprefixlist": ["a"]})), "tagprefixlist"),
    ];
    for (selection, word) in selections {
        assert_refused(&rule(30, selection), "rule 1 (priority 30): ", word);
    }
}

#[test]
fn limits_that_ecr_refuses_are_found_at_their_rule() {
    let days = |kind: &str, days: u32| json!({"tagStatus": "any", "countType": kind, "countUnit": "days", "countNumber": days});
    let archived = |days_kept| with(days("sinceImageTransitioned", days_kept), json!({"storageClass": "archive"}));
    let selections = [
        (with(count("any"), json!({"countNumber": 0})), "countNumber"),
        (with(count("any"), json!({"countNumber": -1})), "countNumber"),
        (with(count("any"), json!({"countNumber": 1.5})), "1.5"),
        (with(count("any"), json!({"countNumber": "five"})), "five"),
        (with(count("any"), json!({"countNumber": "05"})), "05"),
        (with(count("any"), json!({"countNumber": "5.0"})), "5.0"),
        (with(count("any"), json!({"countNumber": "99999999999"})), "99999999999"),
        (with(count("any"), json!({"countUnit": "days"})), "countUnit"),
        (with(count("any"), json!({"countUnit": null})), "null"),
        (with(count("any"), json!({"countType": "imagecountmorethan"})), "imageCountMoreThan"),
        (with(count("any"), json!({"storageClass": "archive"})), "sinceImageTransitioned"),
        (with(count("any"), json!({"storageClass": "glacier"})), "archive"),
        (without(days("sinceImagePushed", 5), "countUnit"), "countUnit"),
        (with(days("sinceImagePushed", 5), json!({"countUnit": "hours"})), "days"),
        (days("sinceImagePulled", 5), "transition"),
        (days("sinceImageTransitioned", 365), "storageClass archive"),
        (archived(89), "90"),
    ];
    for (selection, word) in selections {
        assert_refused(&rule(30, selection), "rule 1 (priority 30): ", word);
    }
}

#[test]
fn rules_that_ecr_refuses_are_found() {
    let any = || rule(1, count("any"));
    let into_archive = json!({"type": "expire", "targetStorageClass": "archive"});
    let rules = [
        (with(any(), json!({"rulePriority": 0})), "rulePriority"),
        (with(any(), json!({"rulePriority": "first"})), "first"),
        (without(any(), "rulePriority"), "rulePriority"),
        (without(any(), "selection"), "selection"),
        (without(any(), "action"), "action"),
        (with(any(), json!({"description": "é".repeat(257)})), "257"),
        (with(any(), json!({"description": null})), "null"),
        (with(any(), json!({"Description": "x"})), "Description"),
        (with(any(), json!({"action": {"type": "delete"}})), "expire"),
        (with(any(), json!({"action": {"type": "transition"}})), "targetStorageClass"),
        (with(any(), json!({"action": into_archive})), "transition"),
        (with(any(), json!({"action": []})), "not an object"),
        (json!("expire all"), "not an object"),
    ];
    for (rule, word) in rules {
        assert_refused(&rule, "rule 1", word);
    }
}

#[test]
fn what_ecr_takes_is_taken() {
    let transition = json!({"action": {"type": "transition", "targetStorageClass": "archive"}});
    let days =
        |kind: &str, number| json!({"tagStatus": "any", "countType": kind, "countUnit": "days", "countNumber": number});
    let from_archive = |tag_status: &str| {
        let since = days("sinceImageTransitioned", 90);
        with(since, json!({"storageClass": "archive", "tagStatus": tag_status}))
    };
    let policies = [
        json!([rule(1, with(count("tagged"), json!({"tagPatternList": ["*test*1*2*3", "test*1*2*3*"]})))]),
        json!([rule(99, with(count("any"), json!({"storageClass": "standard"})))]),
        json!([with(rule(1, count("any")), json!({"description": "é".repeat(256)}))]),
        json!([with(rule(1, days("sinceImagePulled", 1)), transition.clone())]),
        json!([with(rule(1, count("any")), transition.clone())]),
        // Each storage class by itself: `any` last and once, untagged once.
        json!([
            rule(3, count("untagged")),
            with(rule(5, days("sinceImagePushed", 30)), transition),
            rule(1, from_archive("untagged")),
            rule(7, from_archive("any")),
        ]),
    ];
    for policy in policies {
        assert_eq!(found(policy.clone()), Vec::<String>::new(), "{policy}");
    }
}

/// Terraform writes a number that comes from a variable of type string in quotes.
#[test]
fn quoted_numbers_are_numbers_and_go_to_ecr_as_such() {
    let quoted = with(rule(1, with(count("any"), json!({"countNumber": "5"}))), json!({"rulePriority": "1"}));
    let policy = parse(&json!({"rules": [quoted]}).to_string()).unwrap();
    assert_eq!(
        policy,
        parse(&json!({"rules": [rule(1, with(count("any"), json!({"countNumber": 5})))]}).to_string()).unwrap()
    );
    assert!(!policy.to_text().contains(r#""5""#));
}

/// Of two numbers in one object a JSON parser takes the last, and nobody knows which ECR takes.
#[test]
fn what_stands_twice_is_refused_at_its_rule() {
    let text = r#"{"rules": [{"rulePriority": 1, "action": {"type": "expire"}, "selection": {"tagStatus": "any",
        "countType": "imageCountMoreThan", "countNumber": 500, "countNumber": 5}}]}"#;
    let problems: Vec<String> = parse(text).unwrap_err().iter().map(ToString::to_string).collect();
    assert_eq!(problems, ["rule 1: selection.countNumber stands twice: leave one out"]);
}

#[test]
fn rules_are_checked_against_each_other() {
    let prefix = |list: Value| with(count("tagged"), json!({"tagPrefixList": list}));
    let table = [
        (json!([rule(1, count("untagged")), rule(1, count("any"))]), "rule 2 (priority 1): ", "priority"),
        (json!([rule(1, count("untagged")), rule(2, count("untagged"))]), "rule 2 (priority 2): ", "untagged"),
        (json!([rule(2, count("any")), rule(1, count("any"))]), "rule 2 (priority 1): ", "any"),
        (json!([rule(1, count("any")), rule(2, count("untagged"))]), "rule 1 (priority 1): ", "last"),
        (
            json!([rule(1, prefix(json!(["a", "b"]))), rule(2, prefix(json!(["b", "a"])))]),
            "rule 2 (priority 2): ",
            "tagPrefixList",
        ),
    ];
    for (rules, place, word) in table {
        let found = found(rules.clone());
        assert_eq!(found.len(), 1, "{rules} {found:?}");
        assert!(found[0].starts_with(place) && found[0].contains(word), "{rules} {found:?}");
    }
}

#[test]
fn all_problems_come_at_once() {
    let rules = json!([
        with(rule(0, count("tagged")), json!({"x": 1})),
        rule(2, with(count("any"), json!({"countNumber": null}))),
        rule(3, count("untagged")),
    ]);
    let found = found(rules);
    let at = |place: &str| found.iter().filter(|problem| problem.starts_with(place)).count();
    assert_eq!((at("rule 1"), at("rule 2"), at("rule 3")), (3, 1, 0), "{found:?}");
}

#[test]
fn a_text_that_is_no_policy_is_said_to_be_none() {
    let many: Vec<Value> =
        (1..=51).map(|n| rule(n, with(count("tagged"), json!({"tagPrefixList": [format!("t{n}")]})))).collect();
    let texts = [
        ("{".to_owned(), "JSON"),
        ("[]".to_owned(), "not an object"),
        ("{}".to_owned(), "rules is missing"),
        (r#"{"rules": []}"#.to_owned(), "no rule"),
        (r#"{"rules": {}}"#.to_owned(), "not a list"),
        (json!({"rules": many}).to_string(), "51 rules"),
        (" ".repeat(30_721), "30721 characters"),
    ];
    for (text, word) in texts {
        let problems = parse(&text).unwrap_err();
        assert!(problems.len() == 1 && problems[0].to_string().contains(word), "{word} {problems:?}");
    }
    assert!(parse(r#"{"rules": [], "version": 1}"#).unwrap_err().iter().any(|p| p.message.contains("version")));
}

/// A message goes to a terminal, and a policy file comes from anywhere.
#[test]
fn messages_hold_no_control_characters() {
    let hostile = "\u{1b}[2J";
    let rules = json!([with(rule(1, with(count("tagged"), json!({"tagPrefixList": [hostile]}))), json!({hostile: 1}))]);
    for problem in found(rules) {
        assert!(!problem.contains('\u{1b}'), "{problem:?}");
    }
}
