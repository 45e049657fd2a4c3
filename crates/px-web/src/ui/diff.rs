//! What changed between two texts, line by line.

use crate::html::Html;
use crate::i18n::T;
use askama::Template;
use similar::{ChangeTag, TextDiff};

/// Most lines a view shows; more are counted and left out.
const MAX_LINES: usize = 2000;
/// Unchanged lines kept around a change.
const CONTEXT: usize = 3;

/// One line of a diff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiffLine {
    kind: &'static str,
    old: Option<usize>,
    new: Option<usize>,
    text: String,
}

impl DiffLine {
    const fn sign(&self) -> &'static str {
        match self.kind.as_bytes() {
            b"add" => "+",
            b"del" => "−",
            _ => "",
        }
    }

    fn number(n: Option<&usize>) -> String {
        n.map(ToString::to_string).unwrap_or_default()
    }
}

/// A diff of one file.
#[derive(Debug, Clone, Template)]
#[template(
    ext = "html",
    source = r#"<div class="px-diff"><div class="px-diff-head"><span class="px-mono">{{ name }}</span><span class="px-nowrap"><span class="px-ok">+{{ added }}</span> <span class="px-danger">−{{ removed }}</span></span></div><div class="px-scroll" tabindex="0"><table><caption class="px-sr">{{ label }} {{ name }}</caption><tbody>{% for line in lines %}<tr data-line="{{ line.kind }}"><td class="px-ln">{{ DiffLine::number(line.old.as_ref()) }}</td><td class="px-ln">{{ DiffLine::number(line.new.as_ref()) }}</td><td class="px-sign">{{ line.sign() }}</td><td>{{ line.text }}</td></tr>{% endfor %}</tbody></table></div></div>"#
)]
pub struct Diff {
    name: String,
    label: String,
    added: usize,
    removed: usize,
    lines: Vec<DiffLine>,
}

impl Diff {
    /// Compares two texts.
    #[must_use]
    pub fn between(t: &T, name: &str, old: &str, new: &str) -> Self {
        let diff = TextDiff::from_lines(old, new);
        let mut this = Self {
            name: name.to_owned(),
            label: t.t("diff-label"),
            added: 0,
            removed: 0,
            lines: Vec::new(),
        };
        for (i, group) in diff.grouped_ops(CONTEXT).iter().enumerate() {
            if i > 0 {
                this.push("gap", None, None, "⋯");
            }
            for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
                let kind = match change.tag() {
                    ChangeTag::Equal => "same",
                    ChangeTag::Insert => "add",
                    ChangeTag::Delete => "del",
                };
                this.added += usize::from(kind == "add");
                this.removed += usize::from(kind == "del");
                let (old, new) = (change.old_index(), change.new_index());
                this.push(
                    kind,
                    old,
                    new,
                    change.value().trim_end_matches(['\n', '\r']),
                );
            }
        }
        this
    }

    fn push(&mut self, kind: &'static str, old: Option<usize>, new: Option<usize>, text: &str) {
        match self.lines.len() {
            0..MAX_LINES => self.lines.push(DiffLine {
                kind,
                old: old.map(|n| n + 1),
                new: new.map(|n| n + 1),
                text: text.to_owned(),
            }),
            MAX_LINES => self.lines.push(DiffLine {
                kind: "gap",
                old: None,
                new: None,
                text: "⋯".to_owned(),
            }),
            _ => {}
        }
    }

    /// Whether nothing changed.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.added == 0 && self.removed == 0
    }

    /// The markup.
    #[must_use]
    pub fn html(&self) -> Html {
        Html::render(self)
    }
}
