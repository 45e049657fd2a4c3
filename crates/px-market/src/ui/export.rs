//! Lists as CSV (RFC 4180) and JSON, for spreadsheets and scripts.

use axum::response::{IntoResponse, Response};
use http::header;
use px_web::ui::ListQuery;
use serde_json::{Map, Value};

/// Rows of a list by column name, in the order of the columns.
pub(super) struct Export {
    /// Name of the file without its ending.
    pub name: &'static str,
    /// Names of the columns.
    pub columns: &'static [&'static str],
    /// One value per column.
    pub rows: Vec<Vec<Value>>,
}

impl Export {
    /// Whether the address asks for a file instead of a page.
    pub(super) fn wanted(query: &ListQuery) -> bool {
        matches!(query.get("format"), Some("csv" | "json"))
    }

    /// The file.
    pub(super) fn answer(self, query: &ListQuery) -> Response {
        let json = query.get("format") == Some("json");
        let (kind, ending) = if json {
            ("application/json", "json")
        } else {
            ("text/csv; charset=utf-8", "csv")
        };
        let disposition = format!("attachment; filename=\"{}.{ending}\"", self.name);
        let body = if json { self.json() } else { self.csv() };
        let headers = [
            (header::CONTENT_TYPE, kind.to_owned()),
            (header::CONTENT_DISPOSITION, disposition),
            (header::CACHE_CONTROL, "private, no-store".to_owned()),
        ];
        (headers, body).into_response()
    }

    fn json(self) -> String {
        let object = |row: Vec<Value>| {
            let names = self.columns.iter().map(|name| (*name).to_owned());
            Value::Object(names.zip(row).collect::<Map<_, _>>())
        };
        Value::Array(self.rows.into_iter().map(object).collect()).to_string()
    }

    fn csv(&self) -> String {
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

/// One cell; text that a spreadsheet would run as a formula is marked as text.
fn cell(value: &Value) -> String {
    let text = match value {
        Value::Null => return String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let formula = value.is_string() && text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if formula { format!("'{text}") } else { text };
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn cells_are_quoted_and_never_formulas() {
        let cells = [json!("a,\"b\""), json!("=1+1"), json!(-3), json!(null)];
        assert_eq!(
            cells.map(|c| cell(&c)),
            ["\"a,\"\"b\"\"\"", "'=1+1", "-3", ""]
        );
    }
}
