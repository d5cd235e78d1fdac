//! Pages of a list: how large the next one is, and when there were enough of them.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::bounds::{ITEMS, LIST_BYTES, PAGES, PAGES_OF, RESTARTS};
use super::exchange::ApiError;
use super::query::{ListQuery, with_query};

/// One answer of a list.
pub struct Page<U> {
    pub metadata: PageMeta,
    pub items: Vec<U>,
}

/// Where it stands in the whole.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct PageMeta {
    pub resource_version: String,
    pub r#continue: String,
}

impl<U> Page<U> {
    /// Reads one, and turns each object into what is kept of it before the next is read: whole objects
    /// weigh several times their text.
    ///
    /// # Errors
    /// Where it is no list of such objects, or one without measure.
    pub fn parse<T: DeserializeOwned>(text: &[u8], keep: impl Fn(T) -> U) -> Result<Self, ApiError> {
        let mut from = serde_json::Deserializer::from_slice(text);
        let page = from.deserialize_map(List(Items(keep, PhantomData)));
        page.and_then(|page| from.end().map(|()| page)).map_err(|e| ApiError::Garbled(e.to_string()))
    }
}

struct List<T, F>(Items<T, F>);

struct Items<T, F>(F, PhantomData<T>);

impl<'de, T: DeserializeOwned, U, F: Fn(T) -> U> Visitor<'de> for List<T, F> {
    type Value = Page<U>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of objects")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Page<U>, A::Error> {
        let mut page = Page { metadata: PageMeta::default(), items: Vec::new() };
        while let Some(key) = from.next_key::<String>()? {
            match key.as_str() {
                "metadata" => page.metadata = from.next_value()?,
                "items" => page.items = from.next_value_seed(&self.0)?,
                _ => drop(from.next_value::<IgnoredAny>()?),
            }
        }
        Ok(page)
    }
}

impl<'de, T: DeserializeOwned, U, F: Fn(T) -> U> DeserializeSeed<'de> for &Items<T, F> {
    type Value = Vec<U>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Vec<U>, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de, T: DeserializeOwned, U, F: Fn(T) -> U> Visitor<'de> for &Items<T, F> {
    type Value = Vec<U>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("objects")
    }

    /// What is short as text may be large as values.
    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Vec<U>, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = from.next_element()? {
            if items.len() >= ITEMS {
                return Err(A::Error::custom(format!("more than {ITEMS} objects in one answer")));
            }
            items.push((self.0)(item));
        }
        Ok(items)
    }

    /// Servers in Go write a list that they never began as `null`.
    fn visit_unit<E: Error>(self) -> Result<Vec<U>, E> {
        Ok(Vec::new())
    }
}

/// How far a list has been read, and by what steps it goes on.
pub struct Position {
    token: String,
    /// From the API server's cache, which knows no pages.
    cached: bool,
    /// Which of [`PAGES_OF`].
    step: usize,
    pages: usize,
    restarts: usize,
    bytes: u64,
}

impl Position {
    pub fn start(query: &ListQuery) -> Self {
        Self { token: String::new(), cached: query.cached, step: 0, pages: 0, restarts: 0, bytes: 0 }
    }

    /// True from the second page on.
    pub fn is_under_way(&self) -> bool {
        !self.token.is_empty()
    }

    /// # Errors
    /// Where the list has no end in sight.
    pub fn go_on(&mut self, token: String, bytes: usize) -> Result<(), ApiError> {
        self.pages = self.pages.saturating_add(1);
        self.bytes = self.bytes.saturating_add(bytes as u64);
        if token == self.token {
            return Err(ApiError::TooLarge("the list gives the same page again and again".into()));
        }
        if self.pages >= PAGES {
            return Err(ApiError::TooLarge(format!("the list has more than {PAGES} pages")));
        }
        if self.bytes > LIST_BYTES {
            return Err(ApiError::TooLarge(format!("the list has more than {} GiB", LIST_BYTES >> 30)));
        }
        self.token = token;
        Ok(())
    }

    /// Where that was done too often: `error`.
    pub fn begin_again(&mut self, error: ApiError) -> Result<(), ApiError> {
        self.restarts = self.restarts.saturating_add(1);
        self.token.clear();
        if self.restarts > RESTARTS { Err(error) } else { Ok(()) }
    }

    /// Asks for less at once; where that can't be: `error`.
    pub fn take_less(&mut self, error: ApiError) -> Result<(), ApiError> {
        if self.cached {
            self.cached = false;
            return Ok(());
        }
        self.step = self.step.saturating_add(1);
        if self.step < PAGES_OF.len() { Ok(()) } else { Err(error) }
    }

    fn page_of(&self) -> usize {
        PAGES_OF.get(self.step).copied().unwrap_or(1)
    }
}

/// The path of the next page.
pub fn list_path(path: &str, query: &ListQuery, at: &Position) -> String {
    let mut pairs = vec![("limit", at.page_of().to_string())];
    if let Some(labels) = &query.label_selector {
        pairs.push(("labelSelector", labels.clone()));
    }
    if let Some(fields) = &query.field_selector {
        pairs.push(("fieldSelector", fields.clone()));
    }
    if !at.token.is_empty() {
        pairs.push(("continue", at.token.clone()));
    } else if at.cached {
        pairs.push(("resourceVersion", "0".to_owned()));
    }
    with_query(path, &pairs)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn end(mut next: impl FnMut(usize, &mut Position) -> Result<(), ApiError>) -> (usize, ApiError) {
        let mut at = Position::start(&ListQuery::default());
        for step in 0.. {
            if let Err(error) = next(step, &mut at) {
                return (step, error);
            }
            assert!(step < 1_000_000, "no end");
        }
        unreachable!()
    }

    #[test]
    fn every_way_of_never_ending_ends() {
        let (pages, fresh) = end(|step, at| at.go_on(step.to_string(), 1));
        assert!(pages < PAGES && matches!(fresh, ApiError::TooLarge(_)), "{pages}");
        let (pages, same) = end(|_, at| at.go_on("same".into(), 1));
        assert!(pages == 1 && matches!(same, ApiError::TooLarge(_)), "{pages}");
        let (pages, large) = end(|step, at| at.go_on(step.to_string(), 90 << 20));
        assert!(pages < 50 && matches!(large, ApiError::TooLarge(_)), "{pages}");
        let gone =
            || ApiError::Refused { code: 410, reason: "Expired".into(), message: String::new(), retry_after: None };
        let (restarts, expired) = end(|_, at| at.begin_again(gone()));
        assert!(restarts == RESTARTS && expired.code() == Some(410), "{restarts}");
        // Also where each restart gets a page further.
        let (_, expired) = end(|step, at| at.go_on(step.to_string(), 1).and_then(|()| at.begin_again(gone())));
        assert_eq!(expired.code(), Some(410));
    }

    #[test]
    fn a_page_that_is_too_large_is_asked_for_in_smaller_ones() {
        let query = ListQuery { cached: true, ..ListQuery::labelled("app=api") };
        let mut at = Position::start(&query);
        let mut asked = vec![list_path("/pods", &query, &at)];
        while at.take_less(ApiError::TooLarge("large".into())).is_ok() {
            asked.push(list_path("/pods", &query, &at));
        }
        let page = |of: usize| format!("/pods?limit={of}&labelSelector=app%3Dapi");
        assert_eq!(asked, [format!("{}&resourceVersion=0", page(500)), page(500), page(50), page(5)]);
    }

    #[test]
    fn an_answer_of_nothing_but_empty_objects_is_not_taken_for_a_list() {
        let page = |of: usize| format!(r#"{{"items":[{}{{}}]}}"#, "{},".repeat(of - 1));
        let count = |text: &str| Page::parse(text.as_bytes(), |_: Value| ()).map(|page| page.items.len());
        assert_eq!(count(&page(ITEMS)).unwrap(), ITEMS);
        assert!(count(&page(ITEMS + 1)).is_err());
    }

    #[test]
    fn a_page_is_what_the_server_says_it_is() {
        let parse = |text: &str| {
            let page = Page::parse(text.as_bytes(), |item: Value| item["name"].clone())?;
            Ok::<_, ApiError>((page.metadata.r#continue, page.metadata.resource_version, page.items))
        };
        let whole =
            r#"{"kind":"List","items":[{"name":"a"},{"name":"b"}],"metadata":{"resourceVersion":"7","continue":"on"}}"#;
        assert_eq!(parse(whole).unwrap(), ("on".into(), "7".into(), vec![json!("a"), json!("b")]));
        for empty in [r#"{"items":null}"#, r#"{"items":[],"metadata":{}}"#, "{}"] {
            assert_eq!(parse(empty).unwrap(), Default::default(), "{empty}");
        }
        for other in ["", "null", "[]", r#"{"items":{}}"#, r#"{"items":"a"}"#, r#"{"items":[]"#, r#"{"items":[]}{}"#] {
            assert!(parse(other).is_err(), "{other}");
        }
    }
}
