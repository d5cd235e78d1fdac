//! What is asked for, as a query.

/// What to list.
#[derive(Debug, Clone, Default)]
pub struct ListQuery {
    pub label_selector: Option<String>,
    pub field_selector: Option<String>,
    /// Take whatever the API server has in its cache (`resourceVersion=0`): fast also when etcd
    /// is in trouble, and possibly a moment old.
    pub cached: bool,
}

impl ListQuery {
    /// Objects with these labels.
    #[must_use]
    pub fn labelled(selector: impl Into<String>) -> Self {
        Self { label_selector: Some(selector.into()), ..Self::default() }
    }
}

/// Appends URL-encoded query parameters.
pub(super) fn with_query(path: &str, pairs: &[(&str, String)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (key, value) in pairs {
        query.append_pair(key, value);
    }
    format!("{path}?{}", query.finish())
}
