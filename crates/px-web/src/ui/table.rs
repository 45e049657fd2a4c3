//! Data tables: search, filters, sort, page size, export, all in the address.

use super::{Empty, ListQuery, icon, icon_sm};
use crate::html::Html;
use crate::i18n::T;
use askama::Template;

/// One column's head.
#[derive(Debug, Clone, Default)]
pub struct Column {
    label: String,
    sort: Option<&'static str>,
    number: bool,
}

impl Column {
    /// A column of text.
    #[must_use]
    pub fn new(label: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            ..Self::default()
        }
    }

    /// May be sorted by this key.
    #[must_use]
    pub const fn sort(mut self, key: &'static str) -> Self {
        self.sort = Some(key);
        self
    }

    /// Numbers: aligned at the end.
    #[must_use]
    pub const fn number(mut self) -> Self {
        self.number = true;
        self
    }
}

/// A choice above the table: field name, label and its options.
#[derive(Debug, Clone)]
pub struct Filter {
    name: &'static str,
    label: String,
    options: Vec<(String, String)>,
    unset: Option<String>,
}

impl Filter {
    /// A choice among `(value, word)`; "all" is added by itself.
    #[must_use]
    pub fn new(
        name: &'static str,
        label: impl Into<String>,
        options: Vec<(String, String)>,
    ) -> Self {
        Self {
            name,
            label: label.into(),
            options,
            unset: None,
        }
    }

    /// What no choice means, when that is not "all": an order, for example, is by name then.
    #[must_use]
    pub fn unset(mut self, word: impl Into<String>) -> Self {
        self.unset = Some(word.into());
        self
    }
}

/// One cell: ready markup, or text that is escaped (`"…".into()`).
pub type Cell = Html;

/// One row; on narrow screens it becomes a small card.
#[derive(Debug, Clone, Default)]
pub struct Row {
    cells: Vec<Cell>,
    id: String,
}

impl Row {
    /// A row with one cell per column.
    #[must_use]
    pub fn new(cells: impl IntoIterator<Item = Cell>) -> Self {
        Self {
            cells: cells.into_iter().collect(),
            id: String::new(),
        }
    }

    /// Id of the row's element, as a target for live updates.
    #[must_use]
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = id.into();
        self
    }

    /// A first cell of picture, linked title and a line below.
    #[must_use]
    pub fn lead(picture: &Html, title: &str, href: &str, line: &str) -> Cell {
        let (title, href, line) = (Html::text(title), Html::text(href), Html::text(line));
        let title = if href.is_empty() {
            format!("<strong>{title}</strong>")
        } else {
            format!(r#"<a href="{href}">{title}</a>"#)
        };
        let small = if line.is_empty() {
            String::new()
        } else {
            format!("<small>{line}</small>")
        };
        Html::trusted(format!(
            r#"<div class="px-cell">{picture}<div class="px-cell-text">{title}{small}</div></div>"#
        ))
    }
}

struct Head {
    label: String,
    class: &'static str,
    href: String,
    aria: &'static str,
    icon: Html,
}

struct Choice {
    name: &'static str,
    unset: String,
    label: String,
    options: Vec<(String, String, bool)>,
}

/// A table over a [`ListQuery`].
///
/// The data is already searched, filtered and sorted by whoever read it; the table shows it and
/// makes the links that change it.
#[derive(Template)]
#[template(path = "ui/table.html")]
pub struct Table<'a> {
    t: &'a T,
    query: &'a ListQuery,
    label: String,
    columns: Vec<Column>,
    rows: Vec<Row>,
    search: Option<String>,
    filters: Vec<Filter>,
    empty: Option<Empty>,
    next: Option<String>,
    total: Option<u64>,
    export: bool,
    default_limit: u32,
    foot: bool,
}

impl<'a> Table<'a> {
    /// An empty table; the label names it for screen readers.
    #[must_use]
    pub fn new(t: &'a T, query: &'a ListQuery, label: impl Into<String>) -> Self {
        Self {
            t,
            query,
            label: label.into(),
            columns: Vec::new(),
            rows: Vec::new(),
            search: None,
            filters: Vec::new(),
            empty: None,
            next: None,
            total: None,
            export: false,
            default_limit: 50,
            foot: true,
        }
    }

    /// Adds a column.
    #[must_use]
    pub fn column(mut self, column: Column) -> Self {
        self.columns.push(column);
        self
    }

    /// Adds rows.
    #[must_use]
    pub fn rows(mut self, rows: impl IntoIterator<Item = Row>) -> Self {
        self.rows.extend(rows);
        self
    }

    /// Shows a search field; the text says what it searches.
    #[must_use]
    pub fn search(mut self, hint: impl Into<String>) -> Self {
        self.search = Some(hint.into());
        self
    }

    /// Adds a filter.
    #[must_use]
    pub fn filter(mut self, filter: Filter) -> Self {
        self.filters.push(filter);
        self
    }

    /// What to say when there is nothing at all (not: nothing for these filters).
    #[must_use]
    pub fn empty(mut self, empty: Empty) -> Self {
        self.empty = Some(empty);
        self
    }

    /// Cursor of the next page.
    #[must_use]
    pub fn next(mut self, cursor: Option<String>) -> Self {
        self.next = cursor;
        self
    }

    /// How many rows there are in all.
    #[must_use]
    pub const fn total(mut self, total: u64) -> Self {
        self.total = Some(total);
        self
    }

    /// Offers the list as CSV and JSON (`format=csv`, `format=json` at the same address).
    #[must_use]
    pub const fn export(mut self) -> Self {
        self.export = true;
        self
    }

    /// Page size when the address names none (50 unless told).
    #[must_use]
    pub const fn page_size(mut self, rows: u32) -> Self {
        self.default_limit = rows;
        self
    }

    /// The markup; put it into a flush [`super::Card`].
    #[must_use]
    pub fn html(&self) -> Html {
        Html::render(self)
    }

    /// The markup without the line of counts and pages, for short lists.
    #[must_use]
    pub fn plain(mut self) -> Html {
        self.foot = false;
        self.html()
    }

    fn heads(&self) -> Vec<Head> {
        let now = self.query.sort();
        let heads = self.columns.iter().map(|column| {
            let class = if column.number { "px-num" } else { "" };
            let Some(key) = column.sort else {
                return Head {
                    label: column.label.clone(),
                    class,
                    href: String::new(),
                    aria: "",
                    icon: Html::default(),
                };
            };
            let (aria, name, next) = match now {
                Some((k, false)) if k == key => ("ascending", "arrow-up", format!("-{key}")),
                Some((k, true)) if k == key => ("descending", "arrow-down", key.to_owned()),
                _ => ("", "arrows-sort", key.to_owned()),
            };
            Head {
                label: column.label.clone(),
                class,
                href: self.query.with("sort", Some(&next)),
                aria,
                icon: icon_sm(name),
            }
        });
        heads.collect()
    }

    fn choices(&self) -> Vec<Choice> {
        let choices = self.filters.iter().map(|filter| {
            let chosen = self.query.get(filter.name);
            let options = filter
                .options
                .iter()
                .map(|(v, w)| (v.clone(), w.clone(), chosen == Some(v.as_str())));
            let unset = filter.unset.clone();
            Choice {
                name: filter.name,
                unset: unset.unwrap_or_else(|| self.t.t("table-all")),
                label: filter.label.clone(),
                options: options.collect(),
            }
        });
        choices.collect()
    }

    fn narrowed(&self) -> bool {
        self.query.q().is_some()
            || self
                .filters
                .iter()
                .any(|f| self.query.get(f.name).is_some())
    }

    fn kept(&self) -> Vec<(&str, &str)> {
        let mut names: Vec<&str> = self.filters.iter().map(|f| f.name).collect();
        names.extend(["q", "cursor", "format"]);
        self.query.pairs_except(&names)
    }

    fn cleared(&self) -> String {
        let mut changes: Vec<(&str, Option<&str>)> =
            self.filters.iter().map(|f| (f.name, None)).collect();
        changes.push(("q", None));
        self.query.with_all(&changes)
    }

    fn search_icon(&self) -> Html {
        icon("search")
    }

    fn sizes(&self) -> Vec<(u32, String, bool)> {
        let now = self.query.limit(self.default_limit);
        [25, 50, 100]
            .map(|n| (n, self.query.with("limit", Some(&n.to_string())), n == now))
            .to_vec()
    }

    fn next_href(&self) -> Option<String> {
        let cursor = self.next.as_deref()?;
        Some(self.query.with("cursor", Some(cursor)))
    }

    fn first_href(&self) -> Option<String> {
        self.query.cursor().map(|_| self.query.with("cursor", None))
    }

    fn count_words(&self) -> String {
        let shown = self
            .t
            .number(i64::try_from(self.rows.len()).unwrap_or(i64::MAX));
        match self.total {
            Some(total) => {
                let total = self.t.number(i64::try_from(total).unwrap_or(i64::MAX));
                let args = [("shown", shown.into()), ("total", total.into())];
                self.t.t_args("table-shown-of", &args)
            }
            None => self.t.t_args("table-shown", &[("shown", shown.into())]),
        }
    }

    fn nothing_found(&self) -> Html {
        Empty::new(
            "zoom-check",
            self.t.t("table-none-title"),
            self.t.t("table-none-text"),
        )
        .action(self.t.t("table-clear"), self.cleared())
        .html()
    }

    fn export_href(&self, format: &str) -> String {
        self.query.with("format", Some(format))
    }
}
