//! Answers as Prometheus gives them.

use serde_json::json;

use super::*;

fn says(data: &Value) -> Result<Answer, Trouble> {
    answer(StatusCode::OK, json!({"status": "success", "data": data}).to_string().as_bytes())
}

#[test]
fn vectors_scalars_and_ranges_are_numbers_in_the_order_of_the_answer() {
    let vector = json!({"resultType": "vector", "result": [
        {"metric": {"pod": "a"}, "value": [1.5, "2"]}, {"metric": {"pod": "b"}, "value": [1.5, "NaN"]},
        {"metric": {}, "value": [1.5, "+Inf"]},
    ]});
    let Ok(Answer::Vector(numbers)) = says(&vector) else { panic!("no vector") };
    assert!(numbers[0] == 2.0 && numbers[1].is_nan() && numbers[2] == f64::INFINITY);
    assert_eq!(says(&json!({"resultType": "vector", "result": []})), Ok(Answer::Vector(vec![])));
    assert_eq!(says(&json!({"resultType": "scalar", "result": [1, "0.5"]})), Ok(Answer::Scalar(0.5)));
    let matrix = json!({"resultType": "matrix", "result": [
        {"metric": {}, "values": [[1, "1"], [2, "2"]]}, {"metric": {}, "values": [[1, "3"]]}]});
    assert_eq!(says(&matrix), Ok(Answer::Vector(vec![1.0, 2.0, 3.0])));
}

/// What is no answer must not be an empty one: `len(result) == 0` would call it good.
#[test]
fn what_is_no_answer_is_trouble_and_never_an_empty_one() {
    for bad in [
        json!({"resultType": "string", "result": [1, "5"]}),
        json!({"resultType": "vector", "result": [{"metric": {}, "value": [1, "five"]}]}),
        json!({"resultType": "vector", "result": [{"metric": {}, "histogram": [1, {"count": "5"}]}]}),
        json!({"resultType": "vector", "result": [{"metric": {}}]}),
        json!({"resultType": "vector"}),
        json!({}),
    ] {
        assert!(says(&bad).is_err(), "{bad}");
    }
    for (status, body) in [
        (200, "{}"),
        (200, "<html>login</html>"),
        (502, "bad gateway"),
        (200, r#"{"status":"success"}"#),
        (400, r#"{"status":"error","errorType":"bad_data","error":"parse error"}"#),
        (200, r#"{"kind":"Status","status":"Failure"}"#),
    ] {
        let status = StatusCode::from_u16(status).unwrap();
        assert!(answer(status, body.as_bytes()).is_err() && series(status, body.as_bytes()).is_err(), "{body}");
    }
    let told = answer(StatusCode::BAD_REQUEST, br#"{"status":"error","error":"1:3: parse error"}"#).unwrap_err();
    assert_eq!(told.to_string(), "Prometheus said: 1:3: parse error");
}

#[test]
fn raw_samples_keep_their_times() {
    let matrix = json!({"status": "success", "data": {"resultType": "matrix", "result": [
        {"metric": {}, "values": [[1700000000.123, "1"], [1700000015.123, "2"]]}]}});
    let read = series(StatusCode::OK, matrix.to_string().as_bytes()).unwrap();
    assert_eq!(read[0].samples, [(1_700_000_000_123, 1.0), (1_700_000_015_123, 2.0)]);
    let wild = json!({"status": "success", "data": {"resultType": "matrix", "result": [
        {"metric": {}, "values": [[1e300, "1"]]}]}});
    assert!(series(StatusCode::OK, wild.to_string().as_bytes()).is_err());
}
