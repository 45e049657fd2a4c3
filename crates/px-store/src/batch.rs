//! Several statements asked for at once.

use crate::Val;

/// Statements that SQLite runs one after the other when it is asked once. They share one list of
/// values, so the numbers of their places are moved on.
#[derive(Default)]
pub(crate) struct Batch {
    pub(crate) text: String,
    pub(crate) vals: Vec<Val>,
}

impl Batch {
    /// Adds a statement.
    pub(crate) fn add(&mut self, sql: &str, vals: Vec<Val>) {
        let before = self.vals.len();
        if !self.text.is_empty() {
            self.text.push_str(";\n");
        }
        let mut parts = sql.split('$');
        self.text.push_str(parts.next().unwrap_or_default());
        for part in parts {
            let end = part.find(|c: char| !c.is_ascii_digit());
            let (number, rest) = part.split_at(end.unwrap_or(part.len()));
            self.text.push('$');
            match number.parse::<usize>() {
                Ok(number) => self.text.push_str(&(before + number).to_string()),
                Err(_) => self.text.push_str(number),
            }
            self.text.push_str(rest);
        }
        self.vals.extend(vals);
    }

    /// Adds one that is about many rows (see [`crate::Tx::exec_rows`]); none when there are none.
    pub(crate) fn add_rows(&mut self, sql: &str, rows: Vec<Vec<Val>>) {
        if !rows.is_empty() {
            let text = crate::tx::with_rows(sql, 0, &rows);
            self.add(&text, rows.into_iter().flatten().collect());
        }
    }
}
