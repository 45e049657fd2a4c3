//! Lists as files: CSV (RFC 4180) and JSON, with the columns of the page.

use crate::ui::ListQuery;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};
use serde_json::{Map, Value};

/// A list as it leaves the house: machine names of the columns and one value per column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Export {
    name: String,
    columns: Vec<&'static str>,
    rows: Vec<Vec<Value>>,
}

impl Export {
    /// An empty export; the name becomes the file's.
    #[must_use]
    pub fn new(name: impl Into<String>, columns: Vec<&'static str>) -> Self {
        Self {
            name: name.into(),
            columns,
            rows: Vec::new(),
        }
    }

    /// Whether the address asks for a file (`format=csv` or `format=json`) instead of the page.
    #[must_use]
    pub fn wanted(query: &ListQuery) -> bool {
        matches!(query.get("format"), Some("csv" | "json"))
    }

    /// Adds a row.
    #[must_use]
    pub fn row(mut self, values: Vec<Value>) -> Self {
        self.rows.push(values);
        self
    }

    /// Adds rows.
    #[must_use]
    pub fn rows(mut self, rows: impl IntoIterator<Item = Vec<Value>>) -> Self {
        self.rows.extend(rows);
        self
    }

    /// The file the address asks for; CSV unless it says JSON.
    #[must_use]
    pub fn answer(&self, query: &ListQuery) -> Response {
        if query.get("format") == Some("json") {
            self.file("json", "application/json", self.json())
        } else {
            self.file("csv", "text/csv; charset=utf-8", self.csv())
        }
    }

    fn file(&self, ending: &str, kind: &'static str, body: String) -> Response {
        let safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let name: String = self.name.chars().filter(|c| safe(*c)).collect();
        let mut answer = ([(header::CONTENT_TYPE, kind)], body).into_response();
        let place = format!("attachment; filename=\"{name}.{ending}\"");
        if let Ok(value) = HeaderValue::from_str(&place) {
            answer
                .headers_mut()
                .insert(header::CONTENT_DISPOSITION, value);
        }
        answer
    }

    /// The rows as objects.
    #[must_use]
    pub fn json(&self) -> String {
        let object = |row: &Vec<Value>| {
            let pairs = self.columns.iter().zip(row);
            let pairs = pairs.map(|(k, v)| ((*k).to_owned(), v.clone()));
            Value::Object(pairs.collect::<Map<_, _>>())
        };
        Value::Array(self.rows.iter().map(object).collect()).to_string()
    }

    /// The rows as CSV with a head. Text that a spreadsheet would run as a formula is defused with
    /// an apostrophe.
    #[must_use]
    pub fn csv(&self) -> String {
        let mut out = self.columns.join(",");
        out.push_str("\r\n");
        for row in &self.rows {
            let cells: Vec<String> = row.iter().map(cell).collect();
            out.push_str(&cells.join(","));
            out.push_str("\r\n");
        }
        out
    }
}

fn cell(value: &Value) -> String {
    let text = match value {
        Value::Null => String::new(),
        Value::String(text) if text.starts_with(['=', '+', '-', '@', '\t', '\r']) => {
            format!("'{text}")
        }
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}
