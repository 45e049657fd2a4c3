//! Names that could be mistaken for another plugin's (MAN-06).

use super::Subject;
use crate::catalogue::CheckId;
use crate::report::Finding;
use crate::sink::Sink;

/// Shorter names than this differ by one letter too often by chance.
const SHORT: usize = 8;

pub(crate) fn check(subject: &Subject<'_>, sink: &mut Sink) {
    let check = CheckId::Man06;
    let Some(catalog) = &subject.context.catalog else {
        sink.missing(check, "no catalog was given to compare with");
        return;
    };
    sink.ran(check);
    let id = subject.manifest.id.as_str();
    if let Some(word) = mixed_script(&subject.manifest.name) {
        let seen = format!(
            "the word `{word}` in the plugin's name mixes alphabets whose letters look alike"
        );
        sink.add(Finding::new(check, seen, "write each word in one alphabet").in_field("name"));
    }
    // A name that is listed was looked at when it was new.
    if !catalog.versions(&subject.manifest.id).is_empty() {
        return;
    }
    let publisher = subject.context.publisher;
    let others = catalog.names();
    let others = others
        .iter()
        .filter(|n| n.publisher.is_none() || n.publisher != publisher);
    for other in others.filter(|n| n.plugin != subject.manifest.id) {
        if let Some(why) = alike(id, other.plugin.as_str()) {
            let seen = format!("`{id}` {why} the listed `{}`", other.plugin);
            sink.add(Finding::new(check, seen, "choose a clearly different name").in_field("id"));
        }
    }
}

/// How two different names resemble one another, if they do.
fn alike(a: &str, b: &str) -> Option<&'static str> {
    if skeleton(a) == skeleton(b) {
        return Some("looks the same as");
    }
    let words = |id: &str| {
        let mut words: Vec<String> = id.split(['.', '-', '_']).map(str::to_owned).collect();
        words.sort();
        words
    };
    if words(a) == words(b) {
        return Some("has the same words in another order as");
    }
    (a.len().min(b.len()) >= SHORT && one_edit(a.as_bytes(), b.as_bytes()))
        .then_some("differs by one letter from")
}

/// The name as a hurried reader sees it: separators gone, look-alike characters folded.
fn skeleton(id: &str) -> String {
    let folded: String = id
        .chars()
        .filter(|c| !matches!(c, '-' | '_' | '.'))
        .map(|c| match c {
            '0' => 'o',
            '1' | 'i' => 'l',
            '5' => 's',
            '3' => 'e',
            c => c,
        })
        .collect();
    folded
        .replace("rn", "m")
        .replace("vv", "w")
        .replace("cl", "d")
}

/// One insertion, deletion, replacement, or two neighbours exchanged.
fn one_edit(a: &[u8], b: &[u8]) -> bool {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    if long.len() - short.len() > 1 {
        return false;
    }
    let same = short.iter().zip(long).take_while(|(x, y)| x == y).count();
    let (s, l) = (&short[same..], &long[same..]);
    match (s, l) {
        // Versions of a family (`crm2`, `crm3`) are not tricks.
        ([x], [y]) | ([x, ..], [y, ..]) if x.is_ascii_digit() && y.is_ascii_digit() => false,
        ([], [y]) => !y.is_ascii_digit(),
        _ if s.len() < l.len() => *s == l[1..],
        ([x1, x2, xs @ ..], [y1, y2, ys @ ..]) if x1 == y2 && x2 == y1 && xs == ys => true,
        ([_, xs @ ..], [_, ys @ ..]) => xs == ys,
        _ => false,
    }
}

/// A word that holds letters of Latin and of Greek or Cyrillic.
fn mixed_script(name: &str) -> Option<&str> {
    let latin = |c: char| c.is_ascii_alphabetic();
    let alike = |c: char| matches!(c, '\u{370}'..='\u{3ff}' | '\u{400}'..='\u{52f}');
    name.split(|c: char| !c.is_alphanumeric())
        .find(|word| word.chars().any(latin) && word.chars().any(alike))
}
