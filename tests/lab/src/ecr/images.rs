//! DescribeImages: what moto or a recording has, what tests said about it, filters, pages. Pure.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::calls::Refusal;
use super::paging::Page;

/// Most images of one page.
const MOST: u64 = 1000;

/// What tests said about the images of one repository, by digest.
pub(super) type Said = HashMap<String, Map<String, Value>>;

/// The answer to DescribeImages, from the details of all images that it could be about.
///
/// Only active images come unless `filter.imageStatus` asks for others
/// (<https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImagesFilter.html>);
/// that goes for `imageIds`, too: an archived image that is asked for by its id is not found.
pub(super) fn describe(details: &[Value], said: &Said, request: &Value) -> Result<Value, Refusal> {
    let page = Page::of(request, MOST)?;
    let filter = &request["filter"];
    let chosen: Vec<&Value> =
        details.iter().filter(|detail| has_status(detail, said, filter) && has_tags(detail, filter)).collect();
    if chosen.is_empty() && !request["imageIds"].is_null() {
        return Err(Refusal::new("ImageNotFoundException", "The requested image does not exist or is not active"));
    }
    let (images, next) = page.cut(chosen);
    let images: Vec<Value> = images.into_iter().map(|detail| merged(detail, said)).collect();
    let mut answer = json!({"imageDetails": images});
    if let Some(next) = next {
        answer["nextToken"] = next.into();
    }
    Ok(answer)
}

/// A detail with what was said about it.
pub(super) fn merged(detail: &Value, said: &Said) -> Value {
    let mut detail = detail.clone();
    if let Some(fields) = detail.as_object_mut() {
        fields.entry("imageStatus").or_insert_with(|| "ACTIVE".into());
        for (name, value) in said.get(digest(fields)).into_iter().flatten() {
            fields.insert(name.clone(), value.clone());
        }
        fields.retain(|_, value| !value.is_null());
    }
    detail
}

/// The images of a recording that `imageIds` names; all without it.
pub(super) fn named(details: &[Value], request: &Value) -> Vec<Value> {
    let Some(ids) = request["imageIds"].as_array() else { return details.to_vec() };
    let is_named = |detail: &Value| {
        ids.iter().any(|id| {
            let tags = detail["imageTags"].as_array();
            let same_digest = id["imageDigest"].is_null() || id["imageDigest"] == detail["imageDigest"];
            let same_tag = id["imageTag"].is_null() || tags.is_some_and(|tags| tags.contains(&id["imageTag"]));
            same_digest && same_tag
        })
    };
    details.iter().filter(|detail| is_named(detail)).cloned().collect()
}

fn digest(detail: &Map<String, Value>) -> &str {
    detail.get("imageDigest").and_then(Value::as_str).unwrap_or_default()
}

fn has_status(detail: &Value, said: &Said, filter: &Value) -> bool {
    let wanted = filter["imageStatus"].as_str().unwrap_or("ACTIVE");
    let said = detail["imageDigest"].as_str().and_then(|digest| said.get(digest)?.get("imageStatus"));
    let status = said.or_else(|| detail.get("imageStatus")).and_then(Value::as_str).unwrap_or("ACTIVE");
    wanted == "ANY" || wanted == status
}

fn has_tags(detail: &Value, filter: &Value) -> bool {
    let tagged = detail["imageTags"].as_array().is_some_and(|tags| !tags.is_empty());
    match filter["tagStatus"].as_str() {
        Some("TAGGED") => tagged,
        Some("UNTAGGED") => !tagged,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digests(answer: &Value) -> Vec<&str> {
        answer["imageDetails"]
            .as_array()
            .unwrap()
            .iter()
            .map(|detail| detail["imageDigest"].as_str().unwrap())
            .collect()
    }

    fn said(digest: &str, detail: Value) -> Said {
        HashMap::from([(digest.to_owned(), detail.as_object().unwrap().clone())])
    }

    #[test]
    fn archived_images_come_only_when_they_are_asked_for() {
        let details = [json!({"imageDigest": "a", "imageTags": ["1"]}), json!({"imageDigest": "b"})];
        let said = said("a", json!({"imageStatus": "ARCHIVED"}));
        let cases = [
            (json!({}), vec!["b"]),
            (json!({"filter": {"imageStatus": "ANY"}}), vec!["a", "b"]),
            (json!({"filter": {"imageStatus": "ARCHIVED"}}), vec!["a"]),
            (json!({"filter": {"imageStatus": "ANY", "tagStatus": "TAGGED"}}), vec!["a"]),
            (json!({"filter": {"tagStatus": "TAGGED"}}), vec![]),
        ];
        for (request, expected) in cases {
            assert_eq!(digests(&describe(&details, &said, &request).unwrap()), expected, "{request}");
        }
        let asked = [json!({"imageDigest": "a"})];
        assert!(describe(&asked, &said, &json!({"imageIds": [{"imageDigest": "a"}]})).is_err());
    }

    #[test]
    fn what_was_said_wins_and_null_takes_a_field_away() {
        let detail = json!({"imageDigest": "a", "imagePushedAt": 1, "imageSizeInBytes": 7});
        let said = said("a", json!({"imagePushedAt": 5.5, "imageSizeInBytes": null}));
        let expected = json!({"imageDigest": "a", "imagePushedAt": 5.5, "imageStatus": "ACTIVE"});
        assert_eq!(merged(&detail, &said), expected);
    }

    #[test]
    fn recorded_images_are_found_by_tag_and_by_digest() {
        let details = [json!({"imageDigest": "a", "imageTags": ["1", "2"]}), json!({"imageDigest": "b"})];
        let found = |ids: Value| named(&details, &json!({"imageIds": ids})).len();
        assert_eq!(found(json!([{"imageTag": "2"}])), 1);
        assert_eq!(found(json!([{"imageTag": "2", "imageDigest": "b"}])), 0);
        assert_eq!(found(json!([{"imageDigest": "b"}, {"imageTag": "1"}])), 2);
    }
}
