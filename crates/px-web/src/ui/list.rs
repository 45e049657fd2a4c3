//! The state of a list in its address: search, filters, sort, page size, cursor.

use http::Uri;

/// Most rows a page may have.
pub const MAX_LIMIT: u32 = 200;

/// A list's address, taken apart; links made from it keep everything they do not change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListQuery {
    path: String,
    pairs: Vec<(String, String)>,
}

impl ListQuery {
    /// From a path and its query string.
    #[must_use]
    pub fn new(path: &str, query: &str) -> Self {
        let pairs = form_urlencoded::parse(query.as_bytes())
            .take(64)
            .map(|(k, v)| (k.into_owned(), v.into_owned()))
            .filter(|(_, v)| !v.is_empty())
            .collect();
        Self {
            path: path.to_owned(),
            pairs,
        }
    }

    /// From a request's address.
    #[must_use]
    pub fn from_uri(uri: &Uri) -> Self {
        Self::new(uri.path(), uri.query().unwrap_or_default())
    }

    /// Path of the list.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Value of a field, unless it is absent or empty.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.pairs
            .iter()
            .find(|(k, _)| k == name)
            .map(|(_, v)| v.as_str())
    }

    /// What is searched for (`q`).
    #[must_use]
    pub fn q(&self) -> Option<&str> {
        self.get("q").map(str::trim).filter(|q| !q.is_empty())
    }

    /// Sort key and whether it is descending: `sort=-installs` is `("installs", true)`.
    #[must_use]
    pub fn sort(&self) -> Option<(&str, bool)> {
        let text = self.get("sort")?;
        Some(text.strip_prefix('-').map_or((text, false), |k| (k, true)))
    }

    /// Page size, between 1 and 200.
    #[must_use]
    pub fn limit(&self, default: u32) -> u32 {
        self.get("limit")
            .and_then(|n| n.parse().ok())
            .unwrap_or(default)
            .clamp(1, MAX_LIMIT)
    }

    /// Where the page begins, as the previous page said.
    #[must_use]
    pub fn cursor(&self) -> Option<&str> {
        self.get("cursor")
    }

    /// Fields other than those named, for hidden inputs of a form that keeps them.
    #[must_use]
    pub fn pairs_except(&self, names: &[&str]) -> Vec<(&str, &str)> {
        let kept = self
            .pairs
            .iter()
            .filter(|(k, _)| !names.contains(&k.as_str()));
        kept.map(|(k, v)| (k.as_str(), v.as_str())).collect()
    }

    /// The address with one field changed or removed; the cursor goes, since the list changes.
    #[must_use]
    pub fn with(&self, name: &str, value: Option<&str>) -> String {
        self.with_all(&[(name, value)])
    }

    /// The address with several fields changed or removed.
    #[must_use]
    pub fn with_all(&self, changes: &[(&str, Option<&str>)]) -> String {
        let mut out = form_urlencoded::Serializer::new(String::new());
        for (k, v) in &self.pairs {
            if k != "cursor" && !changes.iter().any(|(name, _)| name == k) {
                out.append_pair(k, v);
            }
        }
        for (name, value) in changes {
            if let Some(value) = value {
                out.append_pair(name, value);
            }
        }
        let query = out.finish();
        if query.is_empty() {
            self.path.clone()
        } else {
            format!("{}?{query}", self.path)
        }
    }
}
