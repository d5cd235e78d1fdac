//! A policy's text in files as people have them: with a byte order mark, in UTF-16, or inside of what
//! the AWS CLI and CloudFormation print.

use serde_json::Value;

use super::problem::Problem;

/// Where the AWS CLI (`get-lifecycle-policy`, `put-lifecycle-policy` and their previews) and
/// CloudFormation keep a policy's text.
const TEXT_KEYS: [&str; 2] = ["lifecyclePolicyText", "LifecyclePolicyText"];
const BYTE_ORDER_MARK: char = '\u{feff}';

/// The text of the policy in a file.
///
/// # Errors
/// What the file is instead, and what to do.
pub fn text_in_file(bytes: &[u8]) -> Result<String, Problem> {
    let text = decoded(bytes)?;
    let text = text.trim_start_matches(BYTE_ORDER_MARK);
    if text.trim().is_empty() {
        return Err(Problem::whole("the file is empty"));
    }
    Ok(unwrapped(text).unwrap_or_else(|| text.to_owned()))
}

/// UTF-8; UTF-16 where its byte order mark says so, as Windows PowerShell redirects it.
fn decoded(bytes: &[u8]) -> Result<String, Problem> {
    let wide = |rest: &[u8], unit: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = rest.chunks_exact(2).map(|pair| unit([pair[0], pair[1]])).collect();
        String::from_utf16(&units).ok().filter(|_| rest.len().is_multiple_of(2))
    };
    let text = match bytes {
        [0xff, 0xfe, rest @ ..] => wide(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => wide(rest, u16::from_be_bytes),
        _ => std::str::from_utf8(bytes).ok().map(str::to_owned),
    };
    text.ok_or_else(|| Problem::whole("the file is no text in UTF-8: save it as UTF-8"))
}

/// The policy inside of an answer of the AWS CLI, or of a string that holds it.
fn unwrapped(text: &str) -> Option<String> {
    match serde_json::from_str(text).ok()? {
        Value::String(inner) => Some(inner),
        Value::Object(answer) if !answer.contains_key("rules") => {
            let text = TEXT_KEYS.iter().find_map(|key| answer.get(*key))?;
            Some(text.as_str().map_or_else(|| text.to_string(), str::to_owned))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::registry::lifecycle_policy::parse;

    const POLICY: &str = r#"{"rules":[{"rulePriority":1,"selection":{"tagStatus":"untagged",
        "countType":"imageCountMoreThan","countNumber":2},"action":{"type":"expire"}}]}"#;

    #[test]
    fn a_policy_is_found_in_files_as_people_have_them() {
        let utf_16 = |mark: [u8; 2], bytes: fn(u16) -> [u8; 2]| {
            mark.into_iter().chain(POLICY.encode_utf16().flat_map(bytes)).collect::<Vec<u8>>()
        };
        let answer = json!({"registryId": "123456789012", "repositoryName": "api", "lifecyclePolicyText": POLICY,
            "lastEvaluatedAt": "2026-01-01T00:00:00+00:00"});
        let files = [
            POLICY.as_bytes().to_vec(),
            format!("\u{feff}{POLICY}").into_bytes(),
            utf_16([0xff, 0xfe], u16::to_le_bytes),
            utf_16([0xfe, 0xff], u16::to_be_bytes),
            answer.to_string().into_bytes(),
            format!("\u{feff}{answer}").into_bytes(),
            json!(POLICY).to_string().into_bytes(),
            json!({"LifecyclePolicyText": POLICY}).to_string().into_bytes(),
        ];
        let policy = parse(POLICY).unwrap();
        for file in files {
            assert_eq!(
                parse(&text_in_file(&file).unwrap()).as_ref(),
                Ok(&policy),
                "{}",
                String::from_utf8_lossy(&file)
            );
        }
    }

    #[test]
    fn what_is_no_text_is_said() {
        for (file, told) in [
            (&b""[..], "empty"),
            (&b" \n"[..], "empty"),
            (&[0xff, 0xfe][..], "empty"),
            (&[0xff, 0xfe, b'{'][..], "UTF-8"),
            (&[0xe4, b'{'][..], "UTF-8"),
        ] {
            let problem = text_in_file(file).unwrap_err().to_string();
            assert!(problem.contains(told), "{problem}");
        }
        // What is no policy is left to the grammar, which says where.
        for other in ["{\"lifecyclePolicyText\"", "[]", "{\"rules\": []}"] {
            assert_eq!(text_in_file(other.as_bytes()).unwrap(), other);
        }
    }
}
