//! Characters that nobody sees, or that turn the direction of text, in code (JS-05).

use super::View;
use super::text::{Language, language, locate};
use crate::catalogue::CheckId;
use crate::report::{Finding, Severity};
use crate::sink::Sink;
use std::ops::Range;

/// This many invisible characters in a row are data, not typography.
const RUN: usize = 4;
/// Places looked at in one window; far more than anybody reads.
const MAX_PLACES: usize = 1000;
/// Characters around a mark that count as its line.
const LINE: usize = 2000;

/// Looks for hidden characters in a window of code.
pub(crate) fn window(view: &View<'_>, text: &str, sink: &mut Sink) {
    let language = language(view.path);
    if text.is_ascii() {
        return;
    }
    for (range, what) in suspicious(text, language) {
        if !sink.room(CheckId::Js05) {
            sink.omit(CheckId::Js05);
            continue;
        }
        // Embeddings around Arabic or Hebrew words are typography, until a person finds that they are not.
        let severity = if typography(text, range.start) {
            Severity::Hold
        } else {
            Severity::Block
        };
        sink.add(
            Finding::new(
                CheckId::Js05,
                what,
                "remove the characters, or write them as escapes such as `\\u200b` where they are needed",
            )
            .at(locate(view, text, range.start, range.end))
            .code(&text.as_bytes()[range])
            .severity(severity),
        );
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Plain,
    /// Turns the direction of text (Trojan Source).
    Direction,
    /// Zero width, or drawn as nothing.
    Invisible,
    /// Chooses the form of the character before it; in a row they carry hidden bytes.
    Selector,
}

fn class(c: char) -> Class {
    match c {
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => Class::Direction,
        '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}' => Class::Selector,
        '\u{200b}'..='\u{200d}'
        | '\u{2060}'..='\u{2064}'
        | '\u{feff}'
        | '\u{180e}'
        | '\u{115f}'
        | '\u{1160}'
        | '\u{3164}'
        | '\u{ffa0}'
        | '\u{e0000}'..='\u{e007f}' => Class::Invisible,
        _ => Class::Plain,
    }
}

fn suspicious(text: &str, language: Language) -> Vec<(Range<usize>, String)> {
    let mut found = Vec::new();
    let mut run: Option<(Range<usize>, usize)> = None;
    let mut base = None;
    let code = matches!(
        language,
        Language::Script | Language::Markup | Language::Code
    );
    for (at, c) in text.char_indices() {
        let class = class(c);
        let end = at + c.len_utf8();
        if matches!(class, Class::Invisible | Class::Selector) && !is_mark(at, c) {
            let (range, count) = run.get_or_insert((at..at, 0));
            range.end = end;
            *count += 1;
        } else if let Some((range, count)) = run.take() {
            judge(
                &text[range.clone()],
                range,
                count,
                (base, Some(c)),
                code,
                &mut found,
            );
        }
        if found.len() >= MAX_PLACES {
            return found;
        }
        if class == Class::Plain {
            base = Some(c);
        }
        if class == Class::Direction && (code || !balanced(text, at, c)) {
            found.push((
                at..end,
                format!(
                    "the character {} turns the direction of the text around it",
                    name(c)
                ),
            ));
        }
    }
    if let Some((range, count)) = run {
        judge(
            &text[range.clone()],
            range,
            count,
            (base, None),
            code,
            &mut found,
        );
    }
    found
}

/// A byte order mark at the very beginning is only that.
const fn is_mark(at: usize, c: char) -> bool {
    at == 0 && c == '\u{feff}'
}

type Neighbours = (Option<char>, Option<char>);

fn judge(
    run: &str,
    range: Range<usize>,
    count: usize,
    near: Neighbours,
    code: bool,
    found: &mut Vec<(Range<usize>, String)>,
) {
    let flag =
        near.0 == Some('\u{1f3f4}') && run.chars().all(|c| matches!(c, '\u{e0000}'..='\u{e007f}'));
    if count >= RUN && !flag {
        found.push((range, format!("{count} invisible characters in a row")));
        return;
    }
    // Between letters of an ASCII word they make two names look like one; fillers are even letters of their own.
    let word =
        |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_' || c == '$');
    let filler = run
        .chars()
        .find(|c| matches!(c, '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}'));
    if let Some(filler) = filler.filter(|_| code) {
        found.push((
            range,
            format!(
                "the character {} is drawn as nothing and is valid in names",
                name(filler)
            ),
        ));
    } else if code
        && word(near.0)
        && word(near.1)
        && let Some(c) = run.chars().next()
    {
        found.push((
            range,
            format!("the character {} is hidden inside a word", name(c)),
        ));
    }
}

/// Isolates and embeddings that are closed on their line are how right-to-left text is written in data files.
fn balanced(text: &str, at: usize, c: char) -> bool {
    let closes = |c: char| matches!(c, '\u{202c}' | '\u{2069}');
    if closes(c) {
        return true;
    }
    text[at..]
        .chars()
        .take(LINE)
        .take_while(|c| *c != '\n')
        .any(closes)
        && !matches!(c, '\u{202d}' | '\u{202e}')
}

/// A pair of direction marks on one line, no override, with right-to-left letters between them.
fn typography(text: &str, at: usize) -> bool {
    let before = text[..at]
        .char_indices()
        .rev()
        .take(LINE)
        .take_while(|(_, c)| *c != '\n')
        .last();
    let line_start = before.map_or(at, |(i, _)| i);
    let after = text[at..]
        .char_indices()
        .take(LINE)
        .take_while(|(_, c)| *c != '\n')
        .last();
    let line = &text[line_start..after.map_or(at, |(i, c)| at + i + c.len_utf8())];
    let mark = |c: char| class(c) == Class::Direction;
    let at = at - line_start;
    let Some(c) = line[at..].chars().next().filter(|c| mark(*c)) else {
        return false;
    };
    let open = matches!(c, '\u{202a}' | '\u{202b}' | '\u{2066}'..='\u{2068}');
    let between = if open {
        line[at..].split(mark).nth(1)
    } else {
        line[..at]
            .rsplit(mark)
            .next()
            .filter(|before| before.len() < at)
    };
    let right_to_left = |c: char| matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}');
    !line.contains(['\u{202d}', '\u{202e}'])
        && between.is_some_and(|text| text.chars().any(right_to_left))
}

fn name(c: char) -> String {
    format!("U+{:04X}", u32::from(c))
}
