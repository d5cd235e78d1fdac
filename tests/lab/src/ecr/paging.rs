//! Pages of a list, as ECR gives them: `maxResults`, `nextToken`. Pure.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::calls::Refusal;

const DEFAULT_SIZE: u64 = 100;

/// The part of a list that was asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Page {
    start: usize,
    size: usize,
}

impl Page {
    /// Reads `maxResults` (1 to `most`) and `nextToken`; neither goes with `imageIds`.
    pub fn of(request: &Value, most: u64) -> Result<Self, Refusal> {
        let size = match request.get("maxResults").filter(|size| !size.is_null()) {
            None => DEFAULT_SIZE,
            Some(size) => size.as_u64().filter(|size| (1..=most).contains(size)).ok_or_else(|| {
                Refusal::invalid(&format!("'maxResults' failed to satisfy constraint: must be from 1 to {most}"))
            })?,
        };
        let token = request["nextToken"].as_str();
        let paged = token.is_some() || !request["maxResults"].is_null();
        if paged && !request["imageIds"].is_null() {
            return Err(Refusal::invalid("'imageIds' cannot be used with 'maxResults' or 'nextToken'"));
        }
        let start = match token {
            None => 0,
            Some(token) => start_of(token).ok_or_else(|| Refusal::invalid("'nextToken' is not valid"))?,
        };
        let size = if request["imageIds"].is_null() { size } else { u64::MAX };
        Ok(Self { start, size: usize::try_from(size).unwrap_or(usize::MAX) })
    }

    /// This page of a list, and the token of the next if there is one.
    pub fn cut<T>(&self, all: Vec<T>) -> (Vec<T>, Option<String>) {
        let end = self.start.saturating_add(self.size);
        let next = (end < all.len()).then(|| token_for(end));
        (all.into_iter().skip(self.start).take(self.size).collect(), next)
    }
}

fn token_for(start: usize) -> String {
    STANDARD.encode(format!("lab-page-{start}"))
}

fn start_of(token: &str) -> Option<usize> {
    let text = String::from_utf8(STANDARD.decode(token).ok()?).ok()?;
    text.strip_prefix("lab-page-")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn following_the_tokens_gives_every_item_once() {
        for (count, size) in [(0_u64, 3), (3, 3), (7, 3), (250, 100)] {
            let all: Vec<u64> = (0..count).collect();
            let (mut seen, mut request) = (Vec::new(), json!({"maxResults": size}));
            loop {
                let (page, next) = Page::of(&request, 1000).unwrap().cut(all.clone());
                assert!(page.len() <= size);
                seen.extend(page);
                let Some(next) = next else { break };
                request["nextToken"] = next.into();
            }
            assert_eq!(seen, all);
        }
    }

    #[test]
    fn what_ecr_refuses_is_refused() {
        for bad in [
            json!({"maxResults": 0}),
            json!({"maxResults": 1001}),
            json!({"nextToken": "nonsense"}),
            json!({"nextToken": token_for(1), "imageIds": [{"imageTag": "a"}]}),
        ] {
            assert!(Page::of(&bad, 1000).is_err(), "{bad}");
        }
    }
}
