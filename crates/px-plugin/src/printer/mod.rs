//! The only door to the terminal.
//!
//! Results go to standard output: one page for people, or one JSON document. Everything that happens
//! on the way goes to standard error, so that a pipe only ever sees the result.

mod bar;
mod excerpt;
mod page;
mod text;

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};

pub use bar::Bar;
pub use page::{Mark, Page};
pub use text::{Canvas, Text, Tone};

use crate::failure::Failure;
use crate::outcome::Outcome;

/// Form of the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Format {
    /// Text for people.
    #[default]
    Human,
    /// One JSON document.
    Json,
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Colour {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// How to talk.
#[derive(Debug, Clone, Copy, Default)]
pub struct Manner {
    /// Form of the result.
    pub format: Format,
    /// Only the result's essence and errors.
    pub quiet: bool,
    /// Colours.
    pub colour: Colour,
}

/// A stream shared with the progress bar.
pub(crate) struct Stream(Mutex<Box<dyn Write + Send>>);

impl Stream {
    fn write(&self, text: &str) -> io::Result<()> {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.write_all(text.as_bytes())?;
        inner.flush()
    }

    fn flush(&self) -> io::Result<()> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .flush()
    }
}

/// Writes results, progress and errors.
pub struct Printer {
    out: Stream,
    err: Arc<Stream>,
    out_canvas: Canvas,
    err_canvas: Canvas,
    err_columns: Option<u16>,
    manner: Manner,
}

impl Printer {
    /// Takes the streams. `variables` decide about colour and signs.
    pub fn new(
        manner: Manner,
        (out, out_columns): (Box<dyn Write + Send>, Option<u16>),
        (err, err_columns): (Box<dyn Write + Send>, Option<u16>),
        variables: &BTreeMap<String, String>,
    ) -> Self {
        let set = |name: &str| variables.get(name).is_some_and(|value| !value.is_empty());
        let plain = set("NO_COLOR") || variables.get("TERM").is_some_and(|term| term == "dumb");
        let unicode = speaks_unicode(variables);
        let canvas = |columns: Option<u16>| Canvas {
            columns: columns.map(usize::from),
            colour: match manner.colour {
                Colour::Auto => columns.is_some() && !plain,
                Colour::Always => true,
                Colour::Never => false,
            },
            unicode,
        };
        Self {
            out: Stream(Mutex::new(out)),
            err: Arc::new(Stream(Mutex::new(err))),
            out_canvas: canvas(out_columns),
            err_canvas: canvas(err_columns),
            err_columns: err_columns.filter(|_| !plain || !set("TERM")),
            manner,
        }
    }

    /// Whether help may use colour.
    #[must_use]
    pub const fn colour(&self) -> bool {
        self.out_canvas.colour
    }

    /// Whether people read along, so that things may be shown as they happen.
    #[must_use]
    pub fn is_human(&self) -> bool {
        self.manner.format == Format::Human && !self.manner.quiet
    }

    /// Prints a result and gives the exit code.
    pub fn outcome(&self, outcome: &Outcome) -> u8 {
        match self.manner {
            Manner {
                format: Format::Json,
                ..
            } => self.json(&outcome.document),
            Manner { quiet: true, .. } => {
                if let Some(line) = &outcome.essence {
                    self.text(&format!("{line}\n"));
                }
            }
            _ => self.page(&outcome.page),
        }
        outcome.exit
    }

    /// Prints a page on standard output at once, for commands that show things as they happen.
    pub fn page(&self, page: &Page) {
        self.text(&page.render(self.out_canvas));
    }

    /// Prints an error and gives the exit code.
    pub fn failure(&self, failure: &Failure) -> u8 {
        if self.manner.format == Format::Json {
            self.json(&failure_document(failure));
        } else {
            self.error(&failure_page(failure).render(self.err_canvas));
        }
        failure.exit
    }

    /// Says on standard error that a step is done or under way; nothing when quiet.
    pub fn step(&self, mark: Mark, text: impl Into<Text>) {
        if !self.manner.quiet {
            self.error(&Page::new().item(mark, text).render(self.err_canvas));
        }
    }

    /// A progress bar over `total` bytes of which `done` are through.
    #[must_use]
    pub fn bar(&self, total: u64, done: u64) -> Bar {
        match self.err_columns {
            Some(columns) if !self.manner.quiet => Bar::new(
                Arc::clone(&self.err),
                columns,
                self.err_canvas.unicode,
                total,
                done,
            ),
            _ => Bar::hidden(),
        }
    }

    /// Says that something is going on that takes a while; shown on a terminal only.
    #[must_use]
    pub fn busy(&self, words: &str) -> Bar {
        match self.err_columns {
            Some(columns) if !self.manner.quiet => Bar::busy(
                Arc::clone(&self.err),
                columns,
                self.err_canvas.unicode,
                words,
            ),
            _ => Bar::hidden(),
        }
    }

    /// Writes text on standard output as it is.
    pub fn text(&self, text: &str) {
        // A reader that went away (`| head`) is no error of ours, and there is nobody left to tell.
        let _ = self.out.write(text);
    }

    fn error(&self, text: &str) {
        let _ = self.err.write(text);
    }

    fn json(&self, document: &Value) {
        let text = serde_json::to_string_pretty(document).unwrap_or_default();
        self.text(&format!("{text}\n"));
    }
}

/// Marks outside ASCII are used unless the locale says that it cannot show them.
fn speaks_unicode(variables: &BTreeMap<String, String>) -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .find_map(|name| variables.get(name).filter(|value| !value.is_empty()));
    locale.is_none_or(|value| {
        let value = value.to_ascii_uppercase();
        value.contains("UTF-8") || value.contains("UTF8")
    })
}

fn failure_document(failure: &Failure) -> Value {
    let place = failure.excerpt.as_ref().map(
        |excerpt| json!({ "file": excerpt.name, "line": excerpt.line, "column": excerpt.column }),
    );
    let mut problem = serde_json::to_value(&failure.problem).unwrap_or_default();
    if let Some(map) = problem.as_object_mut() {
        map.insert("remedy".to_owned(), json!(failure.remedy));
        if let Some(place) = place {
            map.insert("place".to_owned(), place);
        }
    }
    json!({ "problem": problem })
}

fn failure_page(failure: &Failure) -> Page {
    let problem = &failure.problem;
    let code = Text::toned(Tone::Bad, format!("error {}:", problem.code));
    // The title of a usage error says nothing that its detail does not say better.
    let bare = problem.code == px_api::Code::Usage.as_str() && !problem.detail.is_empty();
    let mut page = if bare {
        Page::new().item(Mark::Bad, code.plain(format!(" {}", problem.detail)))
    } else {
        let detail = Some(Text::from(problem.detail.as_str())).filter(|text| !text.is_empty());
        let title = code.plain(format!(" {}", problem.title));
        Page::new().detailed(Mark::Bad, title, detail.into_iter().collect())
    };
    for error in &problem.errors {
        page = page.join(field_page(error));
    }
    if let Some(excerpt) = &failure.excerpt {
        page = page.excerpt((**excerpt).clone());
    }
    if let Some(current) = &problem.current {
        page = page.line(Text::toned(Tone::Dim, "now:").plain(format!(" {}", plain_json(current))));
    }
    if !failure.remedy.is_empty() {
        page = page.line(Text::toned(Tone::Code, "help:").plain(format!(" {}", failure.remedy)));
    }
    if let Some(id) = &problem.request_id {
        page = page.line(Text::toned(Tone::Dim, format!("request {id}")));
    }
    page
}

/// One offending field: place, what is wrong, how to mend it.
fn field_page(error: &px_api::FieldError) -> Page {
    let named = error.detail.contains(&error.pointer);
    let place = if named {
        String::new()
    } else {
        format!("{}: ", error.pointer)
    };
    let head = Text::toned(Tone::Strong, place).plain(error.detail.as_str());
    let remedy = Text::toned(Tone::Dim, "fix:").plain(format!(" {}", error.remedy));
    Page::new().detailed(Mark::Bad, head, vec![remedy])
}

/// A flat object as `name value, name value`.
fn plain_json(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let pairs: Vec<_> = map
                .iter()
                .map(|(k, v)| format!("{k} {}", plain_json(v)))
                .collect();
            pairs.join(", ")
        }
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
